// What stands on the chart's lines: a label each, and for an order a handle that moves it. They are a list of real
// controls over the canvas, so that keyboard and screen readers reach what the pointer reaches.
//
// Positions come from the chart when it draws; nothing here reads the layout.

import { attribute, make, text } from "novate/dom";
import { number } from "novate/format";
import { cancel } from "novate/orders";

const PITCH = 28;
const COLUMN = 168;
const EDGE = 15;
const DRAG_PIXELS = 3;

export class ChartLabels {
  #items = new Map();
  #lines = [];
  #drag = new AbortController();

  constructor(host, view, move) {
    this.host = host;
    this.view = view;
    this.move = move;
    host.addEventListener("keydown", (event) => this.#key(event));
    host.addEventListener("pointerdown", (event) => this.#grab(event));
    // The wheel zooms the chart through whatever lies on it.
    host.addEventListener("wheel", (event) => view.zoomBy(event), { passive: true });
    host.addEventListener("focusin", () => this.place());
    host.addEventListener("focusout", () => this.place());
  }

  show(lines) {
    this.#lines = lines.filter((line) => !line.isBare);
    const keys = new Set(this.#lines.map((line) => line.key));
    for (const [key, item] of this.#items) {
      if (!keys.has(key)) { item.remove(); this.#items.delete(key); }
    }
    for (const line of this.#lines) {
      if (!this.#items.has(line.key)) this.#items.set(line.key, this.#make(line));
      this.#fill(this.#items.get(line.key), line);
    }
    this.place();
  }

  // Puts each label at its line; labels that would lie on one another stand side by side.
  place() {
    const { height, axis } = this.view.frame();
    const taken = new Map(); // Columns in use, by row of labels.
    for (const line of this.#heldFirst()) {
      const item = this.#items.get(line.key);
      const y = this.view.yOf(line.price.toNumber());
      const isKept = item.contains(document.activeElement) || item.dataset.state !== "rest";
      const isAway = y === null || y < 0 || y > height;
      attribute(item, "data-away", isAway && !isKept);
      const shown = Math.round(Math.max(EDGE, Math.min(height - EDGE, y ?? height / 2)));
      const column = isAway && !isKept ? 0 : freeColumn(taken, Math.floor(shown / PITCH));
      item.style.setProperty("--y", `${shown}px`);
      item.style.setProperty("--right", `${axis + 8 + column * COLUMN}px`);
    }
  }

  // The one that is being moved has the place next to the axis.
  #heldFirst() {
    const held = this.#line(this.move.proposal?.key);
    return held ? [held, ...this.#lines.filter((line) => line !== held)] : this.#lines;
  }

  #make(line) {
    const handle = make("span", { class: "handle", tabindex: line.order ? 0 : null, role: line.order ? "slider" : "note", "aria-orientation": line.order ? "vertical" : null });
    const proposal = make("span", { class: "proposal" }, make("b"),
      make("button", { type: "button", class: "move", tabindex: -1, onclick: () => this.move.confirm() }, "Move"),
      make("button", { type: "button", tabindex: -1, onclick: () => this.move.giveUp() }, "Keep"));
    const remove = line.order && make("button", { type: "button", class: "remove", "aria-label": `Cancel ${line.detail}`, onclick: () => cancel(this.#line(line.key).order) }, "×");
    const item = make("li", { class: "chart-line", dataset: { key: line.key } }, line.order ? make("i", { class: "strip-grip" }) : null, make("span", { class: "chip" }, handle, proposal, remove));
    this.host.append(item);
    return item;
  }

  #fill(item, line) {
    const { proposal } = this.move;
    const held = proposal?.key === line.key ? proposal : null;
    const words = (price) => number(price, this.move.contract.pricePlaces);
    attribute(item, "data-state", held?.state ?? "rest");
    item.style.setProperty("--tone", `var(${line.token})`);
    const handle = item.querySelector(".handle");
    text(handle, line.words);
    attribute(handle, "aria-label", line.detail);
    attribute(handle, "title", line.order ? `${line.detail} at ${words(line.price)}. Drag to move it, or use the arrow keys.` : `${line.detail}: ${words(line.price)}`);
    if (line.order) attribute(handle, "aria-valuenow", String(line.price));
    if (line.order) attribute(handle, "aria-valuetext", held?.state === "asking" ? `${words(held.to)}, was ${words(held.from)}. Enter moves the order, Escape keeps it.` : words(line.price));
    text(item.querySelector(".proposal b"), held ? `${words(held.from)} → ${words(held.to)}` : "");
    item.querySelector(".proposal").hidden = !held || held.state === "returning";
    for (const button of item.querySelectorAll(".proposal button")) button.hidden = held?.state !== "asking";
  }

  // Also in the middle of a drag.
  #giveUp() {
    this.#drag.abort();
    this.move.giveUp();
  }

  #line(key) { return this.#lines.find((line) => line.key === key); }

  #key(event) {
    const line = this.#line(event.target.closest(".chart-line")?.dataset.key);
    if (!line?.order) return;
    const ticks = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    const isHandle = event.target.classList.contains("handle");
    if (ticks && isHandle) this.move.step(line, event.shiftKey ? ticks * 10 : ticks);
    else if (event.key === "Enter" && isHandle) this.move.confirm();
    else if (event.key === "Escape" && this.move.proposal) this.#giveUp();
    else if (event.key === "Delete" && isHandle) cancel(line.order);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #grab(event) {
    const item = event.target.closest(".chart-line");
    const line = this.#line(item?.dataset.key);
    if (!line?.order || event.button !== 0 || event.target.closest("button")) return;
    event.preventDefault();
    const handle = item.querySelector(".handle");
    handle.focus({ focusVisible: false, preventScroll: true });
    const offset = event.clientY - this.view.yOf(line.price.toNumber());
    this.#drag = new AbortController();
    const { signal } = this.#drag;
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", ({ clientY }) => {
      if (this.move.proposal?.state !== "dragging" && Math.abs(clientY - event.clientY) < DRAG_PIXELS) return;
      const price = this.view.priceAt(clientY - offset);
      if (price !== null && this.#line(line.key)) this.move.propose(this.#line(line.key), price, "dragging");
    }, { signal });
    handle.addEventListener("lostpointercapture", () => { this.#drag.abort(); this.move.ask(); }, { signal });
  }
}

// The first column that nobody uses in this row or its neighbours.
function freeColumn(taken, row) {
  const used = [row - 1, row, row + 1].flatMap((near) => [...(taken.get(near) ?? [])]);
  let column = 0;
  while (used.includes(column)) column += 1;
  taken.set(row, (taken.get(row) ?? new Set()).add(column));
  return column;
}
