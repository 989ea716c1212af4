// Deposits, newest first.

import { dateAndTime, money } from "novate/format";
import { followHistory } from "novate/history";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

class Deposits extends HTMLElement {
  #stop = null;

  connectedCallback() {
    const panel = new Panel(this, "Deposits", COLUMNS, "No deposits yet", "Test funds arrive at once.");
    const read = async () => (await stream.call("private/get_deposits", { currency: "USDC", count: 20 })).data;
    const history = followHistory(read, () => draw(), "summary");
    const draw = () => panel.show(history.source, history.source.rows, (row) => row.transaction_id);
    this.#stop = history.stop;
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

const COLUMNS = [
  { label: "Time", cell: (row) => dateAndTime(row.received_timestamp), tone: () => "muted" },
  { label: "State", cell: (row) => (row.state === "completed" ? "Arrived" : row.state) },
  { label: "Amount, USDC", kind: "number", cell: (row) => money(row.amount) },
];

customElements.define("nv-deposits", Deposits);
