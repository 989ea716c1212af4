// Changing an open order where it stands: its size, its limit and what it waits for become fields
// of its row; Enter sends what changed, Escape puts it away.

import { actionCell } from "novate/cells";
import { Decimal } from "novate/decimal";
import { make } from "novate/dom";
import { number, typed } from "novate/format";
import { cancel, edit } from "novate/orders";
import { isWaiting } from "novate/order-words";

const STEPS = { ArrowUp: 1n, ArrowDown: -1n };

// What of an order may change, by the name of the column that shows it.
export function changeable(order) {
  const isSizedByOthers = Boolean(order.oco_ref || order.primary_order_id);
  return {
    ...(order.price !== "market_price" && { price: "price" }),
    ...(!isSizedByOthers && { size: "amount" }),
    ...(order.trigger && isWaiting(order) && { conditions: order.trigger_offset ? "trigger_offset" : "trigger_price" }),
  };
}

export class Editing {
  #listed;
  #redraw;
  #open = new Map();

  constructor(listed, redraw) {
    this.#listed = listed;
    this.#redraw = redraw;
  }

  // A column whose cell is a field while its row is being changed.
  column(name, column) {
    return { ...column, cell: (row, cell) => this.#field(name, row, cell) ?? column.cell(row, cell) };
  }

  actions() {
    const idle = [{ label: "Edit", act: (row, box) => this.#begin(row, box), title: "Change its price or size here" }, { label: "Cancel", act: cancel }];
    const busy = [{ label: "Save", act: (row) => this.#save(row) }, { label: "Discard", act: (row) => this.#end(row) }];
    return { label: "Actions", kind: "actions", cell: (row, cell) => this.#actions(row, cell, idle, busy) };
  }

  #actions(row, cell, idle, busy) {
    const isOpen = this.#open.has(row.order_id);
    if (row.order_state === "sending") return row.pending;
    const kept = cell.querySelector(".row-actions");
    if (kept && (kept.dataset.isOpen === "yes") !== isOpen) kept.remove();
    const box = actionCell(cell, row, isOpen ? busy : idle);
    box.dataset.isOpen = isOpen ? "yes" : "no";
    for (const button of box.children) if (row.pending !== undefined || box.dataset.waited) button.disabled = row.pending !== undefined;
    box.dataset.waited = row.pending ?? "";
    return box;
  }

  #begin(row, box) {
    const fields = new Map(Object.entries(changeable(row)).map(([column, name]) => [column, this.#make(row, name)]));
    this.#open.set(row.order_id, fields);
    const line = box.closest("tr");
    this.#redraw();
    afterDrawing(() => line.querySelector("input")?.select());
  }

  // The focus goes back to where the change began.
  #end(row) {
    const line = [...(this.#open.get(row.order_id)?.values() ?? [])].map((input) => input.closest("tr")).find(Boolean);
    this.#open.delete(row.order_id);
    this.#redraw();
    afterDrawing(() => line?.isConnected && line.querySelector(".row-actions button")?.focus());
  }

  async #save(row) {
    const changes = {};
    for (const input of this.#open.get(row.order_id).values()) {
      const value = Decimal.from(typed(input.value));
      input.setAttribute("aria-invalid", String(!value));
      if (!value) return input.focus();
      if (value.compare(Decimal.from(row[input.name])) !== 0) changes[input.name] = String(value);
    }
    if (Object.keys(changes).length > 0 && !(await edit(row, changes))) return undefined;
    return this.#end(row);
  }

  #field(name, row, cell) {
    const input = this.#open.get(row.order_id)?.get(name);
    if (!input) cell.querySelector("input")?.remove();
    return input;
  }

  #make(row, name) {
    const { tick, lot, pricePlaces, lotPlaces } = this.#listed.get(row.instrument_name);
    const [step, places] = name === "amount" ? [lot, lotPlaces] : [tick, pricePlaces];
    const words = { amount: "New size", price: "New price", trigger_price: "New trigger price", trigger_offset: "New distance" }[name];
    const input = make("input", { class: "cell-input", type: "text", inputmode: "decimal", name, "aria-label": words, title: words, value: number(row[name], places) });
    input.onkeydown = (event) => {
      const direction = STEPS[event.key];
      if (event.key === "Enter") this.#save(row);
      else if (event.key === "Escape") this.#end(row);
      else if (!direction) return;
      event.preventDefault();
      event.stopPropagation();
      const value = Decimal.from(typed(input.value));
      if (direction && value) input.value = number(value.plus(step.times(new Decimal(direction * (event.shiftKey ? 10n : 1n), 0))), places);
    };
    return input;
  }
}

// Tables are drawn with the next frame.
const afterDrawing = (action) => requestAnimationFrame(() => requestAnimationFrame(action));
