// Messages in the corner, read out by screen readers; they leave by themselves unless pointed at
// or focused. A liquidation is read out at once; its banner stays until it is put away, so of
// liquidations only the newest message stands here.

import { make } from "novate/dom";
import { isShown, tellDesktop } from "novate/notice-settings";
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

  #show(message) {
    const { kind, title, detail } = message;
    tellDesktop(message);
    if (!isShown(kind)) return;
    if (kind === "liquidation") for (const earlier of this.querySelectorAll('[data-kind="liquidation"]')) earlier.remove();
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
