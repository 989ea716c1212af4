// The order of a server-rendered table's rows: as they came, or by a column whose header was
// pressed; starred rows first in either case. Remembered.

import { attribute } from "novate/dom";
import { keep, recall } from "novate/kept";
import { compare, nextDirection } from "novate/table";

export class RowOrder {
  #key;
  #table;
  #original;

  // values: Map of row → { field: a value to sort by }, filled as tickers come.
  constructor(table, key, values) {
    this.#table = table;
    this.#key = key;
    this.#original = [...table.tBodies[0].rows];
    this.values = values;
    for (const head of table.querySelectorAll("th[data-sort]")) head.querySelector("button").onclick = () => this.#press(head);
    const { field, direction } = this.#remembered();
    const head = field && table.querySelector(`th[data-sort="${CSS.escape(field)}"]`);
    if (head) attribute(head, "aria-sort", direction);
  }

  apply(isFirst) {
    const head = this.#table.querySelector('th[aria-sort="ascending"], th[aria-sort="descending"]');
    const sign = head?.getAttribute("aria-sort") === "ascending" ? 1 : -1;
    const rows = [...this.#original].sort((one, other) =>
      Number(isFirst(other)) - Number(isFirst(one)) || (head ? sign * this.#compare(head.dataset.sort, one, other) : 0));
    if (rows.some((row, at) => this.#table.tBodies[0].rows[at] !== row)) this.#table.tBodies[0].append(...rows);
  }

  #press(head) {
    const direction = nextDirection(head.getAttribute("aria-sort"));
    for (const other of this.#table.querySelectorAll("th[data-sort]")) attribute(other, "aria-sort", "none");
    attribute(head, "aria-sort", direction);
    keep(this.#key, JSON.stringify({ field: head.dataset.sort, direction }));
    this.#table.dispatchEvent(new Event("reorder"));
  }

  #compare(field, ...rows) {
    return compare(...rows.map((row) => this.values.get(row)?.[field]));
  }

  #remembered() {
    try {
      return JSON.parse(recall(this.#key)) ?? {};
    } catch {
      return {};
    }
  }
}
