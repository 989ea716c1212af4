// Cells that several tables share.

import { make } from "novate/dom";
import { identity } from "novate/markets";

export function contractCell(name, cell) {
  const link = cell.querySelector("a");
  if (link?.dataset.name === name) return link;
  const { base, kind } = identity(name);
  return make("a", { class: "contract-name", href: `/trade/${encodeURIComponent(name)}`, dataset: { name } },
    make("b", {}, base), make("span", {}, kind));
}

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
  const box = make("span", { class: "row-actions" }, ...actions.map(({ label, act }) =>
    make("button", { class: "button tiny", type: "button", onclick: async ({ currentTarget }) => {
      currentTarget.disabled = true;
      await act(box.row);
      currentTarget.disabled = false;
    } }, label)));
  box.row = row;
  return box;
}
