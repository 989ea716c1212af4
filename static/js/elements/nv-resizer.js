// The edge of the bottom panel: drag it, or move it with the arrow keys. Remembered.

import { attribute } from "novate/dom";

const LEAST = 120;
const STEP = 24;
const KEY = "trade.bottom";

class Resizer extends HTMLElement {
  connectedCallback() {
    const saved = Number(localStorage.getItem(KEY));
    if (saved) this.#resize(saved);
    this.addEventListener("pointerdown", this.#grab);
    this.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    this.removeEventListener("pointerdown", this.#grab);
    this.removeEventListener("keydown", this.#key);
  }

  #grab = (event) => {
    event.preventDefault();
    this.setPointerCapture(event.pointerId);
    const from = event.clientY + this.parentElement.clientHeight;
    const move = ({ clientY }) => this.#resize(from - clientY);
    const drop = () => this.removeEventListener("pointermove", move);
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", drop, { once: true });
  };

  #key = ({ key }) => {
    const step = { ArrowUp: STEP, ArrowDown: -STEP }[key];
    if (step) this.#resize(this.parentElement.clientHeight + step);
  };

  #resize(height) {
    const most = Math.max(LEAST, innerHeight - 420);
    const bounded = Math.round(Math.min(most, Math.max(LEAST, height)));
    document.documentElement.style.setProperty("--bottom", `${bounded}px`);
    attribute(this, "aria-valuenow", bounded);
    localStorage.setItem(KEY, String(bounded));
  }
}

customElements.define("nv-resizer", Resizer);
