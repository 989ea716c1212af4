// Funding that one received or paid, hour by hour, newest first.

import { contractColumn, timeColumn } from "novate/cells";
import { Decimal } from "novate/decimal";
import { directionOf, signed } from "novate/format";
import { followPages } from "novate/history";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

const PAGE = 100;
const keyOf = (row) => `${row.timestamp} ${row.instrument_name}`;

class Funding extends HTMLElement {
  #stop = null;

  connectedCallback() {
    const options = { name: "funding", isFiltered: this.hasAttribute("filtered") };
    const panel = new Panel(this, "Funding", COLUMNS, "No funding yet", "Positions that are held over a full hour pay or receive funding; each payment is listed here.", options);
    const draw = () => panel.show(pages.source, pages.source.rows, keyOf);
    const pages = followPages({ host: this, read, keyOf, onChange: () => draw(), kinds: ["positions"] });
    this.rows = pages.all;
    this.#stop = () => { pages.stop(); panel.stop(); };
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

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

customElements.define("nv-funding", Funding);
