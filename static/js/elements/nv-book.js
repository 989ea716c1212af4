// The order book: grouped levels with depth bars, own orders marked with their size, a click or Enter fills the ticket.

import { account } from "novate/account";
import { watchBook } from "novate/book";
import { eachFrame, text } from "novate/dom";
import { chooseGrouping } from "novate/grouping";
import { ownSizes, spreadOf } from "novate/ladder";
import { keepOneStop, moveThrough } from "novate/ladder-keys";
import { LadderSide } from "novate/ladder-view";
import { contract } from "novate/markets";
import { shortcuts } from "novate/shortcuts";

const ROW = 24;
const MIDDLE = 32;

class Book extends HTMLElement {
  #stops = [];
  #contract = null;
  #book = null;
  #group = 1;
  #rows = 6;
  #draw = eachFrame(() => this.#show());

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    this.asks = new LadderSide(this.querySelector(".asks"), this.#contract);
    this.bids = new LadderSide(this.querySelector(".bids"), this.#contract);
    chooseGrouping(this.querySelector(".grouping"), this.#contract, (units) => { this.#group = units; this.#draw(); });
    const size = new ResizeObserver(([{ contentRect }]) => this.#fit(contentRect.height));
    size.observe(this.querySelector(".levels"));
    this.addEventListener("click", this.#pick);
    this.addEventListener("keydown", moveThrough);
    this.#stops = [
      watchBook(this.#contract, (book) => { this.#book = book; this.#draw(); }),
      account.watch(this.#draw, "orders"),
      shortcuts.register("Order book", [
        { keys: "o", words: "Go to the order book", act: () => this.querySelector(".bids .level").focus() },
        { keys: ["ArrowUp", "ArrowDown"], words: "Move through the prices" },
        { keys: ["Home", "End"], words: "Highest, lowest price shown" },
        { keys: "Enter", words: "Put the price into the ticket" },
      ]),
      () => size.disconnect(),
    ];
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#pick);
    this.removeEventListener("keydown", moveThrough);
    this.#stops.forEach((stop) => stop());
  }

  // As many whole rows as there is room for on each side of the middle.
  #fit(height) {
    this.#rows = Math.max(1, Math.floor((height - MIDDLE) / 2 / ROW));
    this.#draw();
  }

  #show() {
    if (!this.#book) return;
    const sides = [this.#book.asks, this.#book.bids].map((side) => side.levels(this.#group, this.#rows));
    const deepest = Math.max(...sides.map((levels) => levels.at(-1)?.total ?? 0), 1);
    const own = (side) => ownSizes(account.orders.values(), this.#contract, side, this.#group);
    this.asks.draw(sides[0], this.#rows, own(this.#book.asks), deepest);
    this.bids.draw(sides[1], this.#rows, own(this.#book.bids), deepest);
    keepOneStop(this);
    const spread = spreadOf(this.#book, this.#contract);
    text(this.querySelector(".spread b"), spread.middle);
    text(this.querySelector(".spread small"), spread.words);
  }

  #pick = ({ target }) => {
    const price = target.closest(".level")?.dataset.price;
    if (price) dispatchEvent(new CustomEvent("pick-price", { detail: price }));
  };
}

customElements.define("nv-book", Book);
