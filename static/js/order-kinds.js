// What each type of order needs: a limit price, a price to wait for, a distance to trail by.

export const KINDS = {
  limit: { words: "Limit", isLimit: true },
  market: { words: "Market" },
  stop_limit: { words: "Stop limit", isLimit: true, waits: true },
  stop_market: { words: "Stop market", waits: true },
  take_limit: { words: "Take-profit limit", isLimit: true, waits: true },
  take_market: { words: "Take-profit market", waits: true },
  trailing_stop: { words: "Trailing stop", isTrailing: true },
};

export const SOURCES = { mark_price: "mark", index_price: "index", last_price: "last price" };

export const TIMES = {
  good_til_cancelled: { words: "GTC", meaning: "Stays until it is filled or cancelled" },
  good_til_day: { words: "Day", meaning: "Ends at 08:00 UTC" },
  immediate_or_cancel: { words: "IOC", meaning: "What can not trade at once is cancelled" },
  fill_or_kill: { words: "FOK", meaning: "All of it at once, or nothing" },
};

const RESTING = ["good_til_cancelled", "good_til_day"];

// How long an order of a type may live. What waits and has no limit takes what it finds when it
// fires: its time says how long it waits.
export function timesOf(type) {
  if (type === "market") return ["immediate_or_cancel", "fill_or_kill"];
  return KINDS[type].isLimit ? Object.keys(TIMES) : RESTING;
}

export const mayRest = (type, time) => Boolean(KINDS[type].isLimit) && RESTING.includes(time);
