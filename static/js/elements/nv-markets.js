// The market table of the first page, kept alive; a search narrows it.

import { attribute, classes, flash, text } from "novate/dom";
import { compact, directionOf, number, percent, price, rate } from "novate/format";
import { contracts, stateOf, watchTicker } from "novate/markets";

class Markets extends HTMLElement {
  #stops = [];
  #lasts = new Map();

  async connectedCallback() {
    this.addEventListener("click", this.#open);
    document.querySelector(".search input")?.addEventListener("input", this.#filter);
    const listed = await contracts();
    for (const row of this.#rows) {
      const contract = listed.get(row.dataset.name);
      if (contract) this.#stops.push(watchTicker(contract.name, (ticker) => this.#show(row, contract, ticker)));
    }
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#open);
    this.#stops.forEach((stop) => stop());
  }

  get #rows() { return [...this.querySelectorAll("tr[data-name]")]; }

  #show(row, { name, pricePlaces, lotPlaces }, ticker) {
    const { stats } = ticker;
    const put = (field, value) => text(row.querySelector(`[data-field="${field}"]`), value);
    put("last", price(ticker.last_price, pricePlaces));
    put("mark", price(ticker.mark_price, pricePlaces));
    put("index", price(ticker.index_price, pricePlaces));
    put("change", percent(stats.price_change));
    put("funding", rate(ticker.funding_8h));
    put("interest", number(ticker.open_interest, lotPlaces));
    put("volume", compact(stats.volume_notional ?? stats.volume_usd));
    classes(row.querySelector('[data-field="change"]'), `number ${directionOf(stats.price_change ?? 0)}`);
    const state = row.querySelector(".state");
    text(state, stateOf(ticker));
    classes(state, `badge state ${stateOf(ticker) === "open" ? "good" : "warn"}`);
    const before = this.#lasts.get(name);
    this.#lasts.set(name, ticker.last_price);
    if (before === undefined || before === ticker.last_price) return;
    flash(row.querySelector('[data-field="last"]'), Number(ticker.last_price) > Number(before) ? "up" : "down");
  }

  #open = ({ target }) => {
    const row = target.closest("tr[data-name]");
    if (row && !target.closest("a")) location.href = row.dataset.href;
  };

  #filter = ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/);
    for (const row of this.#rows) row.hidden = !words.every((word) => row.dataset.search.includes(word));
    attribute(this.querySelector(".empty"), "hidden", this.#rows.some((row) => !row.hidden));
  };
}

customElements.define("nv-markets", Markets);
