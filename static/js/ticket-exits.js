// Take profit and stop loss of an order that is being written: each a price, or a distance in
// percent of the entry that keeps its distance while the entry moves.

import { Decimal } from "novate/decimal";

const HUNDRED = new Decimal(100n, 0);
export const EXITS = ["takeProfit", "stopLoss"];
const WORDS = { takeProfit: "Take profit", stopLoss: "Stop loss" };

export class Exits {
  isOpen = false;
  source = "mark_price";
  takeProfit = { price: null, percent: null };
  stopLoss = { price: null, percent: null };

  constructor(contract) {
    this.contract = contract;
  }

  // Whether an exit lies above the entry: the profit of a buyer, the loss of a seller.
  #isAbove(name, side) {
    return (name === "takeProfit") === (side === "buy");
  }

  // An exit's price, on a tick; null if there is none.
  price(name, side, entry) {
    const { price, percent } = this[name];
    if (!this.isOpen) return null;
    if (percent === null || !entry) return percent === null ? price : null;
    const part = this.#isAbove(name, side) ? HUNDRED.plus(percent) : HUNDRED.minus(percent);
    return entry.times(part).over(HUNDRED, 8).plus(half(this.contract.tick)).flooredTo(this.contract.tick);
  }

  // The distance from the entry in percent, positive where the exit is on its own side.
  percent(name, side, entry) {
    const { price, percent } = this[name];
    if (percent !== null) return percent;
    if (!price || !entry || entry.sign() <= 0) return null;
    const distance = price.minus(entry).times(HUNDRED).over(entry, 2);
    return this.#isAbove(name, side) ? distance : distance.negated();
  }

  // Both prices as given to the order, those that there are.
  prices(side, entry) {
    return EXITS.map((name) => [name, this.price(name, side, entry)]).filter(([, price]) => price !== null);
  }

  // What is wrong with them, in words; null if nothing is.
  problem(side, entry) {
    const unread = EXITS.find((name) => this.isOpen && this[name].isUnreadable);
    if (unread) return `${WORDS[unread]} is not a number`;
    for (const [name, price] of this.prices(side, entry)) {
      const words = WORDS[name];
      if (price.sign() <= 0) return `${words} must be a positive price`;
      if (!price.isMultipleOf(this.contract.tick)) return `${words} in steps of ${this.contract.tick}`;
      const isAbove = this.#isAbove(name, side);
      if (entry && price.compare(entry) !== (isAbove ? 1 : -1)) return `${words} must be ${isAbove ? "above" : "below"} the price`;
    }
    return null;
  }

  // The parameters that tie them to an order; empty if there are none.
  linked(side, entry) {
    const places = this.contract.pricePlaces;
    const legs = this.prices(side, entry).map(([name, price]) => ({
      type: name === "takeProfit" ? "take_market" : "stop_market",
      trigger_price: String(price.truncated(places)),
      trigger: this.source,
      reduce_only: true,
    }));
    if (legs.length === 0) return {};
    const kind = legs.length === 2 ? "one_triggers_one_cancels_other" : "one_triggers_other";
    return { linked_order_type: kind, trigger_fill_condition: "incremental", otoco_config: legs };
  }
}

const half = (step) => step.over(new Decimal(2n, 0), step.scale + 1);
