// Arithmetic of the order book's picture. Prices and sizes are whole units of 10^-places (see book.js).

import { Decimal } from "novate/decimal";
import { DASH, number } from "novate/format";
import { isWaiting } from "novate/order-words";

const STEPS = [1, 2, 5, 10, 50, 100, 500, 1000];

export const unitsText = (units, places) => String(new Decimal(BigInt(units), places));
export const unitsOf = (value, places) => Number((Decimal.from(value) ?? Decimal.zero).rounded(places).units);

// Groupings that make sense: from one tick to a thousand.
export function groupings({ tick, pricePlaces }) {
  const tickUnits = Number(tick.truncated(pricePlaces).units);
  return STEPS.map((step) => ({ units: step * tickUnits, label: unitsText(step * tickUnits, pricePlaces) }));
}

// How much of each group is one's own: Map of price → lots. Orders that wait for a trigger are in no book.
export function ownSizes(orders, contract, side, group) {
  const sizes = new Map();
  const direction = side.isBids ? "buy" : "sell";
  for (const order of orders) {
    if (order.instrument_name !== contract.name || order.direction !== direction || isWaiting(order)) continue;
    const at = side.groupOf(unitsOf(order.price, contract.pricePlaces), group);
    const left = unitsOf(order.amount, contract.lotPlaces) - unitsOf(order.filled_amount, contract.lotPlaces);
    sizes.set(at, (sizes.get(at) ?? 0) + left);
  }
  return sizes;
}

export function spreadOf(book, { pricePlaces }) {
  const bid = book.bids.best;
  const ask = book.asks.best;
  if (bid === null && ask === null) return { middle: DASH, words: "The book is empty" };
  if (bid === null || ask === null) return { middle: DASH, words: `No ${bid === null ? "bids" : "asks"} at the moment` };
  const middle = new Decimal(BigInt(bid + ask) * 5n, pricePlaces + 1);
  const basisPoints = ((ask - bid) / ((ask + bid) / 2)) * 10_000;
  return {
    middle: number(middle, pricePlaces + 1).replace(/0$/, ""),
    words: `Spread ${number(unitsText(ask - bid, pricePlaces), pricePlaces)} · ${basisPoints.toFixed(2)} bp`,
  };
}
