// All accounts of the person: as the main account sees them, each with what it holds. A
// sub-account sees itself only.

import { Decimal } from "novate/decimal";
import { stream } from "novate/stream";

// Map of account number → its summary.
export async function ownAccounts() {
  const rows = await stream.call("private/get_subaccounts", { with_portfolio: true });
  return new Map(rows.map((row) => [String(row.id), row.portfolio.usdc]));
}

// What an account could give away now; null if this account may not see it.
export async function freeFunds(number) {
  try {
    const summary = (await ownAccounts()).get(String(number));
    return summary ? Decimal.from(summary.available_withdrawal_funds) : null;
  } catch {
    return null;
  }
}
