// A text and a button that copies it; where the browser forbids that, the text is selected.

import { text } from "novate/dom";

const SHOWN_MS = 2_000;

class Copy extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#button.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#click);
    clearTimeout(this.#timer);
  }

  get #button() { return this.querySelector("button"); }

  #click = async () => {
    const code = this.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      text(this.#button, "Copied");
    } catch {
      getSelection().selectAllChildren(code);
      text(this.#button, "Selected");
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => text(this.#button, "Copy"), SHOWN_MS);
  };
}

customElements.define("nv-copy", Copy);
