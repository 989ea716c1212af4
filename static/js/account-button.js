// A button, and its key, over everything of a kind that the account holds: dead while there is
// nothing, and never a second question on top of one.

import { account } from "novate/account";
import { errorInWords } from "novate/reasons";
import { shortcuts } from "novate/shortcuts";
import { toast } from "novate/toast";

// kind: "orders" or "positions". act(count) asks before it does anything.
export function accountButton({ kind, keys, words, act }) {
  return class extends HTMLElement {
    #stops = [];

    connectedCallback() {
      const button = this.querySelector("button");
      const press = () => {
        const count = account[kind].size;
        if (count === 0 || document.querySelector("dialog[open]")) return;
        act(count).catch((error) => toast("bad", `${button.textContent}: not done`, errorInWords(error)));
      };
      button.addEventListener("click", press);
      this.#stops = [
        () => button.removeEventListener("click", press),
        account.watch(() => { button.disabled = account[kind].size === 0; }, kind),
        shortcuts.register("Orders and positions", [{ keys, words, act: press }]),
      ];
    }

    disconnectedCallback() {
      this.#stops.forEach((stop) => stop());
    }
  };
}
