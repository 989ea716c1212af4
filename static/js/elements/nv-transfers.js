// Money moved between accounts of one's own, newest first.

import { dateAndTime, directionOf, signed } from "novate/format";
import { followHistory } from "novate/history";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

class Transfers extends HTMLElement {
  #stop = null;

  connectedCallback() {
    const panel = new Panel(this, "Transfers", COLUMNS, "No transfers yet", "Moves between your accounts are listed here.");
    const read = async () => (await stream.call("private/get_transfers", { currency: "USDC", count: 50 })).data;
    const history = followHistory(read, () => draw(), "summary");
    const draw = () => panel.show(history.source, history.source.rows, (row) => row.id);
    this.#stop = history.stop;
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

const nameOf = (number) => document.querySelector(`.account-name[data-account="${CSS.escape(number)}"]`)?.textContent ?? number;
const change = (row) => (row.direction === "payment" ? `-${row.amount}` : row.amount);

const COLUMNS = [
  { label: "What", cell: (row) => `${row.direction === "payment" ? "To" : "From"} ${nameOf(row.other_side)}` },
  { label: "Change, USDC", kind: "number", cell: (row) => signed(change(row), 6), tone: (row) => directionOf(change(row)) },
  { label: "Time", cell: (row) => dateAndTime(row.created_timestamp), tone: () => "muted" },
];

customElements.define("nv-transfers", Transfers);
