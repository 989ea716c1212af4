// Takes every open order off the book; asks once more before it does.

import { account } from "novate/account";
import { text } from "novate/dom";
import { cancelAll } from "novate/orders";

const PATIENCE_MS = 3_000;

class CancelAll extends HTMLElement {
  #stop = null;
  #asked = 0;

  connectedCallback() {
    this.#button.addEventListener("click", this.#click);
    this.#stop = account.watch(() => { this.#button.disabled = account.orders.size === 0; }, "orders");
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#click);
    this.#stop?.();
  }

  get #button() { return this.querySelector("button"); }

  #click = async () => {
    if (!this.#asked) {
      this.#asked = setTimeout(() => this.#forget(), PATIENCE_MS);
      text(this.#button, `Cancel ${account.orders.size}: press again`);
      return;
    }
    this.#forget();
    await cancelAll();
  };

  #forget() {
    clearTimeout(this.#asked);
    this.#asked = 0;
    text(this.#button, "Cancel all");
  }
}

customElements.define("nv-cancel-all", CancelAll);
