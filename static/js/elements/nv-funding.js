// Funding that one received or paid, hour by hour, newest first.

import { contractColumn, timeColumn } from "novate/cells";
import { Decimal } from "novate/decimal";
import { directionOf, signed } from "novate/format";
import { historyElement } from "novate/history-element";
import { stream } from "novate/stream";

const PAGE = 100;

async function read(from, count = PAGE) {
  const question = { count, ...(from !== null && { continuation: from }) };
  const { payments, continuation } = await stream.call("risk/get_funding_payments", question);
  return { rows: payments, next: continuation };
}

const received = (row) => (Number(row.amount) < 0 ? "Paid" : "Received");

const COLUMNS = [
  contractColumn,
  { label: "What", value: received, cell: received },
  { label: "Amount, USDC", kind: "number", value: (row) => Decimal.from(row.amount), cell: (row) => signed(row.amount, 6), tone: (row) => directionOf(row.amount) },
  timeColumn("Time", "timestamp"),
];

customElements.define("nv-funding", historyElement({
  name: "funding", caption: "Funding", emptyTitle: "No funding yet",
  emptyDetail: "Positions that are held over a full hour pay or receive funding; each payment is listed here.",
  columns: COLUMNS, read, keyOf: (row) => `${row.timestamp} ${row.instrument_name}`, kinds: ["positions"],
}));
