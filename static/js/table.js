// Keyed rows in a real table. A column is { label, cell(row) → text or node, kind, tone(row),
// value(row), places(row) }; kind is "number", "actions" or empty. A column with a value can be
// sorted; one with places is aligned on the decimal point, whatever the contracts' ticks are.
// Rows that stay keep their nodes, so nothing flickers.

import { Decimal } from "novate/decimal";
import { attribute, classes, make, text } from "novate/dom";
import { DASH } from "novate/format";

const NEXT = { none: "descending", descending: "ascending", ascending: "none" };

export function makeTable(caption, columns, onSort = null) {
  const head = columns.map((column, at) => {
    const { label, kind } = column;
    if (!onSort || !column.value) return make("th", { scope: "col", class: kind ?? "" }, kind === "actions" ? hidden(label) : label);
    const button = make("button", { type: "button", class: "sort", onclick: () => onSort(at) }, label);
    return make("th", { scope: "col", class: kind ?? "", "aria-sort": "none" }, button);
  });
  return make("table", { class: "table stacked" },
    make("caption", { class: "visually-hidden" }, caption),
    make("thead", {}, make("tr", {}, ...head)), make("tbody"));
}

// The order after the next press of a header: largest first, smallest first, as they came.
export const nextDirection = (direction) => NEXT[direction];

export function nextSort(sort, at) {
  const direction = nextDirection(sort.at === at ? sort.direction : "none");
  return { at: direction === "none" ? -1 : at, direction };
}

export function showSort(table, sort) {
  [...table.tHead.rows[0].cells].forEach((cell, at) => {
    if (cell.hasAttribute("aria-sort")) attribute(cell, "aria-sort", at === sort.at ? sort.direction : "none");
  });
}

export function sorted(rows, columns, { at, direction }) {
  const value = columns[at]?.value;
  if (!value) return rows;
  const sign = direction === "ascending" ? 1 : -1;
  return rows.map((row) => [value(row), row]).sort(([a], [b]) => sign * compare(a, b)).map(([, row]) => row);
}

export function fillTable(table, columns, rows, keyOf) {
  const body = table.tBodies[0];
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  // First those that leave: a row that need not move keeps the focus within it.
  const wanted = new Set(rows.map((row) => String(keyOf(row))));
  for (const [key, line] of known) if (!wanted.has(key)) line.remove();
  const most = columns.map(({ places }) => (places ? Math.max(0, ...rows.map(places)) : 0));
  rows.forEach((row, at) => {
    const key = String(keyOf(row));
    const line = known.get(key) ?? make("tr", { dataset: { key } }, ...columns.map(makeCell));
    if (body.rows[at] !== line) body.insertBefore(line, body.rows[at] ?? null);
    attribute(line, "data-pending", row.pending ?? null);
    columns.forEach((column, index) => fillCell(line.cells[index], column, row, most[index]));
  });
}

// What a panel shows instead of rows.
export function notice(kind, title, detail, ...more) {
  return make("div", { class: kind }, make("div", {}, make("b", {}, title), make("p", {}, detail), ...more));
}

// Numbers by size, all else as words; what is missing counts as least.
export function compare(a, b) {
  const isMissing = [a, b].map((value) => value === null || value === undefined);
  if (isMissing.includes(true)) return Number(isMissing[1]) - Number(isMissing[0]);
  const [x, y] = [Decimal.from(a), Decimal.from(b)];
  return x && y ? x.compare(y) : String(a).localeCompare(String(b));
}

function makeCell({ label, kind }) {
  return make("td", { class: kind ?? "", "data-label": kind === "actions" ? null : label });
}

function fillCell(cell, column, row, most) {
  const content = column.cell(row, cell);
  if (content instanceof Node) {
    if (cell.firstChild !== content || cell.childNodes.length > 1) cell.replaceChildren(content);
  } else if (content !== undefined) {
    text(cell, content);
  }
  if (column.tone) classes(cell, `${column.kind ?? ""} ${column.tone(row)}`.trim());
  if (column.title) attribute(cell, "title", column.title(row));
  if (column.places) pad(cell, most, column.places(row));
}

// So many digits of room behind the number, and the point's own when it has none.
function pad(cell, most, places) {
  const room = most > places && cell.textContent !== DASH ? `calc(${most - places} * 1ch + ${places ? 0 : 0.3}ch)` : "";
  if (cell.style.getPropertyValue("--after") !== room) cell.style.setProperty("--after", room);
}

const hidden = (label) => make("span", { class: "visually-hidden" }, label);
