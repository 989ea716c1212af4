// Closes every position at market; asks once more before it does.

import { account } from "novate/account";
import { shortcuts } from "novate/shortcuts";

class CloseAll extends HTMLElement {
  #stops = [];

  connectedCallback() {
    this.#button.addEventListener("click", this.#click);
    this.#stops = [
      account.watch(() => { this.#button.disabled = account.positions.size === 0; }, "positions"),
      shortcuts.register("Orders and positions", [{ keys: "Alt+X", words: "Close all positions, after a question", act: this.#click }]),
    ];
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#click);
    this.#stops.forEach((stop) => stop());
  }

  get #button() { return this.querySelector("button"); }

  #click = async () => {
    if (account.positions.size === 0 || document.querySelector("dialog[open]")) return;
    const { askCloseAll } = await import("novate/position-actions");
    await askCloseAll();
  };
}

customElements.define("nv-close-all", CloseAll);
