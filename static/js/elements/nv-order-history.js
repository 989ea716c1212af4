// Orders that are done: filled, cancelled, refused.

import { timeColumn } from "novate/cells";
import { historyElement } from "novate/history-element";
import { orderColumns } from "novate/order-columns";
import { stateWords } from "novate/order-words";
import { reasonWords } from "novate/reasons";
import { stream } from "novate/stream";

const PAGE = 100;

async function read(from, count = PAGE) {
  const question = { currency: "USDC", count, include_unfilled: true, with_continuation: true, ...(from && { continuation: from }) };
  const { data, continuation } = await stream.call("private/get_order_history_by_currency", question);
  return { rows: data, next: continuation };
}

function columns(listed) {
  const { contract, side, type, price, average, size, filled, conditions } = orderColumns(listed);
  const state = { label: "State", value: stateWords, cell: stateWords, title: reasonWords };
  return [contract, side, type, price, average, size, filled, conditions, state, timeColumn("Updated", "last_update_timestamp")];
}

customElements.define("nv-order-history", historyElement({
  name: "history", caption: "Order history", emptyTitle: "No orders yet", emptyDetail: "Filled and cancelled orders are kept here.",
  columns, read, keyOf: (row) => row.order_id, kinds: ["order"],
}));
