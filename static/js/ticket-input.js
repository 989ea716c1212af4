// What a touched control of the ticket means for its model; null when it means nothing.

import { Decimal } from "novate/decimal";
import { typed } from "novate/format";

const CHANGES = {
  price: ({ value }) => ({ price: Decimal.from(typed(value)) }),
  size: ({ value }) => ({ size: Decimal.from(typed(value)), share: 0 }),
  share: ({ value }) => ({ share: Number(value) }),
  unit: ({ value }) => ({ unit: value, size: null, share: 0 }),
  timeInForce: ({ value }) => ({ timeInForce: value, postOnly: false }),
  postOnly: ({ checked }) => ({ postOnly: checked, timeInForce: "good_til_cancelled" }),
  reduceOnly: ({ checked }) => ({ reduceOnly: checked }),
};

export const changeOf = (control) => CHANGES[control.name]?.(control) ?? null;

// A pressed button: side, type, or one of the price shortcuts.
export function pressOf(button, ticker) {
  const { name, value } = button ?? {};
  if (name === "side" || name === "type") return { [name]: value };
  return name === "at" && Number(ticker?.[value]) ? { price: Decimal.from(ticker[value]) } : null;
}

// Arrow keys in the price move it by one tick, and ten with Shift.
export function stepOf({ target, key, shiftKey }, { price, contract }) {
  const direction = { ArrowUp: 1n, ArrowDown: -1n }[key];
  if (target.name !== "price" || !direction || !price) return null;
  return { price: price.plus(contract.tick.times(new Decimal(direction * (shiftKey ? 10n : 1n), 0))) };
}
