// Rows of the market switcher: contract, last, day, funding, volume, and a star that is remembered.

import { attribute, classes, make, text } from "novate/dom";
import { compact, directionOf, percent, price, rate } from "novate/format";
import { keep, recall } from "novate/kept";

const KEY = "markets.favourites";
const STAR = "m8 1.8 1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z";
const SVG = "http://www.w3.org/2000/svg";

const favourites = () => new Set((recall(KEY) ?? "").split(" ").filter(Boolean));

// Stars a row or takes its star away. It keeps its place until the list is opened again: nothing
// jumps under the pointer.
export function star(row) {
  if (!row) return;
  const names = favourites();
  const isStarred = !names.delete(row.dataset.name);
  if (isStarred) names.add(row.dataset.name);
  keep(KEY, [...names].join(" "));
  attribute(row.querySelector(".star"), "aria-pressed", String(isStarred));
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
    make("td", {}, makeStar(name), link), ...cells);
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

function makeStar(name) {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of [["viewBox", "0 0 16 16"], ["width", "16"], ["height", "16"], ["aria-hidden", "true"]]) picture.setAttribute(key, value);
  path.setAttribute("d", STAR);
  picture.append(path);
  return make("button", { class: "star", type: "button", tabindex: -1, "aria-label": `Star ${name}`, "aria-pressed": String(favourites().has(name)) }, picture);
}
