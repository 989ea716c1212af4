// Orders that are done: filled, cancelled, refused.

import { contractCell, sideCell } from "novate/cells";
import { dateAndTime, number } from "novate/format";
import { followHistory } from "novate/history";
import { contracts } from "novate/markets";
import { conditionsOf, priceWords, stateWords, typeWords } from "novate/order-words";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

class OrderHistory extends HTMLElement {
  #stop = null;

  async connectedCallback() {
    const listed = await contracts();
    const panel = new Panel(this, "Order history", columns(listed), "No orders yet", "Filled and cancelled orders are kept here.");
    const read = () => stream.call("private/get_order_history_by_currency", { currency: "USDC", count: 100, include_unfilled: true });
    const history = followHistory(read, () => draw(), "order");
    const draw = () => panel.show(history.source, history.source.rows, (row) => row.order_id);
    this.#stop = history.stop;
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

function columns(listed) {
  const places = (row, name) => listed.get(row.instrument_name)?.[name] ?? 3;
  return [
    { label: "Contract", cell: (row, cell) => contractCell(row.instrument_name, cell) },
    { label: "Side", cell: (row, cell) => sideCell(row.direction, row.direction === "buy" ? "Buy" : "Sell", cell) },
    { label: "Type", cell: typeWords },
    { label: "Price", kind: "number", cell: (row) => priceWords(row, places(row, "pricePlaces")) },
    { label: "Average", kind: "number", cell: (row) => number(Number(row.filled_amount) ? row.average_price : null, places(row, "pricePlaces")) },
    { label: "Size", kind: "number", cell: (row) => number(row.amount, places(row, "lotPlaces")) },
    { label: "Filled", kind: "number", cell: (row) => number(row.filled_amount, places(row, "lotPlaces")) },
    { label: "Conditions", kind: "wide", cell: (row) => conditionsOf(row, places(row, "pricePlaces")) },
    { label: "State", cell: stateWords },
    { label: "Updated", cell: (row) => dateAndTime(row.last_update_timestamp), tone: () => "muted" },
  ];
}

customElements.define("nv-order-history", OrderHistory);
