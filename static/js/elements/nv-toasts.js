// Messages in the corner, read out by screen readers; they leave by themselves unless pointed at
// or focused. A liquidation is read out at once; its banner stays until it is put away.

import { make } from "novate/dom";
import { onToast } from "novate/toast";

const STAY_MS = { good: 5_000, note: 5_000, warn: 9_000, bad: 12_000, liquidation: 20_000 };
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
    const role = kind === "liquidation" ? "alert" : null;
    const box = make("div", { class: "toast", dataset: { kind }, role }, make("b", {}, title), close, make("p", {}, detail));
    const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, 2_000) : box.remove());
    setTimeout(leave, STAY_MS[kind]);
    this.append(box);
    while (this.children.length > MOST) this.firstChild.remove();
  }
}

customElements.define("nv-toasts", Toasts);
