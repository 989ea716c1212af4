// The index beside the API reference: search, and where the reader is.

import { attribute } from "novate/dom";

const NARROW = matchMedia("(max-width: 760px)");

class Docs extends HTMLElement {
  #watcher = null;
  #links = new Map();

  connectedCallback() {
    this.#search.addEventListener("input", this.#filter);
    document.addEventListener("keydown", this.#onKey);
    this.#index.addEventListener("click", this.#onChoice);
    if (NARROW.matches) this.#index.open = false;
    for (const link of this.#index.querySelectorAll('nav a[href^="#"]')) this.#links.set(link.hash.slice(1), link);
    this.#watcher = new IntersectionObserver(() => this.#seen(), { rootMargin: "0px 0px -75% 0px" });
    for (const method of this.querySelectorAll(".docs-method, #conventions")) this.#watcher.observe(method);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
    document.removeEventListener("keydown", this.#onKey);
  }

  get #search() { return this.querySelector("#docs-search"); }

  get #index() { return this.querySelector(".docs-index"); }

  // Every word has to stand somewhere in the name, the summary or a parameter.
  #filter = () => {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const item of this.querySelectorAll("[data-search]")) {
      item.hidden = !words.every((word) => item.dataset.search.includes(word));
      found += item.hidden ? 0 : 1;
    }
    for (const group of this.querySelectorAll("[data-group]")) {
      group.hidden = group.querySelector("[data-search]:not([hidden])") === null;
    }
    this.querySelector(".docs-none").hidden = found > 0;
  };

  #onKey = (event) => {
    const isTyping = event.target.matches("input, textarea, select");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#index.open = true;
      this.#search.focus();
    } else if (event.key === "Escape" && event.target === this.#search) {
      this.#search.value = "";
      this.#filter();
    }
  };

  #onChoice = (event) => {
    if (NARROW.matches && event.target.closest("nav a")) this.#index.open = false;
  };

  // The reader is at the last method that begins above a quarter of the window.
  #seen() {
    const here = [...this.querySelectorAll(".docs-method:not([hidden]), #conventions")]
      .filter((method) => method.getBoundingClientRect().top < innerHeight / 4).at(-1);
    const link = here && this.#links.get(here.id);
    if (!link) return;
    for (const other of this.#links.values()) attribute(other, "aria-current", other === link ? "true" : null);
    if (!NARROW.matches && !this.#index.matches(":hover")) link.scrollIntoView({ block: "nearest" });
  }
}

customElements.define("nv-docs", Docs);
