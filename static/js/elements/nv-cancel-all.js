// Takes every open order off the book; asks once more before it does.

import { account } from "novate/account";
import { ask } from "novate/dialog";
import { cancelAll } from "novate/orders";
import { shortcuts } from "novate/shortcuts";

class CancelAll extends HTMLElement {
  #stops = [];

  connectedCallback() {
    this.#button.addEventListener("click", this.#click);
    this.#stops = [
      account.watch(() => { this.#button.disabled = account.orders.size === 0; }, "orders"),
      shortcuts.register("Orders and positions", [{ keys: "Alt+C", words: "Cancel all orders, after a question", act: this.#click }]),
    ];
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#click);
    this.#stops.forEach((stop) => stop());
  }

  get #button() { return this.querySelector("button"); }

  #click = async () => {
    const count = account.orders.size;
    if (count === 0 || document.querySelector("dialog[open]")) return;
    const words = count === 1 ? "1 open order" : `all ${count} open orders`;
    const lines = ["Orders that wait for a trigger are among them, exits of positions too."];
    if (await ask({ title: `Cancel ${words}?`, lines, action: "Cancel all", tone: "danger" })) await cancelAll();
  };
}

customElements.define("nv-cancel-all", CancelAll);
