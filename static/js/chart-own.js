// What is the reader's own on the chart: lines of orders and of the position, drafts of the ticket, arrows of fills.

import { account } from "novate/account";
import { Fills } from "novate/chart-fills";
import { ChartLabels } from "novate/chart-labels";
import { linesOf } from "novate/chart-lines";
import { OrderMove } from "novate/chart-move";
import { eachFrame } from "novate/dom";

export class OwnOnChart {
  #drafts = {};
  #minutes = 1;
  #groups = [];
  #drawLines = eachFrame(() => this.#showLines());

  constructor(host, view, contract) {
    this.view = view;
    this.contract = contract;
    this.move = new OrderMove(contract, this.#drawLines);
    this.labels = new ChartLabels(host, view, this.move);
    this.fills = new Fills(contract, () => this.showFills());
    view.onDraw(() => this.labels.place());
  }

  // Returns what stops it.
  follow() {
    const draft = ({ detail }) => { this.#drafts = detail ?? {}; this.#drawLines(); };
    document.addEventListener("nv-ticket-prices", draft);
    const stops = [account.watch(this.#drawLines, "orders", "positions"), this.fills.follow()];
    return () => {
      document.removeEventListener("nv-ticket-prices", draft);
      stops.forEach((stop) => stop());
    };
  }

  // The theme's colours are others now.
  paint() {
    this.#showLines();
    this.showFills();
  }

  // Fills stand at candles: again when these are others.
  showFills(minutes = this.#minutes) {
    this.#minutes = minutes;
    this.#groups = this.fills.byCandle(minutes, this.view.bars[0]?.time ?? Infinity);
    this.view.drawFills(this.#groups);
  }

  // What one traded in a candle, in words.
  wordsAt(bar) {
    return this.#groups.filter((group) => group.time === bar?.time).map((group) => this.fills.words(group)).join(" · ");
  }

  #showLines() {
    const { orders, positions } = account;
    const lines = this.move.arrange(linesOf({ orders, positions, drafts: this.#drafts }, this.contract));
    this.view.drawLines(lines);
    // While a line is moved, the scale under the pointer stays as it is.
    if (!this.move.proposal) this.view.takeIn(lines.filter((line) => !line.isBare).map(({ price }) => price.toNumber()));
    this.labels.show(lines);
  }
}
