// How the book is grouped: chosen from steps of ticks, remembered for each contract.

import { make } from "novate/dom";
import { keep, recall } from "novate/kept";
import { groupings } from "novate/ladder";

// Calls listener at once with the price units of a group, and again when another is chosen.
export function chooseGrouping(select, contract, listener) {
  const key = `book.group.${contract.name}`;
  const options = groupings(contract);
  const saved = Number(recall(key));
  select.replaceChildren(...options.map(({ units, label }) => make("option", { value: units }, label)));
  select.value = options.some(({ units }) => units === saved) ? saved : options[0].units;
  select.onchange = () => {
    keep(key, select.value);
    listener(Number(select.value));
  };
  listener(Number(select.value));
}
