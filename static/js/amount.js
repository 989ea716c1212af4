// A field for an amount of money: what was typed, in the reader's locale, or what is wrong with it.

import { Decimal } from "novate/decimal";
import { money, typed } from "novate/format";

const PLACES = 6;

// { value } with a decimal string, or { problem } in words. most: a Decimal, or null if unknown.
export function readAmount(input, most) {
  const plain = typed(input.value);
  const amount = plain === null ? null : Decimal.from(plain);
  if (amount === null || amount.sign() <= 0) return { problem: "Type an amount above zero." };
  if (amount.compare(amount.truncated(PLACES)) !== 0) return { problem: `At most ${PLACES} decimals.` };
  if (most && amount.compare(most) > 0) return { problem: `At most ${money(most.truncated(2))} USDC are free.` };
  return { value: plain };
}
