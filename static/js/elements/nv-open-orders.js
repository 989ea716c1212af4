// Open orders, newest first, with what is pending of each; price and size are changed in place.

import { account } from "novate/account";
import { timeColumn } from "novate/cells";
import { eachFrame } from "novate/dom";
import { contracts } from "novate/markets";
import { orderColumns } from "novate/order-columns";
import { Editing } from "novate/order-editing";
import { Panel } from "novate/panel";

class OpenOrders extends HTMLElement {
  #stops = [];

  async connectedCallback() {
    const listed = await contracts();
    const draw = eachFrame(() => panel.show(account, account.openOrders(), (row) => row.order_id));
    const options = { name: "orders", isFiltered: this.hasAttribute("filtered") };
    this.rows = () => account.openOrders();
    const panel = new Panel(this, "Open orders", columns(listed, draw), "No open orders", "Orders wait here until they are filled, cancelled, or reached by their trigger.", options);
    this.#stops = [account.watch(draw, "orders"), () => panel.stop()];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }
}

function columns(listed, draw) {
  const { contract, side, type, price, size, filled, conditions } = orderColumns(listed);
  const editing = new Editing(listed, draw);
  return [
    contract, side, type, editing.column("price", price), editing.column("size", size), filled,
    editing.column("conditions", conditions), timeColumn("Placed", "creation_timestamp"), editing.actions(),
  ];
}

customElements.define("nv-open-orders", OpenOrders);
