// Draws one side of the ladder: rows are reused, only what changed is written.

import { attribute, make, text } from "novate/dom";
import { number } from "novate/format";
import { priceText } from "novate/ladder";

export function drawLevels(host, levels, { own, deepest, contract: { pricePlaces, lotPlaces } }) {
  while (host.children.length > levels.length) host.lastElementChild.remove();
  while (host.children.length < levels.length) host.append(makeLevel());
  levels.forEach(({ price, amount, total }, at) => {
    const row = host.children[at];
    const exact = priceText(price, pricePlaces);
    attribute(row, "data-price", exact);
    attribute(row, "data-own", own.has(price));
    attribute(row, "title", own.has(price) ? "Holds an order of yours" : null);
    row.style.setProperty("--depth", (total / deepest).toFixed(3));
    text(row.children[0], number(exact, pricePlaces));
    text(row.children[1], number(priceText(amount, lotPlaces), lotPlaces));
    text(row.children[2], number(priceText(total, lotPlaces), lotPlaces));
  });
}

function makeLevel() {
  return make("button", { class: "level", type: "button", tabindex: -1 }, make("span"), make("span"), make("span"));
}
