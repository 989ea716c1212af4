// Find a market: Ctrl-K or a click; type, arrows, Enter. Starred markets stand first and are remembered.
//
// Focus stays in the field; the row that Enter opens is told by aria-activedescendant.

import { text } from "novate/dom";
import { contracts } from "novate/markets";
import { shortcuts } from "novate/shortcuts";
import { stream } from "novate/stream";
import { fillRow, makeRow, mark, sortRows, star } from "novate/switcher-rows";

const REFRESH_MS = 1_000;

class MarketSwitcher extends HTMLElement {
  #rows = [];
  #refresh = 0;
  #stop = null;

  connectedCallback() {
    this.#stop = shortcuts.register("Everywhere", [
      { keys: "Control+K", words: "Find a market", act: () => this.#open() },
      { keys: "Shift+Enter", words: "Star the chosen market, in that list" },
    ]);
    this.querySelector(".switcher-button").onclick = () => this.#open();
    this.#input.oninput = () => this.#filter();
    this.#dialog.onkeydown = (event) => this.#key(event);
    this.#dialog.onclose = () => clearInterval(this.#refresh);
    this.#dialog.onclick = ({ target }) => this.#click(target);
  }

  disconnectedCallback() {
    clearInterval(this.#refresh);
    this.#stop?.();
  }

  get #dialog() { return this.querySelector("dialog"); }
  get #input() { return this.querySelector("dialog input"); }
  get #shown() { return this.#rows.filter((row) => !row.hidden); }
  get #chosen() { return this.#rows.find((row) => row.ariaSelected === "true"); }

  async #open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    clearInterval(this.#refresh);
    this.#input.value = "";
    this.#refresh = setInterval(() => this.#read(), REFRESH_MS);
    if (this.#rows.length === 0) text(this.querySelector(".empty"), "The markets are read from the venue. They show here as soon as it answers.");
    this.#rows = sortRows([...(await contracts()).values()].map(makeRow));
    this.querySelector("tbody").replaceChildren(...this.#rows);
    this.#filter();
    this.#read();
  }

  async #read() {
    const summaries = await stream.call("public/get_book_summary_by_currency", { currency: "USDC" }).catch(() => []);
    for (const summary of summaries) fillRow(this.#rows.find((row) => row.dataset.name === summary.instrument_name), summary);
  }

  #filter() {
    const words = this.#input.value.toLowerCase().split(/\s+/);
    for (const row of this.#rows) row.hidden = !words.every((word) => row.dataset.search.includes(word));
    mark(this.#input, this.#rows, this.#shown[0]);
    text(this.querySelector(".empty"), this.#shown.length > 0 ? "" : "No market of that name. Try BTC, ETH or SOL.");
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.target !== this.#input || (!step && event.key !== "Enter")) return;
    event.preventDefault();
    if (step) mark(this.#input, this.#rows, this.#shown.at((this.#shown.indexOf(this.#chosen) + step) % this.#shown.length));
    else if (event.shiftKey) star(this.#chosen);
    else this.#chosen?.querySelector("a").click();
  }

  #click(target) {
    if (target === this.#dialog) this.#dialog.close();
    else if (target.closest(".star")) star(target.closest("tr"));
    else if (!target.closest("a")) target.closest("tr[data-name]")?.querySelector("a").click();
  }
}

customElements.define("nv-market-switcher", MarketSwitcher);
