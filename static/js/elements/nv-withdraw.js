// Asks for money back: held at once, paid by the operator.

import { account } from "novate/account";
import { readAmount } from "novate/amount";
import { Decimal } from "novate/decimal";
import { attribute, text } from "novate/dom";
import { number } from "novate/format";
import { errorInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { toast } from "novate/toast";

class Withdraw extends HTMLElement {
  connectedCallback() {
    this.querySelector("form").onsubmit = (event) => this.#submit(event);
    this.querySelector("[name=all]").onclick = () => { this.#input.value = number(this.#most ?? 0, 6); };
    this.#input.oninput = () => this.#say("");
  }

  get #input() { return this.querySelector("input"); }
  get #most() { return Decimal.from(account.summary?.available_withdrawal_funds ?? null); }

  async #submit(event) {
    event.preventDefault();
    const { value, problem } = readAmount(this.#input, this.#most);
    if (problem) return this.#say(problem);
    const button = this.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const params = { currency: "USDC", amount: value, address: "operator", idempotency_key: crypto.randomUUID() };
      await stream.call("private/withdraw", params, { isWrite: true });
      this.#input.value = "";
      toast("good", "Withdrawal asked for", `${number(value, 2)} USDC are held until the operator has paid them.`);
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

customElements.define("nv-withdraw", Withdraw);
