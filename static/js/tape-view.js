// Draws the tape. A new trade takes the node of the oldest one to the top: as many cells are written
// as trades came, however long the list is.

import { attribute, classes, make, text } from "novate/dom";
import { number, timeOfDay } from "novate/format";

const SIDES = { buy: "Buy", sell: "Sell" };

export class TapeView {
  #nodes = new Map();
  #largest = 0;

  constructor(host, contract) {
    this.host = host;
    this.contract = contract;
  }

  // trades: newest first.
  draw(trades) {
    const kept = new Set(trades.map((trade) => trade.trade_seq));
    const free = [];
    for (const [seq, node] of this.#nodes) {
      if (!kept.has(seq)) { this.#nodes.delete(seq); free.push(node); }
    }
    const largest = Math.max(...trades.map((trade) => Number(trade.amount)), 0);
    const isRescaled = largest !== this.#largest;
    this.#largest = largest;
    let before = null;
    for (const trade of trades) {
      const isNew = !this.#nodes.has(trade.trade_seq);
      const node = this.#nodes.get(trade.trade_seq) ?? this.#fill(free.pop() ?? makePrint(), trade);
      if (isNew) this.#nodes.set(trade.trade_seq, node);
      if (isNew || isRescaled) node.style.setProperty("--weight", weight(Number(trade.amount), largest));
      if (isNew || !node.isConnected) this.#put(node, before);
      before = node;
    }
    free.forEach((node) => node.remove());
  }

  #put(node, before) {
    if (before) before.after(node);
    else this.host.prepend(node);
  }

  #fill(node, trade) {
    const { pricePlaces, lotPlaces } = this.contract;
    const [price, size, time] = node.children;
    classes(price, trade.direction);
    text(price, number(trade.price, pricePlaces));
    text(size, number(trade.amount, lotPlaces));
    text(time, timeOfDay(trade.timestamp));
    attribute(node, "data-side", trade.direction);
    attribute(node, "data-liquidation", Boolean(trade.liquidation));
    attribute(node, "aria-label", `${SIDES[trade.direction]} ${number(trade.amount, lotPlaces)} at ${number(trade.price, pricePlaces)}, ${timeOfDay(trade.timestamp)}`);
    attribute(node, "title", trade.liquidation ? "A liquidation" : null);
    return node;
  }
}

// The area of a bar reads better than its length: twice the size is not twice as long.
const weight = (amount, largest) => (largest > 0 ? Math.sqrt(amount / largest).toFixed(3) : 0);

const makePrint = () => make("div", { class: "print", role: "listitem" }, make("span"), make("span"), make("span"));
