// Everything that changed the balance, newest first.

import { dateAndTime, directionOf, number, signed } from "novate/format";
import { historyElement } from "novate/history-element";
import { identity } from "novate/markets";
import { stream } from "novate/stream";

const WORDS = {
  trade: "Trading fee", deposit: "Deposit", withdrawal: "Withdrawal", transfer: "Transfer",
  settlement: "Profit and loss settled", liquidation: "Liquidation fee", insurance: "Paid by insurance",
  socialized_loss: "Bad debt",
};
const SPAN_MS = 90 * 86_400_000;

async function read() {
  const now = Date.now();
  const question = { currency: "USDC", start_timestamp: now - SPAN_MS, end_timestamp: now + 60_000, count: 100 };
  return (await stream.call("private/get_transaction_log", question)).logs;
}

const COLUMNS = [
  { label: "What", cell: (row) => WORDS[row.type] ?? row.type.replaceAll("_", " ") },
  { label: "Contract", cell: (row) => (row.instrument_name ? `${identity(row.instrument_name).base} ${identity(row.instrument_name).kind}` : "") },
  { label: "Change, USDC", kind: "number wide", cell: (row) => signed(row.change, 6), tone: (row) => directionOf(row.change) },
  { label: "Balance, USDC", kind: "number wide", cell: (row) => number(row.balance, 6) },
  { label: "Time", cell: (row) => dateAndTime(row.timestamp), tone: () => "muted" },
];

customElements.define("nv-ledger", historyElement({
  caption: "Ledger", emptyTitle: "Nothing has moved yet", emptyDetail: "Deposits, fees and settled profit are listed here to the last unit.",
  columns: COLUMNS, read, keyOf: (row) => row.id, kinds: ["fill", "balance"],
}));
