// One's own fills, newest first.

import { contractColumn, placesIn, sideColumn, timeColumn } from "novate/cells";
import { Decimal } from "novate/decimal";
import { directionOf, money, number, signed } from "novate/format";
import { historyElement } from "novate/history-element";
import { stream } from "novate/stream";

const PAGE = 100;

// A page ends at a trade; the next one begins at the trade before it.
async function read(from, count = PAGE) {
  const question = { currency: "USDC", count, sorting: "desc", ...(from && { end_id: from }) };
  const { trades, has_more: hasMore } = await stream.call("private/get_user_trades_by_currency", question);
  return { rows: trades, next: hasMore ? String(BigInt(trades.at(-1).trade_id) - 1n) : null };
}

function columns(listed) {
  const prices = placesIn(listed)("pricePlaces");
  const lots = placesIn(listed)("lotPlaces");
  const value = (row) => Decimal.from(row.price).times(Decimal.from(row.amount));
  const role = (row) => (row.liquidation ? "Liquidation" : row.liquidity === "M" ? "Maker" : "Taker");
  return [
    contractColumn,
    sideColumn,
    { label: "Price", kind: "number", value: (row) => Decimal.from(row.price), places: prices, cell: (row) => number(row.price, prices(row)) },
    { label: "Size", kind: "number", value: (row) => Decimal.from(row.amount), places: lots, cell: (row) => number(row.amount, lots(row)) },
    { label: "Value, USDC", kind: "number", value, cell: (row) => money(value(row)) },
    { label: "Fee, USDC", kind: "number", value: (row) => Decimal.from(row.fee), cell: (row) => number(row.fee, 4) },
    { label: "Role", value: role, cell: role },
    { label: "Realised P&L, USDC", kind: "number", value: (row) => Decimal.from(row.profit_loss ?? 0), cell: (row) => signed(row.profit_loss ?? 0, 2), tone: (row) => directionOf(row.profit_loss ?? 0) },
    timeColumn("Time", "timestamp"),
  ];
}

customElements.define("nv-fills", historyElement({
  name: "fills", caption: "Fills", emptyTitle: "No fills yet", emptyDetail: "Each trade of yours is listed here with its fee and role.",
  columns, read, keyOf: (row) => row.trade_id, kinds: ["fill"],
}));
