// The preview's rows in words; the same rows in the same order whether or not there is an answer,
// so that nothing moves.

import { Decimal } from "novate/decimal";
import { DASH, money, number, rate } from "novate/format";
import { errorInWords, reasonInWords } from "novate/reasons";

export function previewRows(answer, model) {
  const a = answer ?? {};
  const { pricePlaces = 2, lotPlaces = 3, base = "" } = model?.contract ?? {};
  const filled = Decimal.from(a.filled_amount ?? 0);
  return [
    { label: "Expected fill", value: fillWords(a, filled, { pricePlaces, lotPlaces, base }) },
    { label: "Slippage to mid", value: filled.sign() > 0 ? unsigned(a.slippage) : DASH },
    { label: "Fee", value: answer ? `${money(a.fee ?? 0)} USDC` : DASH },
    { label: "Initial margin", value: change(a.accepted, a.initial_margin_before, a.initial_margin_after) },
    { label: "Available", value: change(a.accepted, a.available_before, a.available_after) },
    liquidation(a, pricePlaces),
  ];
}

export function refusalOf(answer, error) {
  if (error) return errorInWords(error);
  return answer && answer.accepted === false ? reasonInWords(answer.reason_name, answer.shortfall) : null;
}

function fillWords({ accepted, average_price: average, resting_amount: resting }, filled, { pricePlaces, lotPlaces, base }) {
  if (!accepted) return DASH;
  const rests = Number(resting) > 0;
  if (filled.sign() === 0) return rests ? "Rests in the book" : "Nothing would fill";
  return `${number(filled, lotPlaces)} ${base} at ${number(average, pricePlaces)}${rests ? ", rest waits" : ""}`;
}

function liquidation({ liquidation_price: price, mark_price: mark }, places) {
  const exact = Decimal.from(price);
  if (!exact || exact.sign() <= 0) return { label: "Liquidation price", value: DASH };
  const distance = mark ? ` (${rate(exact.minus(Decimal.from(mark)).over(Decimal.from(mark), 6), 1)})` : "";
  return { label: "Liquidation price", value: number(exact, places) + distance, tone: "violet" };
}

// An order that would be refused changes nothing: what the account has is all there is to say.
function change(accepted, before, after) {
  if (after === undefined || after === null) return DASH;
  return accepted ? `${money(before)} → ${money(after)}` : money(before);
}

const unsigned = (value) => (Decimal.from(value) ? rate(value, 3).replace("+", "") : DASH);
