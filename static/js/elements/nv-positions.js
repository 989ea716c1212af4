// Open positions, revalued as the engine revalues them; each can be closed, reversed, protected.

import { account } from "novate/account";
import { actionCell, contractColumn, placesIn, sideCell } from "novate/cells";
import { Decimal } from "novate/decimal";
import { eachFrame, text } from "novate/dom";
import { DASH, directionOf, money, number, rate, signed } from "novate/format";
import { contracts } from "novate/markets";
import { closePosition } from "novate/orders";
import { Panel } from "novate/panel";
import { liveValue, watchMarks } from "novate/valuation";

// Questions are asked seldom: their words are fetched when they are.
const asking = (name) => async (position) => (await import("novate/position-actions"))[name](position);

const ACTIONS = [
  { label: "Close", act: (position) => closePosition(position), title: "Close all of it at market, now" },
  { label: "Limit", act: asking("closeAtLimit"), title: "Close all of it at a price" },
  { label: "Reverse", act: asking("reverse"), title: "Close it and open as much the other way" },
];

class Positions extends HTMLElement {
  #stops = [];

  async connectedCallback() {
    const listed = await contracts();
    const options = { name: "positions", isFiltered: this.hasAttribute("filtered") };
    const panel = new Panel(this, "Open positions", columns(listed), "No open positions", "What you buy or sell shows here with its profit, margin and liquidation price.", options);
    const rows = () => [...account.positions.values()].map((position) => liveValue(position));
    this.rows = rows;
    const draw = eachFrame(() => panel.show(account, rows(), (row) => row.instrument_name));
    this.#stops = [account.watch(draw, "positions", "orders"), watchMarks(draw), () => panel.stop()];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }
}

function columns(listed) {
  const places = placesIn(listed);
  const prices = places("pricePlaces");
  const price = (label, read, more = {}) => ({
    label, kind: "number", value: read, places: prices,
    cell: (row) => (Number(read(row)) > 0 ? number(read(row), prices(row)) : DASH), ...more,
  });
  return [
    contractColumn,
    { label: "Size", kind: "number", value: (row) => row.size, cell: (row, cell) => sideCell(row.direction, sizeWords(row, places("lotPlaces")(row)), cell), words: (row) => (row.direction === "buy" ? "Long" : "Short") },
    { label: "Value, USDC", kind: "number", value: (row) => row.value, cell: (row) => money(row.value) },
    price("Entry", (row) => row.average_price),
    price("Mark", (row) => row.mark_price),
    price("Liquidation", (row) => row.estimated_liquidation_price ?? 0, { tone: () => "violet" }),
    { label: "Margin, USDC", kind: "number", value: (row) => row.initial_margin, cell: (row) => money(row.initial_margin) },
    { label: "Unrealised P&L, USDC", kind: "number wide", value: (row) => row.profit, cell: (row) => `${signed(row.profit, 2)} (${rate(row.profitRate, 2)})`, tone: (row) => directionOf(row.profit) },
    { label: "TP / SL", kind: "number", words: (row) => exitWords(row, prices(row)), cell: (row, cell) => exitsCell(row, prices(row), cell) },
    { label: "Actions", kind: "actions", cell: (row, cell) => actionCell(cell, row, ACTIONS) },
  ];
}

function sizeWords(row, places) {
  const size = number(Decimal.from(row.size).absolute(), places);
  return `${row.direction === "buy" ? "Long" : "Short"} ${size}`;
}

// What waits to close it, take profit first; pressed, it asks for more.
function exitsCell(row, places, cell) {
  const words = exitWords(row, places);
  const [button] = actionCell(cell, row, [{ label: words, act: asking("protect"), title: "Take profit and stop loss" }]).children;
  text(button, words === DASH ? "Add" : words);
  return button.parentNode;
}

const exitWords = (row, places) => account.exitsOf(row).map((order) => number(order.trigger_price, places)).join(" / ") || DASH;

customElements.define("nv-positions", Positions);
