// The market table of the first page, kept alive: searched, starred, sorted, walked by arrow keys.

import { attribute, soon } from "novate/dom";
import { favourites, makeStar, turnFavourite } from "novate/favourites";
import { fillMarket } from "novate/market-row";
import { contracts, watchTicker } from "novate/markets";
import { RowOrder } from "novate/row-order";
import { shortcuts } from "novate/shortcuts";

const SETTLE_MS = 200;

class Markets extends HTMLElement {
  #stops = [];
  #values = new Map();
  #order = null;

  async connectedCallback() {
    this.addEventListener("click", this.#click);
    this.addEventListener("keydown", this.#walk);
    this.#stops.push(shortcuts.register("Markets", [{ keys: "/", words: "Search the markets", act: () => this.#search?.focus() }]));
    this.#search?.addEventListener("input", this.#filter);
    for (const row of this.#rows) {
      row.querySelector(".star-place").replaceChildren(makeStar(row.dataset.name));
      this.#values.set(row, { name: row.dataset.name });
    }
    this.#order = new RowOrder(this.querySelector("table"), "novate.markets.order", this.#values);
    this.querySelector("table").addEventListener("reorder", () => this.#arrange());
    this.#arrange();
    const arrangeSoon = soon(() => this.#arrange(), SETTLE_MS);
    const listed = await contracts();
    for (const row of this.#rows) {
      const contract = listed.get(row.dataset.name);
      if (contract) this.#stops.push(watchTicker(contract.name, (ticker) => {
        const known = this.#values.get(row);
        this.#values.set(row, fillMarket(row, contract, ticker, known));
        // The order that was kept, once there is something to order by.
        if (known.last === undefined) arrangeSoon();
      }));
    }
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    this.removeEventListener("keydown", this.#walk);
    this.#stops.forEach((stop) => stop());
  }

  get #rows() { return [...this.querySelectorAll("tr[data-name]")]; }
  get #search() { return document.querySelector(".search input"); }

  #arrange() {
    const names = favourites();
    this.#order.apply((row) => names.has(row.dataset.name));
  }

  #click = ({ target }) => {
    const row = target.closest("tr[data-name]");
    const star = target.closest(".star");
    if (star) attribute(star, "aria-pressed", String(turnFavourite(row.dataset.name)));
    else if (row && !target.closest("a")) location.href = row.dataset.href;
  };

  #walk = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = this.#rows.filter((row) => !row.hidden).map((row) => row.querySelector("a"));
    const at = links.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  };

  #filter = ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/);
    for (const row of this.#rows) row.hidden = !words.every((word) => row.dataset.search.includes(word));
    this.querySelector(".empty").hidden = this.#rows.some((row) => !row.hidden);
  };
}

customElements.define("nv-markets", Markets);
