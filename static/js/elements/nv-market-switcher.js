// Find a market: Ctrl-K or a click; type, arrows, Enter.

import { attribute, make } from "novate/dom";
import { compact, directionOf, number, percent } from "novate/format";
import { contracts } from "novate/markets";
import { shortcuts } from "novate/shortcuts";
import { stream } from "novate/stream";

class MarketSwitcher extends HTMLElement {
  #rows = [];
  #stop = null;

  connectedCallback() {
    this.#stop = shortcuts.register("Everywhere", [
      { keys: "Control+K", words: "Find a market", act: () => this.#open() },
    ]);
    this.querySelector(".switcher-button").onclick = () => this.#open();
    this.#input.oninput = () => this.#filter();
    this.#dialog.onkeydown = (event) => this.#key(event);
    this.#dialog.onclick = ({ target }) => target === this.#dialog && this.#dialog.close();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  get #dialog() { return this.querySelector("dialog"); }
  get #input() { return this.querySelector("dialog input"); }
  get #shown() { return this.#rows.filter((row) => !row.hidden); }

  async #open() {
    this.#dialog.showModal();
    this.#input.value = "";
    const body = this.querySelector("tbody");
    const [listed, summaries] = await Promise.all([
      contracts(), stream.call("public/get_book_summary_by_currency", { currency: "USDC" }),
    ]);
    const summaryOf = new Map(summaries.map((row) => [row.instrument_name, row]));
    this.#rows = [...listed.values()].map((contract) => makeRow(contract, summaryOf.get(contract.name) ?? {}));
    body.replaceChildren(...this.#rows);
    this.#filter();
  }

  #filter() {
    const words = this.#input.value.toLowerCase().split(/\s+/);
    for (const row of this.#rows) row.hidden = !words.every((word) => row.dataset.search.includes(word));
    this.#select(this.#shown[0]);
    this.querySelector(".empty").hidden = this.#shown.length > 0;
  }

  #select(chosen) {
    for (const row of this.#rows) attribute(row, "aria-selected", String(row === chosen));
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const at = this.#shown.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#select(this.#shown.at((at + step) % this.#shown.length));
    if (step) event.preventDefault();
    if (event.key === "Enter") this.#shown[at]?.click();
  }
}

function makeRow({ name, base, kind, pricePlaces }, summary) {
  const cells = [make("td", {}, make("span", { class: "contract-name" }, make("b", {}, base), make("span", {}, kind))),
    make("td", { class: "number" }, number(summary.last, pricePlaces)),
    make("td", { class: `number ${directionOf(summary.price_change ?? 0)}` }, percent(summary.price_change)),
    make("td", { class: "number hide-narrow" }, compact(summary.volume_notional ?? summary.volume_usd))];
  const go = () => { location.href = `/trade/${encodeURIComponent(name)}`; };
  return make("tr", { dataset: { search: `${name} ${base} ${kind}`.toLowerCase() }, onclick: go }, ...cells);
}

customElements.define("nv-market-switcher", MarketSwitcher);
