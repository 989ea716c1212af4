// Moves money between accounts of one's own, at once.

import { AmountForm } from "novate/amount-form";
import { freeFunds } from "novate/own-accounts";

class Transfer extends AmountForm {
  connectedCallback() {
    super.connectedCallback();
    this.#source.onchange = this.#target.onchange = () => this.say("");
    const other = [...this.#target.options].find((option) => option.value !== this.#source.value);
    if (other) this.#target.value = other.value;
  }

  get #source() { return this.querySelector("[name=source]"); }
  get #target() { return this.querySelector("[name=target]"); }

  most() { return freeFunds(this.#source.value); }

  problem() { return this.#source.value === this.#target.value ? "Choose two different accounts." : ""; }

  command() {
    const params = { source: Number(this.#source.value), destination: Number(this.#target.value) };
    return { method: "private/submit_transfer_between_subaccounts", params };
  }

  moved(amount) { return ["Funds moved", `${amount} USDC are in ${this.#target.selectedOptions[0].textContent}.`]; }
}

customElements.define("nv-transfer", Transfer);
