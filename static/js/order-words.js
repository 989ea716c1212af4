// An order's kind, conditions and fate in words.

import { DASH, number } from "novate/format";
import { KINDS, SOURCES, TIMES } from "novate/order-kinds";

const STATES = {
  open: "Open", filled: "Filled", cancelled: "Cancelled", rejected: "Refused", untriggered: "Waiting", sending: "Sending",
};

// Whether an order is in no book yet: it waits for its price.
export const isWaiting = (order) => order.order_state === "untriggered";

export const typeWords = (order) => KINDS[order.order_type]?.words ?? order.order_type;

// A limit price, or the word for an order that takes what it finds.
export const priceWords = (order, places) => (order.price === "market_price" ? "Market" : number(order.price, places));

// Which price an order waits, or waited, for.
export function triggerWords(order, places) {
  if (!order.trigger) return null;
  const price = `${SOURCES[order.trigger]} ${number(order.trigger_price, places)}`;
  if (order.trigger_offset && !order.triggered) return `Trails by ${number(order.trigger_offset, places)}, waits for ${price}`;
  return order.triggered ? `Fired at ${price}` : `Waits for ${price}`;
}

export function conditionsOf(order, places) {
  const words = [
    triggerWords(order, places),
    order.price === "market_price" ? null : TIMES[order.time_in_force]?.words,
    order.post_only && "Post-only",
    order.reduce_only && "Reduce-only",
    (order.oto_order_ids || order.oco_ref || order.primary_order_id) && "Linked",
    order.is_liquidation && "Liquidation",
  ];
  return words.filter(Boolean).join(" · ") || DASH;
}

export const stateWords = (order) => STATES[order.order_state] ?? order.order_state;
