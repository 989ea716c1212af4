// Rows of the market switcher: contract, last, day, funding, volume, and a star that is remembered.

import { attribute, classes, make, text } from "novate/dom";
import { favourites, makeStar, turnFavourite } from "novate/favourites";
import { compact, directionOf, percent, price, rate } from "novate/format";

// Stars a row or takes its star away. It keeps its place until the list is opened again: nothing
// jumps under the pointer.
export function star(row) {
  if (!row) return;
  attribute(row.querySelector(".star"), "aria-pressed", String(turnFavourite(row.dataset.name)));
}

// Marks the one row that Enter opens.
export function mark(input, rows, chosen) {
  for (const row of rows) attribute(row, "aria-selected", String(row === chosen));
  attribute(input, "aria-activedescendant", chosen?.id);
  chosen?.scrollIntoView({ block: "nearest" });
}

export function makeRow(contract, at) {
  const { name, base, kind } = contract;
  const cells = ["last", "change", "funding", "volume"].map((field) =>
    make("td", { class: field === "volume" || field === "funding" ? "number hide-narrow" : "number", dataset: { field } }, "–"));
  const link = make("a", { class: "contract-name", href: `/trade/${encodeURIComponent(name)}`, tabindex: -1 },
    make("b", {}, base), make("span", {}, kind));
  const row = make("tr", { id: `market-${at}`, dataset: { name, search: `${name} ${base} ${kind}`.toLowerCase() } },
    make("td", {}, makeStar(name, { tabindex: -1 }), link), ...cells);
  row.contract = contract;
  return row;
}

// Starred rows first; within both halves the order of listing.
export function sortRows(rows) {
  const names = favourites();
  return [...rows.filter((row) => names.has(row.dataset.name)), ...rows.filter((row) => !names.has(row.dataset.name))];
}

export function fillRow(row, summary) {
  if (!row) return;
  const cell = (field) => row.querySelector(`[data-field="${field}"]`);
  text(cell("last"), price(summary.last, row.contract.pricePlaces));
  text(cell("change"), percent(summary.price_change));
  classes(cell("change"), `number ${directionOf(summary.price_change ?? 0)}`);
  text(cell("funding"), rate(summary.funding_8h));
  text(cell("volume"), compact(summary.volume_notional ?? summary.volume_usd));
  attribute(row, "title", summary.contract_state === "open" ? null : `This market is ${summary.contract_state.replaceAll("_", " ")}.`);
}
