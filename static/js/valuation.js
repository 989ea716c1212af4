// Positions between two words of the engine: its own numbers, carried on with the newest mark.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { lastTicker, watchTicker } from "novate/markets";

export function liveValue(position) {
  const size = Decimal.from(position.size);
  const entry = Decimal.from(position.average_price ?? 0);
  const mark = Decimal.from(lastTicker(position.instrument_name)?.mark_price ?? position.mark_price ?? 0);
  const told = Decimal.from(position.mark_price ?? 0);
  const moved = size.times(mark.minus(told));
  const profit = Decimal.from(position.floating_profit_loss ?? 0).plus(moved);
  const cost = size.times(entry).absolute();
  const profitRate = cost.sign() ? profit.over(cost, 8) : Decimal.zero;
  return { ...position, mark_price: mark, value: size.absolute().times(mark), profit, profitRate };
}

// Calls listener when the mark of a held contract moves; follows what is held.
export function watchMarks(listener) {
  const stops = new Map();
  const follow = () => {
    for (const name of account.positions.keys()) {
      if (!stops.has(name)) stops.set(name, watchTicker(name, listener));
    }
    for (const [name, stop] of stops) {
      if (!account.positions.has(name)) { stop(); stops.delete(name); }
    }
  };
  const stopFollowing = account.watch(follow, "positions");
  return () => {
    stopFollowing();
    for (const stop of stops.values()) stop();
  };
}
