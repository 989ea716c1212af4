// Open positions, revalued as the engine revalues them; each can be closed at market.

import { account } from "novate/account";
import { actionCell, contractCell, sideCell } from "novate/cells";
import { Decimal } from "novate/decimal";
import { eachFrame } from "novate/dom";
import { DASH, directionOf, money, number, rate, signed } from "novate/format";
import { contracts } from "novate/markets";
import { closePosition } from "novate/orders";
import { Panel } from "novate/panel";
import { liveValue, watchMarks } from "novate/valuation";

class Positions extends HTMLElement {
  #stops = [];

  async connectedCallback() {
    const listed = await contracts();
    const panel = new Panel(this, "Open positions", columns(listed), "No open positions", "What you buy or sell shows here with its profit, margin and liquidation price.");
    const rows = () => [...account.positions.values()].map((position) => liveValue(position));
    const draw = eachFrame(() => panel.show(account, rows(), (row) => row.instrument_name));
    this.#stops = [account.watch(draw, "positions"), watchMarks(draw)];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }
}

function columns(listed) {
  const price = (row, value) => number(value, listed.get(row.instrument_name)?.pricePlaces ?? 2);
  return [
    { label: "Contract", cell: (row, cell) => contractCell(row.instrument_name, cell) },
    { label: "Size", kind: "number", cell: (row, cell) => sideCell(row.direction, sizeWords(row, listed), cell) },
    { label: "Value, USDC", kind: "number", cell: (row) => money(row.value) },
    { label: "Entry", kind: "number", cell: (row) => price(row, row.average_price) },
    { label: "Mark", kind: "number", cell: (row) => price(row, row.mark_price) },
    { label: "Liquidation", kind: "number", cell: (row) => (Number(row.estimated_liquidation_price) > 0 ? price(row, row.estimated_liquidation_price) : DASH), tone: () => "violet" },
    { label: "Margin, USDC", kind: "number", cell: (row) => money(row.initial_margin) },
    { label: "Unrealised P&L, USDC", kind: "number wide", cell: (row) => `${signed(row.profit, 2)} (${rate(row.profitRate, 2)})`, tone: (row) => directionOf(row.profit) },
    { label: "Actions", kind: "actions", cell: (row, cell) => actionCell(cell, row, [{ label: "Close", act: closePosition }]) },
  ];
}

function sizeWords(row, listed) {
  const places = listed.get(row.instrument_name)?.lotPlaces ?? 3;
  return `${row.direction === "buy" ? "Long" : "Short"} ${number(Decimal.from(row.size).absolute(), places)}`;
}

customElements.define("nv-positions", Positions);
