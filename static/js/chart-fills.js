// One's own fills as arrows at the candles in which they happened, one for each candle and side.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { stream } from "novate/stream";

const KEEP = 500;

export class Fills {
  #trades = new Map();

  constructor(contract, onChange) {
    this.contract = contract;
    this.onChange = onChange;
  }

  // Returns what stops it.
  follow() {
    if (!account.isSignedIn) return () => {};
    const hear = ({ detail }) => this.#add([detail]);
    const load = () => this.#load();
    account.addEventListener("fill", hear);
    stream.addEventListener("live", load);
    if (stream.state === "live") load();
    return () => {
      account.removeEventListener("fill", hear);
      stream.removeEventListener("live", load);
    };
  }

  // [{ time, side, amount, price }] of candles of so many minutes, oldest first; time in seconds.
  byCandle(minutes, since) {
    const groups = new Map();
    const span = minutes * 60;
    for (const trade of [...this.#trades.values()].sort((a, b) => a.trade_seq - b.trade_seq)) {
      const time = Math.floor(trade.timestamp / 1_000 / span) * span;
      if (time < since) continue;
      const key = `${time} ${trade.direction}`;
      const group = groups.get(key) ?? { time, side: trade.direction, amount: Decimal.zero, cost: Decimal.zero };
      const amount = Decimal.from(trade.amount);
      group.amount = group.amount.plus(amount);
      group.cost = group.cost.plus(amount.times(Decimal.from(trade.price)));
      groups.set(key, group);
    }
    return [...groups.values()].sort((a, b) => a.time - b.time);
  }

  words({ side, amount, cost }) {
    const { base, lotPlaces, pricePlaces } = this.contract;
    return `${side === "buy" ? "Bought" : "Sold"} ${number(amount, lotPlaces)} ${base} at ${number(cost.over(amount, pricePlaces), pricePlaces)}`;
  }

  async #load() {
    const question = { instrument_name: this.contract.name, count: 200 };
    const answer = await stream.call("private/get_user_trades_by_instrument", question).catch(() => ({ trades: [] }));
    this.#add(answer.trades);
  }

  #add(trades) {
    const own = trades.filter((trade) => trade.instrument_name === this.contract.name);
    for (const trade of own) this.#trades.set(trade.trade_id, trade);
    for (const id of this.#trades.keys()) {
      if (this.#trades.size <= KEEP) break;
      this.#trades.delete(id);
    }
    if (own.length > 0) this.onChange();
  }
}
