// On a phone the desk is one panel at a time; the ticket slides up over it.

import { attribute } from "novate/dom";

class Phone extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#click);
    addEventListener("keydown", this.#escape);
    addEventListener("pick-price", this.#openSheet);
    this.#desk.addEventListener("click", this.#outside);
    this.#show("chart");
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    removeEventListener("keydown", this.#escape);
    removeEventListener("pick-price", this.#openSheet);
    this.#desk.removeEventListener("click", this.#outside);
  }

  get #desk() { return document.querySelector(".desk"); }
  get #isOpen() { return this.#desk.hasAttribute("data-sheet"); }

  #click = ({ target }) => {
    const name = target.closest("button")?.value;
    if (name === "trade") this.#sheet(!this.#isOpen);
    else if (name) this.#show(name);
  };

  #escape = ({ key }) => {
    if (key === "Escape" && this.#isOpen) this.#sheet(false);
  };

  #outside = ({ target }) => {
    const isHandle = target.closest(".sheet-handle");
    if (this.#isOpen && (isHandle || target === this.#desk)) this.#sheet(false);
  };

  #openSheet = () => this.#sheet(true);

  #show(view) {
    attribute(this.#desk, "data-view", view);
    this.#sheet(false);
  }

  #sheet(isOpen) {
    attribute(this.#desk, "data-sheet", isOpen);
    const chosen = isOpen ? "trade" : this.#desk.dataset.view;
    for (const button of this.querySelectorAll("button")) {
      attribute(button, "aria-selected", String(button.value === chosen));
    }
  }
}

customElements.define("nv-phone", Phone);
