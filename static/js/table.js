// Keyed rows in a real table. A column is { label, cell(row) → text or node, kind, tone(row) };
// kind is "number", "actions" or empty. Rows that stay keep their nodes, so nothing flickers.

import { attribute, classes, make, text } from "novate/dom";

export function makeTable(caption, columns) {
  const head = columns.map(({ label, kind }) =>
    make("th", { scope: "col", class: kind ?? "" }, kind === "actions" ? hidden(label) : label));
  return make("table", { class: "table stacked" },
    make("caption", { class: "visually-hidden" }, caption),
    make("thead", {}, make("tr", {}, ...head)), make("tbody"));
}

export function fillTable(table, columns, rows, keyOf) {
  const body = table.tBodies[0];
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  rows.forEach((row, at) => {
    const key = String(keyOf(row));
    const line = known.get(key) ?? make("tr", { dataset: { key } }, ...columns.map(makeCell));
    known.delete(key);
    if (body.rows[at] !== line) body.insertBefore(line, body.rows[at] ?? null);
    columns.forEach((column, index) => fillCell(line.cells[index], column, row));
  });
  for (const line of known.values()) line.remove();
}

// What a panel shows instead of rows.
export function notice(kind, title, detail) {
  return make("div", { class: kind }, make("div", {}, make("b", {}, title), make("p", {}, detail)));
}

function makeCell({ label, kind }) {
  return make("td", { class: kind ?? "", "data-label": kind === "actions" ? null : label });
}

function fillCell(cell, column, row) {
  const content = column.cell(row, cell);
  if (content instanceof Node) {
    if (cell.firstChild !== content) cell.replaceChildren(content);
  } else if (content !== undefined) {
    text(cell, content);
  }
  if (column.tone) classes(cell, `${column.kind ?? ""} ${column.tone(row)}`.trim());
  if (column.title) attribute(cell, "title", column.title(row));
}

const hidden = (label) => make("span", { class: "visually-hidden" }, label);
