// How the book is grouped: chosen from steps of ticks, remembered for each contract.

import { make } from "novate/dom";
import { rememberChoice } from "novate/kept";
import { groupings } from "novate/ladder";

// Calls listener at once with the price units of a group, and again when another is chosen.
export function chooseGrouping(select, contract, listener) {
  select.replaceChildren(...groupings(contract).map(({ units, label }) => make("option", { value: units }, label)));
  rememberChoice(select, `book.group.${contract.name}`, (units) => listener(Number(units)));
}
