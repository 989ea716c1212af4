// Dark or light, remembered.

import { setTheme, theme } from "novate/theme";

class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#turn);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#turn);
  }

  #turn = () => setTheme(theme() === "dark" ? "light" : "dark");
}

customElements.define("nv-theme", ThemeToggle);
