// One button: test funds on a demo venue.

import { takeTestFunds } from "novate/orders";

class Fund extends HTMLElement {
  connectedCallback() {
    this.#button.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#click);
  }

  get #button() { return this.querySelector("button"); }

  #click = async () => {
    this.#button.disabled = true;
    if (await takeTestFunds()) this.dispatchEvent(new CustomEvent("funded", { bubbles: true }));
    this.#button.disabled = false;
  };
}

customElements.define("nv-fund", Fund);
