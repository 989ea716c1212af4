// A table as a file: exactly the rows that its filter lets through, in the order that is shown.
// Numbers are plain decimals and times ISO 8601, whatever the reader's locale.

import { Decimal } from "novate/decimal";
import { wordsOf } from "novate/filter";

const isWritten = ({ kind }) => kind !== "actions";

export function csvOf(columns, rows) {
  const written = columns.filter(isWritten);
  const lines = [written.map(({ label }) => label), ...rows.map((row) => written.map((column) => field(column, row)))];
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

export function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

function field(column, row) {
  if (column.isTime) return new Date(column.value(row)).toISOString();
  const value = column.csv ? column.csv(row) : column.value?.(row);
  if (value === undefined || value === null) return column.csv || column.value ? "" : wordsOf(column, row);
  const exact = column.kind?.startsWith("number") ? Decimal.from(value) : null;
  return String(exact ?? value);
}

// What a spreadsheet would take for a formula is kept as text.
function quoted(text) {
  const safe = /^[=+@\t\r]|^-(?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
