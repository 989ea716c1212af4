// The book by keyboard: one stop for Tab, arrows from price to price as they stand on the screen.

import { attribute } from "novate/dom";

export function moveThrough(event) {
  const row = event.target.closest?.(".level");
  if (!row) return;
  const book = event.currentTarget;
  const levels = [...[...book.querySelector(".asks").children].reverse(), ...book.querySelector(".bids").children];
  const rows = levels.filter((level) => !level.hasAttribute("data-empty"));
  const at = rows.indexOf(row);
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const chosen = rows[Math.max(0, Math.min(rows.length - 1, next))];
  for (const other of levels) attribute(other, "tabindex", other === chosen ? 0 : -1);
  chosen.focus();
}

// Tab finds the book even if the row that it stopped at is gone.
export function keepOneStop(book) {
  if (book.querySelector('.level[tabindex="0"]:not([data-empty])')) return;
  attribute(book.querySelector(".bids .level:not([data-empty])") ?? book.querySelector(".level:not([data-empty])"), "tabindex", 0);
}
