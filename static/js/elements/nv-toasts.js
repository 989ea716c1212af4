// Messages in the corner, read out by screen readers; they leave by themselves unless pointed at.

import { make } from "novate/dom";
import { onToast } from "novate/toast";

const STAY_MS = { good: 5_000, note: 5_000, warn: 9_000, bad: 12_000 };
const MOST = 4;

class Toasts extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = onToast((message) => this.#show(message));
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show({ kind, title, detail }) {
    const close = make("button", { type: "button", "aria-label": "Dismiss", onclick: () => box.remove() }, "×");
    const box = make("div", { class: "toast", dataset: { kind } }, make("b", {}, title), close, make("p", {}, detail));
    const leave = () => (box.matches(":hover") ? setTimeout(leave, 2_000) : box.remove());
    setTimeout(leave, STAY_MS[kind]);
    this.append(box);
    while (this.children.length > MOST) this.firstChild.remove();
  }
}

customElements.define("nv-toasts", Toasts);
