// Arithmetic of the order book's picture. Prices are whole units of 10^-places (see book.js).

import { Decimal } from "novate/decimal";
import { DASH, number } from "novate/format";
import { isWaiting } from "novate/order-words";

const STEPS = [1, 2, 5, 10, 50, 100, 500, 1000];

export const priceText = (units, places) => String(new Decimal(BigInt(units), places));

// Groupings that make sense: from one tick to a thousand.
export function groupings({ tick, pricePlaces }) {
  const tickUnits = Number(tick.truncated(pricePlaces).units);
  return STEPS.map((step) => ({ units: step * tickUnits, label: priceText(step * tickUnits, pricePlaces) }));
}

// The groups that hold one's own orders; those that wait for a trigger are in no book.
export function ownPrices(orders, contract, side, group) {
  const toward = side === "buy" ? Math.floor : Math.ceil;
  const prices = new Set();
  for (const order of orders) {
    if (order.instrument_name !== contract.name || order.direction !== side || isWaiting(order)) continue;
    const units = Math.round(Number(order.price) * 10 ** contract.pricePlaces);
    prices.add(toward(units / group) * group);
  }
  return prices;
}

export function spreadOf(book, { pricePlaces }) {
  const bid = book.best("buy");
  const ask = book.best("sell");
  if (bid === null || ask === null) return { middle: DASH, words: "One side is empty" };
  const middle = new Decimal(BigInt(bid + ask) * 5n, pricePlaces + 1);
  const basisPoints = ((ask - bid) / ((ask + bid) / 2)) * 10_000;
  return {
    middle: number(middle, pricePlaces + 1).replace(/0$/, ""),
    words: `Spread ${number(priceText(ask - bid, pricePlaces), pricePlaces)} · ${basisPoints.toFixed(2)} bp`,
  };
}
