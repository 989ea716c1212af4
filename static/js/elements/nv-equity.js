// The equity curve of a span, and by how much equity changed without deposits and withdrawals.

import { Decimal } from "novate/decimal";
import { classes, text } from "novate/dom";
import { makeEquityView } from "novate/equity-view";
import { directionOf, signed } from "novate/format";
import { followHistory } from "novate/history";
import { chooseSpan } from "novate/spans";
import { stream } from "novate/stream";
import { notice } from "novate/table";

const EVERY_MS = 60_000;
const WORDS = { "1d": "in 24 hours", "7d": "in 7 days", "30d": "in 30 days", all: "since the beginning" };

class Equity extends HTMLElement {
  #history = null;
  #view = null;
  #span = "1d";
  #clock = 0;

  connectedCallback() {
    this.#span = chooseSpan(this.querySelector(".spans"), (span) => {
      this.#span = span;
      this.#history.reload();
    });
    const read = async () => [await stream.call("risk/get_equity_history", { span: this.#span })];
    this.#history = followHistory(read, () => this.#show(), "fill");
    this.#clock = setInterval(() => document.hidden || this.#history.reload(), EVERY_MS);
  }

  disconnectedCallback() {
    this.#history?.stop();
    this.#view?.remove();
    clearInterval(this.#clock);
  }

  async #show() {
    const { failure, rows: [curve], isLoaded } = this.#history.source;
    const place = this.querySelector(".equity-chart");
    if (failure && !this.#view) {
      place.replaceChildren(notice("failed", "The curve could not be read", "It is read again when the connection is back."));
    }
    if (failure || !isLoaded) return;
    const points = pointsOf(curve);
    this.#sum(curve);
    if (points.length === 0) {
      place.replaceChildren(notice("empty", "No history yet", "The curve begins with your first deposit."));
      return;
    }
    this.#view ??= await makeEquityView(place);
    this.#view.show(points);
    this.#describe(place);
  }

  // Canvases say nothing to a screen reader: the figures do.
  #describe(place) {
    const words = `Equity ${WORDS[this.#span]}: ${this.querySelector(".equity-change").textContent}`;
    place.setAttribute("role", "figure");
    place.setAttribute("aria-label", words);
  }

  #sum({ equity, deposits }) {
    const own = (at) => Decimal.from(equity.at(at)).minus(Decimal.from(deposits.at(at)));
    const change = own(-1).minus(own(0));
    const figure = this.querySelector(".equity-change");
    text(figure, `${signed(change, 2)} USDC`);
    classes(figure, `equity-change ${directionOf(change)}`);
    text(this.querySelector(".equity-words"), `${WORDS[this.#span]}, without deposits and withdrawals`);
  }
}

// The line begins with the first money: what was before it is no history.
function pointsOf({ timestamps, equity }) {
  const points = timestamps.map((time, at) => ({ time: Math.floor(time / 1_000), value: Number(equity[at]) }));
  const first = points.findIndex(({ value }) => value !== 0);
  return first < 0 ? [] : points.slice(first).filter(({ time }, at, rest) => at === 0 || time > rest[at - 1].time);
}

customElements.define("nv-equity", Equity);
