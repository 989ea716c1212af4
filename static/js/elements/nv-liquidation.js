// One's own liquidation, always in sight: why, what is being done, every step, how it ended.

import { make, text } from "novate/dom";
import { explained, headingOf, stepInWords } from "novate/liquidation-words";
import { liquidations } from "novate/liquidations";

const DISMISSED = "liquidation.read";

class Liquidation extends HTMLElement {
  #stop = null;
  #turn = 0;

  connectedCallback() {
    this.querySelector("button").addEventListener("click", this.#dismiss);
    this.#stop = liquidations.watch(() => this.#show());
  }

  disconnectedCallback() {
    this.querySelector("button").removeEventListener("click", this.#dismiss);
    this.#stop?.();
  }

  #dismiss = () => {
    localStorage.setItem(DISMISSED, String(liquidations.latest?.id));
    this.hidden = true;
  };

  async #show() {
    const { latest, stage } = liquidations;
    const isRead = latest && localStorage.getItem(DISMISSED) === String(latest.id);
    if (!latest || isRead) { this.hidden = true; return; }
    const turn = ++this.#turn;
    const steps = await Promise.all(latest.steps.map(stepInWords));
    if (turn !== this.#turn) return;
    const isOver = latest.outcome !== "under_way";
    text(this.querySelector("b"), headingOf(latest));
    text(this.querySelector("p"), explained(latest, stage).join(" "));
    const list = this.querySelector("ol");
    list.replaceChildren(...steps.map((words) => make("li", {}, words)));
    text(this.querySelector("summary"), steps.length === 1 ? "1 step" : `${steps.length} steps`);
    this.querySelector("details").hidden = steps.length === 0;
    this.querySelector("button").hidden = !isOver;
    this.dataset.state = isOver ? "over" : "under-way";
    this.hidden = false;
  }
}

customElements.define("nv-liquidation", Liquidation);
