// Cells that several tables share.

import { make } from "novate/dom";
import { dateAndTime } from "novate/format";
import { identity } from "novate/markets";
import { errorInWords } from "novate/reasons";
import { toast } from "novate/toast";

export function contractCell(name, cell) {
  const link = cell.querySelector("a");
  if (link?.dataset.name === name) return link;
  const { base, kind } = identity(name);
  return make("a", { class: "contract-name", href: `/trade/${encodeURIComponent(name)}`, dataset: { name } },
    make("b", {}, base), make("span", {}, kind));
}

// Cells of every table of orders or trades; `listed` gives the contract's tick and lot.
export const placesIn = (listed) => (name) => (row) => listed.get(row.instrument_name)?.[name] ?? 3;

export const contractColumn = {
  label: "Contract",
  value: (row) => row.instrument_name,
  words: (row) => `${row.instrument_name} ${identity(row.instrument_name).kind}`,
  cell: (row, cell) => contractCell(row.instrument_name, cell),
};

export const sideWords = (direction) => (direction === "buy" ? "Buy" : "Sell");

export const sideColumn = {
  label: "Side",
  value: (row) => sideWords(row.direction),
  words: (row) => sideWords(row.direction),
  cell: (row, cell) => sideCell(row.direction, sideWords(row.direction), cell),
};

export const timeColumn = (label, name) => ({
  label,
  isTime: true,
  value: (row) => row[name],
  cell: (row) => dateAndTime(row[name]),
  tone: () => "muted",
});

export function sideCell(direction, words, cell) {
  const mark = cell.querySelector(".side-mark");
  if (mark?.dataset.direction === direction && mark.textContent === words) return mark;
  return make("span", { class: `side-mark ${direction}`, dataset: { direction } }, words);
}

// A button that stays the same node; its action sees the newest row.
export function actionCell(cell, row, actions) {
  const kept = cell.querySelector(".row-actions");
  if (kept) {
    kept.row = row;
    return kept;
  }
  const box = make("span", { class: "row-actions" }, ...actions.map(({ label, act, title = null }) =>
    make("button", { class: "button tiny", type: "button", title, onclick: async ({ currentTarget }) => {
      currentTarget.disabled = true;
      try {
        await act(box.row, box);
      } catch (error) {
        toast("bad", `${label}: not done`, errorInWords(error));
      }
      currentTarget.disabled = false;
      // A dialog could not give the focus back to a button that was disabled.
      if (document.activeElement === document.body) currentTarget.focus();
    } }, label)));
  box.row = row;
  return box;
}
