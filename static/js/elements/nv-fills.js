// One's own fills, newest first.

import { contractCell, sideCell } from "novate/cells";
import { Decimal } from "novate/decimal";
import { dateAndTime, directionOf, money, number, signed } from "novate/format";
import { followHistory } from "novate/history";
import { contracts } from "novate/markets";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

class Fills extends HTMLElement {
  #stop = null;

  async connectedCallback() {
    const listed = await contracts();
    const panel = new Panel(this, "Fills", columns(listed), "No fills yet", "Each trade of yours is listed here with its fee and role.");
    const question = { currency: "USDC", count: 100, sorting: "desc" };
    const read = async () => (await stream.call("private/get_user_trades_by_currency", question)).trades;
    const history = followHistory(read, () => draw(), "fill");
    const draw = () => panel.show(history.source, history.source.rows, (row) => row.trade_id);
    this.#stop = history.stop;
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

function columns(listed) {
  const places = (row, name) => listed.get(row.instrument_name)?.[name] ?? 3;
  const value = (row) => Decimal.from(row.price).times(Decimal.from(row.amount));
  return [
    { label: "Contract", cell: (row, cell) => contractCell(row.instrument_name, cell) },
    { label: "Side", cell: (row, cell) => sideCell(row.direction, row.direction === "buy" ? "Buy" : "Sell", cell) },
    { label: "Price", kind: "number", cell: (row) => number(row.price, places(row, "pricePlaces")) },
    { label: "Size", kind: "number", cell: (row) => number(row.amount, places(row, "lotPlaces")) },
    { label: "Value, USDC", kind: "number", cell: (row) => money(value(row)) },
    { label: "Fee, USDC", kind: "number", cell: (row) => number(row.fee, 4) },
    { label: "Role", cell: (row) => (row.liquidity === "M" ? "Maker" : "Taker") },
    { label: "Realised P&L, USDC", kind: "number", cell: (row) => signed(row.profit_loss ?? 0, 2), tone: (row) => directionOf(row.profit_loss ?? 0) },
    { label: "Time", cell: (row) => dateAndTime(row.timestamp), tone: () => "muted" },
  ];
}

customElements.define("nv-fills", Fills);
