// A form that moves an amount of money: it is read, sent once, and what is wrong with it stands
// beside the field. An element of this kind says how much may move and where to.

import { account } from "novate/account";
import { readAmount } from "novate/amount";
import { attribute, text } from "novate/dom";
import { number } from "novate/format";
import { errorInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { toast } from "novate/toast";
import { newKey } from "novate/writes";

const PLACES = 6;
const UNKNOWN = "The answer was lost with the connection. Press again: it is done once, whether it was done before or not.";

export class AmountForm extends HTMLElement {
  #unanswered = null;

  connectedCallback() {
    this.querySelector("form").onsubmit = (event) => this.#submit(event);
    this.querySelector("[name=all]").onclick = async () => { this.#input.value = number((await this.most()) ?? 0, PLACES); };
    this.#input.oninput = () => this.say("");
  }

  // A Decimal, or null where this account may not know it.
  async most() { return null; }

  // What is wrong with the rest of the form, in words.
  problem() { return ""; }

  // { method, params } of the command that moves the amount.
  command() { throw new Error("an AmountForm without a command"); }

  // The title and the words of the message that tells that it has moved.
  moved() { throw new Error("an AmountForm without words"); }

  say(problem) {
    text(this.querySelector(".errorlist"), problem);
    attribute(this.querySelector(".field"), "data-invalid", problem !== "");
    attribute(this.#input, "aria-invalid", problem ? "true" : null);
  }

  // The same, pressed again after an answer was lost, is the same command: it is done once.
  async #send(value) {
    const { method, params } = this.command();
    const terms = { currency: "USDC", amount: value, ...params };
    const words = JSON.stringify([method, terms]);
    if (this.#unanswered?.words !== words) this.#unanswered = { words, key: newKey() };
    try {
      await stream.call(method, { ...terms, idempotency_key: this.#unanswered.key }, { isWrite: true });
      this.#unanswered = null;
    } catch (error) {
      if (!error.unknown) this.#unanswered = null;
      throw error;
    }
  }

  get #input() { return this.querySelector("input"); }

  async #submit(event) {
    event.preventDefault();
    const elsewhere = this.problem();
    if (elsewhere) return this.say(elsewhere);
    const button = this.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const { value, problem } = readAmount(this.#input, await this.most());
      if (problem) return this.say(problem);
      await this.#send(value);
      this.#input.value = "";
      toast("good", ...this.moved(number(value, 2)));
      account.reload();
    } catch (error) {
      this.say(error.unknown ? UNKNOWN : errorInWords(error));
    } finally {
      button.disabled = false;
    }
    return undefined;
  }
}
