// Everything that changed the balance, newest first.

import { dateAndTime, directionOf, number, signed } from "novate/format";
import { followHistory } from "novate/history";
import { identity } from "novate/markets";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

const WORDS = {
  trade: "Trading fee", deposit: "Deposit", withdrawal: "Withdrawal", transfer: "Transfer",
  settlement: "Profit and loss settled", liquidation: "Liquidation fee", insurance: "Paid by insurance",
  socialized_loss: "Bad debt",
};
const SPAN_MS = 90 * 86_400_000;

class Ledger extends HTMLElement {
  #stop = null;

  connectedCallback() {
    const panel = new Panel(this, "Ledger", columns(), "Nothing has moved yet", "Deposits, fees and settled profit are listed here to the last unit.");
    const read = async () => {
      const now = Date.now();
      const question = { currency: "USDC", start_timestamp: now - SPAN_MS, end_timestamp: now + 60_000, count: 100 };
      return (await stream.call("private/get_transaction_log", question)).logs;
    };
    const history = followHistory(read, () => draw(), "fill", "summary");
    const draw = () => panel.show(history.source, history.source.rows, (row) => row.id);
    this.#stop = history.stop;
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

function columns() {
  return [
    { label: "What", cell: (row) => WORDS[row.type] ?? row.type.replaceAll("_", " ") },
    { label: "Contract", cell: (row) => (row.instrument_name ? `${identity(row.instrument_name).base} ${identity(row.instrument_name).kind}` : "") },
    { label: "Change, USDC", kind: "number wide", cell: (row) => signed(row.change, 6), tone: (row) => directionOf(row.change) },
    { label: "Balance, USDC", kind: "number", cell: (row) => number(row.balance, 6) },
    { label: "Time", cell: (row) => dateAndTime(row.timestamp), tone: () => "muted" },
  ];
}

customElements.define("nv-ledger", Ledger);
