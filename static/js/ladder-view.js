// One side of the ladder on the screen: as many rows as there is room for, made once; only cells whose
// number changed are written, and nothing is read back from the page.

import { attribute, make, text } from "novate/dom";
import { number } from "novate/format";
import { unitsText } from "novate/ladder";

const NOTHING = { price: null, amount: null, total: null, depth: 0, own: 0 };

export class LadderSide {
  #shown = [];

  constructor(host, contract) {
    this.host = host;
    this.contract = contract;
  }

  draw(levels, count, own, deepest) {
    this.#fit(count);
    for (let at = 0; at < count; at += 1) {
      const level = levels[at];
      this.#row(at, level ? { ...level, depth: Math.round((level.total / deepest) * 1_000), own: own.get(level.price) ?? 0 } : NOTHING);
    }
  }

  #fit(count) {
    const { children } = this.host;
    while (children.length > count) this.host.lastElementChild.remove();
    while (children.length < count) this.host.append(makeLevel());
    this.#shown.length = Math.min(this.#shown.length, count);
  }

  #row(at, next) {
    const row = this.host.children[at];
    const before = this.#shown[at] ?? {};
    const { pricePlaces, lotPlaces } = this.contract;
    const write = (cell, units, places) => text(row.children[cell], units === null ? "" : number(unitsText(units, places), places));
    if (next.price !== before.price) {
      attribute(row, "data-price", next.price === null ? null : unitsText(next.price, pricePlaces));
      attribute(row, "data-empty", next.price === null);
      write(0, next.price, pricePlaces);
    }
    if (next.amount !== before.amount) write(1, next.amount, lotPlaces);
    if (next.total !== before.total) write(2, next.total, lotPlaces);
    if (next.depth !== before.depth) row.style.setProperty("--depth", next.depth / 1_000);
    if (next.own !== before.own) this.#own(row, next.own);
    this.#shown[at] = next;
  }

  // One's own size stands beside the price, with a dot: colour is not the only sign.
  #own(row, units) {
    attribute(row, "data-own", units > 0);
    const words = units > 0 ? number(unitsText(units, this.contract.lotPlaces), this.contract.lotPlaces) : "";
    text(row.children[3], words);
    attribute(row, "title", units > 0 ? `Yours: ${words} ${this.contract.base}` : null);
  }
}

function makeLevel() {
  return make("button", { class: "level", type: "button", tabindex: -1 }, make("span"), make("span"), make("span"), make("i"));
}
