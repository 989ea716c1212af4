// Margin explained: what each contract asks for, from the engine's own function.

import { account } from "novate/account";
import { contractCell } from "novate/cells";
import { soon, text } from "novate/dom";
import { money, number, rate } from "novate/format";
import { marginInWords } from "novate/margin-words";
import { contracts } from "novate/markets";
import { Panel } from "novate/panel";
import { stream } from "novate/stream";

const SETTLE_MS = 400;

class Margin extends HTMLElement {
  #stop = null;

  async connectedCallback() {
    const listed = await contracts();
    const panel = new Panel(this.querySelector(".margin-table"), "Margin by contract", columns(listed), "No margin in use", "Positions and open orders ask for margin; each contract's share is shown here.");
    const source = { isSignedIn: account.isSignedIn, isLoaded: false, failure: null };
    let rows = [];
    const draw = () => panel.show(source, rows, (row) => row.instrument_name);
    const load = async () => {
      try {
        const explained = await stream.call("risk/explain_margin", {});
        rows = explained.contracts;
        text(this.querySelector(".margin-words"), marginInWords(explained));
        Object.assign(source, { isLoaded: true, failure: null });
      } catch (failure) {
        Object.assign(source, { failure });
      }
      draw();
    };
    this.#stop = account.watch(soon(load, SETTLE_MS), "positions", "orders");
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }
}

function columns(listed) {
  const places = (row, name) => listed.get(row.instrument_name)?.[name] ?? 2;
  return [
    { label: "Contract", cell: (row, cell) => contractCell(row.instrument_name, cell) },
    { label: "Position", kind: "number", cell: (row) => number(row.size, places(row, "lotPlaces")) },
    { label: "Mark", kind: "number", cell: (row) => number(row.mark_price, places(row, "pricePlaces")) },
    { label: "Value, USDC", kind: "number", cell: (row) => money(row.notional) },
    { label: "Rate", kind: "number", cell: (row) => rate(row.initial_margin_rate, 2).replace("+", "") },
    { label: "Initial, USDC", kind: "number", cell: (row) => money(row.initial_margin) },
    { label: "Maintenance, USDC", kind: "number", cell: (row) => money(row.maintenance_margin) },
    { label: "Open orders, USDC", kind: "number", cell: (row) => money(row.open_orders_margin) },
  ];
}

customElements.define("nv-margin", Margin);
