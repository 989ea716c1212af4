// Draws the tape. Its rows stand still and what they say moves on: a row that moved would shift the page.

import { attribute, classes, make, text } from "novate/dom";
import { number, timeOfDay } from "novate/format";

export class TapeView {
  #shown = [];

  constructor(host, contract) {
    this.host = host;
    this.contract = contract;
  }

  // trades: newest first.
  draw(trades) {
    const { children } = this.host;
    while (children.length < trades.length) this.host.append(makePrint());
    const largest = Math.max(...trades.map((trade) => Number(trade.amount)), 0);
    trades.forEach((trade, at) => {
      const row = children[at];
      if (this.#shown[at] !== trade.trade_seq) this.#fill(row, trade);
      this.#shown[at] = trade.trade_seq;
      const weight = weightOf(Number(trade.amount), largest);
      if (row.weight === weight) return;
      row.weight = weight;
      row.style.setProperty("--weight", weight);
    });
  }

  #fill(row, trade) {
    const { pricePlaces, lotPlaces } = this.contract;
    const [price, size, time] = row.children;
    classes(price, trade.direction);
    text(price, number(trade.price, pricePlaces));
    text(size, number(trade.amount, lotPlaces));
    text(time, timeOfDay(trade.timestamp));
    attribute(row, "data-side", trade.direction);
    attribute(row, "data-liquidation", Boolean(trade.liquidation));
    attribute(row, "title", trade.liquidation ? "A liquidation" : null);
  }
}

// The area of a bar reads better than its length: twice the size is not twice as long.
const weightOf = (amount, largest) => (largest > 0 ? Math.sqrt(amount / largest).toFixed(2) : "0");

const makePrint = () => make("div", { class: "print", role: "listitem" }, make("span"), make("span"), make("span"));
