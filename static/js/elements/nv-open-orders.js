// Open orders, newest first; each can be cancelled.

import { account } from "novate/account";
import { actionCell, contractCell, sideCell } from "novate/cells";
import { eachFrame } from "novate/dom";
import { dateAndTime, number } from "novate/format";
import { contracts } from "novate/markets";
import { conditionsOf, priceWords, typeWords } from "novate/order-words";
import { cancel } from "novate/orders";
import { Panel } from "novate/panel";

class OpenOrders extends HTMLElement {
  #stop = null;

  async connectedCallback() {
    const listed = await contracts();
    const panel = new Panel(this, "Open orders", columns(listed), "No open orders", "Orders wait here until they are filled, cancelled, or reached by their trigger.");
    const rows = () => [...account.orders.values()].sort((a, b) => b.creation_timestamp - a.creation_timestamp);
    this.#stop = account.watch(eachFrame(() => panel.show(account, rows(), (row) => row.order_id)), "orders");
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
    { label: "Size", kind: "number", cell: (row) => number(row.amount, places(row, "lotPlaces")) },
    { label: "Filled", kind: "number", cell: (row) => number(row.filled_amount, places(row, "lotPlaces")) },
    { label: "Conditions", kind: "wide", cell: (row) => conditionsOf(row, places(row, "pricePlaces")) },
    { label: "Placed", cell: (row) => dateAndTime(row.creation_timestamp), tone: () => "muted" },
    { label: "Actions", kind: "actions", cell: (row, cell) => actionCell(cell, row, [{ label: "Cancel", act: cancel }]) },
  ];
}

customElements.define("nv-open-orders", OpenOrders);
