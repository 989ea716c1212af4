// Deposits and withdrawals, newest first.

import { dateAndTime, directionOf, signed } from "novate/format";
import { historyElement } from "novate/history-element";
import { stream } from "novate/stream";

const COUNT = 20;
const WORDS = { deposit: { completed: "Deposit, arrived" }, withdrawal: { unconfirmed: "Withdrawal, held", completed: "Withdrawal, paid", cancelled: "Withdrawal, returned" } };

async function read() {
  const asked = ["deposits", "withdrawals"].map((name) => stream.call(`private/get_${name}`, { currency: "USDC", count: COUNT }));
  const [deposits, withdrawals] = await Promise.all(asked);
  const rows = [...deposits.data.map((row) => ({ ...row, kind: "deposit" })),
    ...withdrawals.data.map((row) => ({ ...row, kind: "withdrawal", amount: `-${row.amount}` }))];
  return rows.sort((one, other) => other.created_timestamp - one.created_timestamp).slice(0, COUNT);
}

const COLUMNS = [
  { label: "What", cell: (row) => WORDS[row.kind][row.state] ?? `${row.kind}, ${row.state}` },
  { label: "Change, USDC", kind: "number wide", cell: (row) => signed(row.amount, 2), tone: (row) => directionOf(row.amount) },
  { label: "Time", cell: (row) => dateAndTime(row.created_timestamp), tone: () => "muted" },
];

customElements.define("nv-deposits", historyElement({
  caption: "Deposits and withdrawals", emptyTitle: "No deposits yet", emptyDetail: "Test funds arrive at once.",
  columns: COLUMNS, read, keyOf: (row) => `${row.kind} ${row.id}`, kinds: ["summary"],
}));
