// On a phone the desk is one panel at a time; the ticket slides up over it, and down again by its handle.

import { attribute } from "novate/dom";

const SWIPE = 40;

class Phone extends HTMLElement {
  #stop = new AbortController();

  connectedCallback() {
    const { signal } = this.#stop;
    this.addEventListener("click", this.#click, { signal });
    this.addEventListener("keydown", this.#key, { signal });
    addEventListener("keydown", this.#escape, { signal });
    addEventListener("pick-price", () => this.#sheet(true), { signal });
    this.#desk.addEventListener("click", this.#outside, { signal });
    this.#handle.addEventListener("pointerdown", this.#swipe, { signal });
    this.#show("chart");
  }

  disconnectedCallback() {
    this.#stop.abort();
  }

  get #desk() { return document.querySelector(".desk"); }
  get #handle() { return document.querySelector(".sheet-handle"); }
  get #tabs() { return [...this.querySelectorAll("button")]; }
  get #isOpen() { return this.#desk.hasAttribute("data-sheet"); }

  #click = ({ target }) => {
    const name = target.closest("button")?.value;
    if (name === "trade") this.#sheet(!this.#isOpen);
    else if (name) this.#show(name);
  };

  #key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = this.#tabs.at((this.#tabs.indexOf(event.target) + step) % this.#tabs.length);
    next.focus();
    next.click();
  };

  #escape = ({ key }) => {
    if (key === "Escape" && this.#isOpen) this.#sheet(false);
  };

  #outside = ({ target }) => {
    const isHandle = target.closest(".sheet-handle");
    if (this.#isOpen && (isHandle || target === this.#desk)) this.#sheet(false);
  };

  #swipe = (event) => {
    const drop = ({ clientY }) => {
      if (this.#isOpen && clientY - event.clientY > SWIPE) this.#sheet(false);
    };
    this.#handle.setPointerCapture(event.pointerId);
    this.#handle.addEventListener("pointerup", drop, { once: true });
  };

  #show(view) {
    attribute(this.#desk, "data-view", view);
    this.#sheet(false);
  }

  #sheet(isOpen) {
    attribute(this.#desk, "data-sheet", isOpen);
    const chosen = isOpen ? "trade" : this.#desk.dataset.view;
    for (const tab of this.#tabs) {
      attribute(tab, "aria-selected", String(tab.value === chosen));
      attribute(tab, "tabindex", tab.value === chosen ? 0 : -1);
    }
  }
}

customElements.define("nv-phone", Phone);
