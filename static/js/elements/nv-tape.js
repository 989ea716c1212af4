// The tape: the newest trades first. Prices keep the colour of the taker's side, and its arrow.

import { make, text, eachFrame } from "novate/dom";
import { number, timeOfDay } from "novate/format";
import { contract } from "novate/markets";
import { stream } from "novate/stream";

const KEEP = 60;

class Tape extends HTMLElement {
  #stops = [];
  #contract = null;
  #trades = [];
  #draw = eachFrame(() => this.#show());

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    stream.addEventListener("live", this.#load);
    this.#stops = [
      stream.subscribe(`trades.${this.#contract.name}.100ms`, (trades) => this.#add(trades)),
      () => stream.removeEventListener("live", this.#load),
    ];
    this.#load();
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  #load = async () => {
    const question = { instrument_name: this.#contract.name, count: KEEP };
    try {
      this.#add((await stream.call("public/get_last_trades_by_instrument", question)).trades);
    } catch {
      text(this.querySelector(".tape-note"), "Trades could not be read. They appear as they happen.");
    }
  };

  // Trades may arrive twice, as history and live: each is kept once, by its number.
  #add(trades) {
    const known = new Map(this.#trades.map((trade) => [trade.trade_seq, trade]));
    for (const trade of trades) known.set(trade.trade_seq, trade);
    this.#trades = [...known.values()].sort((a, b) => b.trade_seq - a.trade_seq).slice(0, KEEP);
    this.#draw();
  }

  #show() {
    const host = this.querySelector(".prints");
    const { pricePlaces, lotPlaces } = this.#contract;
    while (host.children.length < this.#trades.length) host.append(makePrint());
    this.#trades.forEach((trade, at) => {
      const [price, size, time] = host.children[at].children;
      text(price, number(trade.price, pricePlaces));
      price.className = trade.direction;
      text(size, number(trade.amount, lotPlaces));
      text(time, timeOfDay(trade.timestamp));
    });
  }
}

const makePrint = () => make("div", { class: "print" }, make("span"), make("span"), make("span"));

customElements.define("nv-tape", Tape);
