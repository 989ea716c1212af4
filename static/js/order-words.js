// An order's kind, conditions and fate in words.

import { DASH, number } from "novate/format";

const TIMES = { good_til_cancelled: "GTC", good_til_day: "Day", immediate_or_cancel: "IOC", fill_or_kill: "FOK" };
const STATES = { open: "Open", filled: "Filled", cancelled: "Cancelled", rejected: "Refused", untriggered: "Waiting" };

const TYPES = {
  limit: "Limit",
  market: "Market",
  stop_limit: "Stop limit",
  stop_market: "Stop market",
  take_limit: "Take-profit limit",
  take_market: "Take-profit market",
  trailing_stop: "Trailing stop",
};
const SOURCES = { mark_price: "mark", index_price: "index", last_price: "last price" };

// Whether an order is in no book yet: it waits for its price.
export const isWaiting = (order) => order.order_state === "untriggered";

export const typeWords = (order) => TYPES[order.order_type] ?? order.order_type;

// A limit price, or the word for an order that takes what it finds.
export const priceWords = (order, places) => (order.price === "market_price" ? "Market" : number(order.price, places));

// Which price an order waits, or waited, for.
export function triggerWords(order, places) {
  if (!order.trigger) return null;
  const price = `${SOURCES[order.trigger]} ${number(order.trigger_price, places)}`;
  return order.triggered ? `Fired at ${price}` : `Waits for ${price}`;
}

export function conditionsOf(order, places) {
  const words = [
    triggerWords(order, places),
    order.price === "market_price" ? null : TIMES[order.time_in_force],
    order.post_only && "Post-only",
    order.reduce_only && "Reduce-only",
    (order.oto_order_ids || order.oco_ref || order.primary_order_id) && "Linked",
    order.is_liquidation && "Liquidation",
  ];
  return words.filter(Boolean).join(" · ") || DASH;
}

export const stateWords = (order) => STATES[order.order_state] ?? order.order_state;
