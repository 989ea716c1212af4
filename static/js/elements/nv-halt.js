// Says that a market can not be traded as usual, and why; hidden while it can.

import { text } from "novate/dom";
import { haltWords, operatorsWords } from "novate/halts";
import { stateOf, watchTicker } from "novate/markets";

class Halt extends HTMLElement {
  #stop = null;
  #state = "open";

  connectedCallback() {
    this.#stop = watchTicker(this.getAttribute("contract"), (ticker) => {
      if (stateOf(ticker) !== this.#state) this.#changed(ticker);
    });
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  async #changed(ticker) {
    this.#state = stateOf(ticker);
    this.#say(haltWords(ticker));
    if (this.#state !== "halted") return;
    const words = await operatorsWords(ticker.instrument_name);
    if (words && this.#state === "halted") this.#say(words);
  }

  #say(words) {
    text(this, words ?? "");
    Object.assign(this, { title: words ?? "", hidden: words === null });
  }
}

customElements.define("nv-halt", Halt);
