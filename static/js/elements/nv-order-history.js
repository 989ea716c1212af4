// Orders that are done: filled, cancelled, refused.

import { timeColumn } from "novate/cells";
import { followPages } from "novate/history";
import { contracts } from "novate/markets";
import { orderColumns } from "novate/order-columns";
import { stateWords } from "novate/order-words";
import { Panel } from "novate/panel";
import { reasonWords } from "novate/reasons";
import { stream } from "novate/stream";

const PAGE = 100;
const keyOf = (row) => row.order_id;

class OrderHistory extends HTMLElement {
  #stop = null;

  async connectedCallback() {
    const listed = await contracts();
    const options = { name: "history", isFiltered: this.hasAttribute("filtered") };
    const panel = new Panel(this, "Order history", columns(listed), "No orders yet", "Filled and cancelled orders are kept here.", options);
    const draw = () => panel.show(pages.source, pages.source.rows, keyOf);
    const pages = followPages({ host: this, read, keyOf, onChange: () => draw(), kinds: ["order"] });
    this.rows = pages.all;
    this.#stop = () => { pages.stop(); panel.stop(); };
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

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

customElements.define("nv-order-history", OrderHistory);
