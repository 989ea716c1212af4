// The preview's rows in words; the same rows in the same order whether or not there is an answer,
// so that nothing moves.

import { Decimal } from "novate/decimal";
import { DASH, money, number, rate, signed } from "novate/format";
import { errorInWords, reasonInWords } from "novate/reasons";

export function previewRows(answer, model) {
  const a = answer ?? {};
  const { pricePlaces = 2, lotPlaces = 3, base = "", leverage = null } = model?.contract ?? {};
  const filled = Decimal.from(a.filled_amount ?? 0);
  return [
    { label: "Expected fill", value: fillWords(a, filled, { pricePlaces, lotPlaces, base }) },
    { label: "Slippage", value: filled.sign() > 0 ? `${unsigned(a.slippage)} · ${money(a.slippage_cost)} USDC` : DASH },
    { label: "Fee", value: answer ? `${money(a.fee ?? 0)} USDC` : DASH },
    { label: "Margin", value: change(a.accepted, a.initial_margin_before, a.initial_margin_after) },
    { label: "Available", value: change(a.accepted, a.available_before, a.available_after) },
    { label: leverage ? `Leverage, of ${leverage}×` : "Leverage", value: change(a.accepted, a.leverage_before, a.leverage_after, "×") },
    liquidation(a, pricePlaces),
    { label: "Funding 8 h · 24 h", value: funding(a) },
  ];
}

// Why it would be refused and what to do; of too little margin, the size that would do.
export function refusalOf(answer, error, model) {
  if (error) return errorInWords(error);
  if (!answer || answer.accepted !== false) return null;
  const { base = "", lotPlaces = 3 } = model?.contract ?? {};
  const { shortfall, largest_amount: largest } = answer;
  const words = largest === null || largest === undefined ? undefined : Number(largest) > 0 ? `${number(largest, lotPlaces)} ${base}` : "";
  return reasonInWords(answer.reason_name, { shortfall, largest: words });
}

function fillWords(answer, filled, { pricePlaces, lotPlaces, base }) {
  const { accepted, average_price: average, resting_amount: resting, waiting_amount: waiting } = answer;
  if (!accepted) return DASH;
  if (Number(waiting) > 0) return `Waits for ${number(answer.trigger_price, pricePlaces)}`;
  const rests = Number(resting) > 0;
  if (filled.sign() === 0) return rests ? "Rests in the book" : "Nothing would fill";
  return `${number(filled, lotPlaces)} ${base} at ${number(average, pricePlaces)}${rests ? ", rest waits" : ""}`;
}

// How far the mark is from it: in percent, and in days' usual moves (σ, realised, daily).
function liquidation(answer, places) {
  const { liquidation_price: price, liquidation_distance: distance, liquidation_sigmas: sigmas } = answer;
  const exact = Decimal.from(price);
  if (!exact || exact.sign() <= 0) return { label: "Liquidation", value: DASH };
  const parts = [distance !== null && rate(distance, 1), sigmas !== null && `${number(sigmas, 1)} σ`].filter(Boolean);
  const title = sigmas === null ? null : `${number(sigmas, 1)} times what the price usually moves in a day: ${unsigned(answer.volatility_1d, 1)}, realised over the last week`;
  return { label: "Liquidation", value: number(exact, places) + (parts.length ? ` (${parts.join(", ")})` : ""), tone: "violet", title };
}

// What the position would receive (+) or pay (−) if the funding rate stayed as it is.
function funding({ accepted, funding_8h: eight, funding_24h: day }) {
  return accepted && Number(day) ? `${signed(eight, 2)} · ${signed(day, 2)} USDC` : DASH;
}

// An order that would be refused changes nothing: what the account has is all there is to say.
function change(accepted, before, after, unit = "") {
  if (after === undefined || after === null || before === null) return DASH;
  const isSame = !accepted || Decimal.from(before).compare(Decimal.from(after)) === 0;
  return isSame ? `${money(before)}${unit}` : `${money(before)} → ${money(after)}${unit}`;
}

const unsigned = (value, places = 3) => (Decimal.from(value) ? rate(value, places).replace("+", "") : DASH);

// A share of buying power that the engine would refuse becomes one that it would accept.
export function tellAffordable({ largest_amount: largest }, model) {
  if (largest === undefined || largest === null || !model.share) return;
  dispatchEvent(new CustomEvent("affordable", { detail: { terms: model.terms, amount: Decimal.from(largest) } }));
}
