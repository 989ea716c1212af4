// An order's kind, conditions and fate in words.

import { DASH } from "novate/format";

const TIMES = { good_til_cancelled: "GTC", good_til_day: "Day", immediate_or_cancel: "IOC", fill_or_kill: "FOK" };
const STATES = { open: "Open", filled: "Filled", cancelled: "Cancelled", rejected: "Refused", untriggered: "Waiting" };

export const typeWords = (order) => (order.order_type === "market" ? "Market" : "Limit");

export function conditionsOf(order) {
  const words = [
    order.order_type === "market" ? null : TIMES[order.time_in_force],
    order.post_only && "Post-only",
    order.reduce_only && "Reduce-only",
    order.is_liquidation && "Liquidation",
  ];
  return words.filter(Boolean).join(" · ") || DASH;
}

export const stateWords = (order) => STATES[order.order_state] ?? order.order_state;
