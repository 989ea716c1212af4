// Money moved between accounts of one's own, newest first.

import { dateAndTime, directionOf, signed } from "novate/format";
import { historyElement } from "novate/history-element";
import { stream } from "novate/stream";

const read = async () => (await stream.call("private/get_transfers", { currency: "USDC", count: 50 })).data;

const nameOf = (number) => document.querySelector(`.account-name[data-account="${CSS.escape(number)}"]`)?.textContent ?? number;
const change = (row) => (row.direction === "payment" ? `-${row.amount}` : row.amount);

const COLUMNS = [
  { label: "What", cell: (row) => `${row.direction === "payment" ? "To" : "From"} ${nameOf(row.other_side)}` },
  { label: "Change, USDC", kind: "number wide", cell: (row) => signed(change(row), 6), tone: (row) => directionOf(change(row)) },
  { label: "Time", cell: (row) => dateAndTime(row.created_timestamp), tone: () => "muted" },
];

customElements.define("nv-transfers", historyElement({
  caption: "Transfers", emptyTitle: "No transfers yet", emptyDetail: "Moves between your accounts are listed here.",
  columns: COLUMNS, read, keyOf: (row) => row.id, kinds: ["balance"],
}));
