// The margin of an account as two sentences: what asks for it, and how far away its end is.

import { Decimal } from "novate/decimal";
import { money } from "novate/format";
import { identity } from "novate/markets";

// explained: the answer of risk/explain_margin.
export function marginInWords({ summary, contracts }) {
  const [equity, initial, maintenance] = ["equity", "initial_margin", "maintenance_margin"].map((name) => Decimal.from(summary[name]));
  if (initial.sign() === 0) return "Nothing asks for margin: there is no position and no open order.";
  const asked = contracts.map((row) => share(row)).filter(Boolean).join(", ");
  const first = `Of ${money(equity)} USDC equity ${money(initial)} are asked for: ${asked}.`;
  if (maintenance.sign() === 0) return `${first} Without a position nothing can be liquidated.`;
  const room = equity.minus(maintenance);
  if (room.sign() < 0) return `${first} Equity is below maintenance margin: the account is being liquidated.`;
  return `${first} Liquidation begins when equity falls by ${money(room)} to ${money(maintenance)} USDC.`;
}

function share(row) {
  const { base } = identity(row.instrument_name);
  const [own, orders] = [row.initial_margin, row.open_orders_margin].map((value) => Decimal.from(value));
  const parts = [own.sign() ? `${money(own)} for ${base}` : "", orders.sign() ? `${money(orders)} for open orders in ${base}` : ""];
  return parts.filter(Boolean).join(", ");
}
