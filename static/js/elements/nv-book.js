// The order book: grouped levels with depth bars, own orders marked, a click fills the ticket.

import { account } from "novate/account";
import { watchBook } from "novate/book";
import { eachFrame, make, text } from "novate/dom";
import { contract } from "novate/markets";
import { groupings, ownPrices, spreadOf } from "novate/ladder";
import { drawLevels } from "novate/ladder-view";

const ROW = 24;
const MIDDLE = 32;

class Book extends HTMLElement {
  #stops = [];
  #contract = null;
  #book = null;
  #group = 1;

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    this.#fillGroupings();
    const draw = eachFrame(() => this.#draw());
    const size = new ResizeObserver(draw);
    size.observe(this.querySelector(".levels"));
    this.addEventListener("click", this.#pick);
    this.#stops = [
      watchBook(this.#contract, (book) => { this.#book = book; draw(); }),
      account.watch(draw, "orders"),
      () => size.disconnect(),
    ];
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#pick);
    this.#stops.forEach((stop) => stop());
  }

  #fillGroupings() {
    const select = this.querySelector(".grouping");
    const options = groupings(this.#contract);
    select.replaceChildren(...options.map(({ units, label }) => make("option", { value: units }, label)));
    this.#group = options[0].units;
    select.onchange = () => { this.#group = Number(select.value); this.#draw(); };
  }

  #draw() {
    if (!this.#book) return;
    const rows = this.#fit();
    const bids = this.#book.levels("buy", this.#group, rows);
    const asks = this.#book.levels("sell", this.#group, rows);
    const deepest = Math.max(bids.at(-1)?.total ?? 0, asks.at(-1)?.total ?? 0, 1);
    const shown = (side) => ({ deepest, contract: this.#contract, own: ownPrices(account.orders.values(), this.#contract, side, this.#group) });
    drawLevels(this.querySelector(".bids"), bids, shown("buy"));
    drawLevels(this.querySelector(".asks"), asks, shown("sell"));
    const spread = spreadOf(this.#book, this.#contract);
    text(this.querySelector(".spread b"), spread.middle);
    text(this.querySelector(".spread small"), spread.words);
  }

  // As many whole rows as there is room for; the middle takes what is left.
  #fit() {
    const host = this.querySelector(".levels");
    const rows = Math.max(1, Math.floor((host.clientHeight - MIDDLE) / 2 / ROW));
    host.style.setProperty("--rows", rows);
    return rows;
  }

  #pick = ({ target }) => {
    const row = target.closest(".level");
    if (row) dispatchEvent(new CustomEvent("pick-price", { detail: row.dataset.price }));
  };
}

customElements.define("nv-book", Book);
