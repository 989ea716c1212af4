// The market in one line: last, mark, index, the day, open interest, funding.

import { attribute, classes, flash, text } from "novate/dom";
import { compact, directionOf, number, percent, price, rate } from "novate/format";
import { contract, watchTicker } from "novate/markets";

const HOUR_MS = 3_600_000;

class MarketStrip extends HTMLElement {
  #stops = [];
  #contract = null;
  #last = null;

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    const clock = setInterval(() => this.#countDown(), 1_000);
    this.#stops = [
      watchTicker(this.#contract.name, (ticker) => this.#show(ticker)),
      () => clearInterval(clock),
    ];
    this.#countDown();
    // On a narrow screen it scrolls sideways: then by keyboard too.
    const width = new ResizeObserver(() => attribute(this, "tabindex", this.scrollWidth > this.clientWidth ? 0 : null));
    width.observe(this);
    this.#stops.push(() => width.disconnect());
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  #show(ticker) {
    const { pricePlaces, lotPlaces, base } = this.#contract;
    const { stats } = ticker;
    this.heardAt = performance.now();
    if (ticker.last_price !== null) this.#showLast(ticker.last_price, pricePlaces);
    this.#put("mark", price(ticker.mark_price, pricePlaces));
    this.#put("index", price(ticker.index_price, pricePlaces));
    this.#put("change", percent(stats.price_change), directionOf(stats.price_change ?? 0));
    this.#put("high", number(stats.high, pricePlaces));
    this.#put("low", number(stats.low, pricePlaces));
    this.#put("volume", compact(stats.volume_notional ?? stats.volume_usd));
    this.#put("interest", number(ticker.open_interest, lotPlaces));
    this.#put("funding", rate(ticker.funding_8h), directionOf(ticker.funding_8h));
    document.title = `${price(ticker.last_price ?? ticker.mark_price, pricePlaces)} ${base} · Novate`;
  }

  #showLast(price, places) {
    const node = this.querySelector(".last");
    const before = this.#last ?? price;
    this.#last = price;
    text(node, number(price, places));
    if (price === before) return;
    const direction = Number(price) > Number(before) ? "up" : "down";
    classes(node, `last ${direction}`);
    flash(node, direction);
  }

  #put(name, value, tone = null) {
    const node = this.querySelector(`[data-field="${name}"]`);
    text(node, value);
    if (tone !== null) classes(node, tone);
  }

  #countDown() {
    const left = Math.floor((HOUR_MS - (Date.now() % HOUR_MS)) / 1_000);
    const minutes = String(Math.floor(left / 60)).padStart(2, "0");
    text(this.querySelector(".countdown"), `${minutes}:${String(left % 60).padStart(2, "0")}`);
  }
}

customElements.define("nv-market-strip", MarketStrip);
