// Profit and loss by contract, split into price, funding and fees; the last row adds them up.

import { contractCell } from "novate/cells";
import { Decimal } from "novate/decimal";
import { compact, directionOf, signed } from "novate/format";
import { followHistory } from "novate/history";
import { Panel } from "novate/panel";
import { chooseSpan } from "novate/spans";
import { stream } from "novate/stream";

const PARTS = ["price", "funding", "fees", "liquidation", "total"];
const SUM = "All contracts";

class Profit extends HTMLElement {
  #history = null;

  connectedCallback() {
    let span = chooseSpan(this.querySelector(".spans"), (chosen) => {
      span = chosen;
      this.#history.reload();
    });
    const panel = new Panel(this.querySelector(".profit-table"), "Profit and loss by contract", COLUMNS, "Nothing traded in this span", "Each contract's profit stands here, by where it came from.");
    const read = async () => (await stream.call("risk/get_profit_and_loss", { span })).contracts;
    const draw = () => {
      const { source } = this.#history;
      panel.show(source, withSum(source.rows), (row) => row.instrument_name);
    };
    this.#history = followHistory(read, () => draw(), "fill");
    draw();
  }

  disconnectedCallback() {
    this.#history?.stop();
  }
}

function withSum(rows) {
  if (rows.length === 0) return rows;
  const sum = (part) => rows.reduce((total, row) => total.plus(Decimal.from(row[part])), Decimal.zero);
  const parts = Object.fromEntries([...PARTS, "volume"].map((part) => [part, sum(part)]));
  return [...rows, { ...parts, instrument_name: SUM, trades: rows.reduce((count, row) => count + row.trades, 0) }];
}

function part(label, name) {
  return { label, kind: "number", cell: (row) => signed(row[name], 2), tone: (row) => directionOf(row[name]) };
}

const COLUMNS = [
  { label: "Contract", cell: (row, cell) => (row.instrument_name === SUM ? SUM : contractCell(row.instrument_name, cell)), tone: (row) => (row.instrument_name === SUM ? "sum" : "") },
  part("Price, USDC", "price"),
  part("Funding, USDC", "funding"),
  part("Fees, USDC", "fees"),
  part("Liquidation, USDC", "liquidation"),
  part("Total, USDC", "total"),
  { label: "Volume, USDC", kind: "number", cell: (row) => compact(row.volume) },
  { label: "Trades", kind: "number", cell: (row) => String(row.trades) },
];

customElements.define("nv-profit", Profit);
