// A liquidation in words: why it began, each step, how it ended and what the owner can do.

import { Decimal } from "novate/decimal";
import { money, number, timeOfDay } from "novate/format";
import { contract, identity } from "novate/markets";

const HEADINGS = {
  under_way: "Your account is being liquidated",
  target_reached: "The liquidation of your account is over",
  recovered: "The liquidation of your account was called off",
  nothing_left: "Your account was liquidated",
};

const STAGES = {
  book: "Positions are closed in the order book, no worse than the price at which the account would have nothing left.",
  insured: "The insurance fund pays what the order book pays too little.",
  stuck: "Nobody takes the position at a price that the rules allow. It is tried again every few seconds.",
};

export const headingOf = ({ outcome }) => HEADINGS[outcome];

export function explained(liquidation, stage) {
  const { outcome, equity, maintenance_margin: maintenance, cancelled_orders: cancelled } = liquidation;
  const orders = cancelled === 0 ? "" : ` ${cancelled === 1 ? "One open order was" : `${cancelled} open orders were`} cancelled.`;
  const why = `At ${timeOfDay(liquidation.started_timestamp)} equity of ${money(equity)} USDC was below the maintenance margin of ${money(maintenance)} USDC.${orders}`;
  const after = money(liquidation.equity_after ?? 0);
  const ends = {
    under_way: `${STAGES[stage] ?? ""} It ends when equity is 1.1 times the maintenance margin. To end it sooner, deposit, or reduce positions yourself: reduce-only orders are accepted.`,
    target_reached: `It ended at ${timeOfDay(liquidation.ended_timestamp)}: equity of ${after} USDC is above the maintenance margin of ${money(liquidation.maintenance_margin_after ?? 0)} USDC again. You can trade; reduce what you hold, or deposit, to stay clear of the next one.`,
    recovered: `It ended at ${timeOfDay(liquidation.ended_timestamp)}: prices came back, and equity of ${after} USDC is above the maintenance margin again. You can trade.`,
    nothing_left: `It ended at ${timeOfDay(liquidation.ended_timestamp)}: no position is left, equity is ${after} USDC. You can trade with what is left, or deposit.`,
  };
  return [why, ends[outcome]];
}

// "22:10:05 · Sold 0.100 of 0.120 BTC, limit 59,000.0, mark 59,500.0. Fee 12.30 USDC."
export async function stepInWords(step) {
  const { pricePlaces, lotPlaces } = await contract(step.instrument_name);
  const { base } = identity(step.instrument_name);
  const sold = step.direction === "sell" ? "Sold" : "Bought";
  const at = `limit ${number(step.limit_price, pricePlaces)}, mark ${number(step.mark_price, pricePlaces)}`;
  const time = timeOfDay(step.timestamp);
  if (Decimal.from(step.filled_amount).sign() === 0) return `${time} · Nothing could be closed: nobody takes ${base} at the limit yet (mark ${number(step.mark_price, pricePlaces)}).`;
  const insurance = Number(step.insurance) ? ` The insurance fund paid ${money(step.insurance)} USDC.` : "";
  return `${time} · ${sold} ${number(step.filled_amount, lotPlaces)} of ${number(step.amount, lotPlaces)} ${base}, ${at}. Fee ${money(step.fee)} USDC.${insurance}`;
}
