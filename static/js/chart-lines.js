// The reader's own lines on the chart: open orders, entry price, liquidation price, and what the ticket drafts.
//
// A line is { key, price (exact), words, detail, token, style, order }; one with an order can be moved, a bare one
// has no label.

import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { isWaiting, typeWords } from "novate/order-words";

const SHORT = { stop_limit: "Stop", stop_market: "Stop", take_limit: "Take profit", take_market: "Take profit", trailing_stop: "Trailing stop" };
const WITH_LIMIT = new Set(["stop_limit", "take_limit"]);
const DRAFTS = [
  ["price", "Ticket", "--faint"],
  ["stop", "Ticket: trigger", "--faint"],
  ["takeProfit", "Ticket: take profit", "--buy"],
  ["stopLoss", "Ticket: stop loss", "--sell"],
];

export function linesOf({ orders, positions, drafts = {} }, contract) {
  return [...draftLines(drafts), ...orderLines(orders, contract), ...positionLines(positions.get(contract.name), contract)];
}

// The price at which an order stands on the chart: where it waits, or where it rests.
export const standingPrice = (order) => Decimal.from(isWaiting(order) ? (order.trigger_price ?? order.price) : order.price);

function orderLines(orders, { name, base, lotPlaces }) {
  const own = [...orders.values()].filter((order) => order.instrument_name === name && standingPrice(order));
  return own.flatMap((order) => {
    const left = Decimal.from(order.amount).minus(Decimal.from(order.filled_amount ?? 0));
    const what = `${order.direction === "buy" ? "Buy" : "Sell"} ${number(left, lotPlaces)}`;
    const line = {
      key: order.order_id,
      price: standingPrice(order),
      words: isWaiting(order) ? `${SHORT[order.order_type] ?? "Waits"} · ${what}` : what,
      detail: `${typeWords(order)} order: ${what} ${base}`,
      token: order.direction === "buy" ? "--buy" : "--sell",
      style: isWaiting(order) ? "Dotted" : "Dashed",
      // What trails the market is moved by the market.
      order: order.order_type === "trailing_stop" ? null : order,
    };
    return isWaiting(order) && WITH_LIMIT.has(order.order_type) ? [line, limitLine(line, order)] : [line];
  });
}

// Where an order will rest once it has fired; the table of orders changes it.
function limitLine({ key, detail, token }, order) {
  return { key: `${key} limit`, price: Decimal.from(order.price), words: "Its limit", detail: `Limit price of your ${detail}`, token, style: "SparseDotted", order: null };
}

function positionLines(position, { base, lotPlaces }) {
  if (!position) return [];
  const size = Decimal.from(position.size);
  const words = `${size.sign() > 0 ? "Long" : "Short"} ${number(size.absolute(), lotPlaces)}`;
  const lines = [{
    key: "entry", price: Decimal.from(position.average_price), words, detail: `Entry price of your position: ${words} ${base}`,
    token: "--accent", style: "Solid", order: null,
  }];
  const liquidation = Decimal.from(position.estimated_liquidation_price ?? 0);
  if (liquidation?.sign() > 0) {
    lines.push({ key: "liquidation", price: liquidation, words: "Liquidation", detail: "Your position is liquidated when the mark price is here", token: "--liquidation", style: "Solid", order: null });
  }
  return lines;
}

function draftLines(drafts) {
  return DRAFTS.flatMap(([name, words, token]) => {
    const price = Decimal.from(drafts[name]);
    return price?.sign() > 0 ? [{ key: `draft ${name}`, price, words, detail: `${words}, not sent yet`, token, style: "SparseDotted", order: null, isBare: name === "price" }] : [];
  });
}
