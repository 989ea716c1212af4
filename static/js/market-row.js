// One row of the market table: what a ticker changes in it, and what it is sorted by.

import { classes, flash, text } from "novate/dom";
import { compact, directionOf, number, percent, price, rate } from "novate/format";
import { stateOf } from "novate/markets";

// Writes the ticker into the row; answers the values to sort by. before: those of the last ticker.
export function fillMarket(row, { pricePlaces, lotPlaces }, ticker, before) {
  const { stats } = ticker;
  const volume = stats.volume_notional ?? stats.volume_usd;
  const put = (field, value) => text(row.querySelector(`[data-field="${field}"]`), value);
  put("last", price(ticker.last_price, pricePlaces));
  put("mark", price(ticker.mark_price, pricePlaces));
  put("index", price(ticker.index_price, pricePlaces));
  put("change", percent(stats.price_change));
  put("funding", rate(ticker.funding_8h));
  put("interest", number(ticker.open_interest, lotPlaces));
  put("volume", compact(volume));
  classes(row.querySelector('[data-field="change"]'), `number ${directionOf(stats.price_change ?? 0)}`);
  const state = row.querySelector(".state");
  text(state, stateOf(ticker));
  classes(state, `badge state ${stateOf(ticker) === "open" ? "good" : "warn"}`);
  const { last } = before;
  if (last !== undefined && last !== ticker.last_price) {
    flash(row.querySelector('[data-field="last"]'), Number(ticker.last_price) > Number(last) ? "up" : "down");
  }
  return { ...before, last: ticker.last_price, change: stats.price_change, funding: ticker.funding_8h, interest: ticker.open_interest, volume };
}
