// Moves money between accounts of one's own, at once.

import { account } from "novate/account";
import { readAmount } from "novate/amount";
import { freeFunds } from "novate/own-accounts";
import { attribute, text } from "novate/dom";
import { number } from "novate/format";
import { errorInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { toast } from "novate/toast";

class Transfer extends HTMLElement {
  connectedCallback() {
    this.querySelector("form").onsubmit = (event) => this.#submit(event);
    this.querySelector("[name=all]").onclick = async () => { this.#input.value = number(await freeFunds(this.#source.value) ?? 0, 6); };
    this.#input.oninput = () => this.#say("");
    this.#source.onchange = this.#target.onchange = () => this.#say("");
    const other = [...this.#target.options].find((option) => option.value !== this.#source.value);
    if (other) this.#target.value = other.value;
  }

  get #input() { return this.querySelector("input"); }
  get #source() { return this.querySelector("[name=source]"); }
  get #target() { return this.querySelector("[name=target]"); }

  async #submit(event) {
    event.preventDefault();
    const [source, target] = [Number(this.#source.value), Number(this.#target.value)];
    if (source === target) return this.#say("Choose two different accounts.");
    const { value, problem } = readAmount(this.#input, await freeFunds(this.#source.value));
    if (problem) return this.#say(problem);
    const button = this.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const params = { currency: "USDC", amount: value, source, destination: target, idempotency_key: crypto.randomUUID() };
      await stream.call("private/submit_transfer_between_subaccounts", params, { isWrite: true });
      this.#input.value = "";
      toast("good", "Funds moved", `${number(value, 2)} USDC are in ${this.#target.selectedOptions[0].textContent}.`);
      account.reload();
    } catch (error) {
      this.#say(errorInWords(error));
    }
    button.disabled = false;
    return undefined;
  }

  #say(problem) {
    text(this.querySelector(".errorlist"), problem);
    attribute(this.querySelector(".field"), "data-invalid", problem !== "");
    attribute(this.#input, "aria-invalid", problem ? "true" : null);
  }
}

customElements.define("nv-transfer", Transfer);
