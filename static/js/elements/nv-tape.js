// The tape: the newest trades first. Side by colour and arrow, size by a bar behind the row.

import { eachFrame, text } from "novate/dom";
import { contract } from "novate/markets";
import { stream } from "novate/stream";
import { TapeView } from "novate/tape-view";

const KEEP = 60;

class Tape extends HTMLElement {
  #stops = [];
  #contract = null;
  #trades = [];
  #view = null;
  #draw = eachFrame(() => this.#view.draw(this.#trades));

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    this.#view = new TapeView(this.querySelector(".prints"), this.#contract);
    stream.addEventListener("live", this.#load);
    this.#stops = [
      stream.subscribe(`trades.${this.#contract.name}.100ms`, (trades) => this.#add(trades)),
      () => stream.removeEventListener("live", this.#load),
    ];
    if (stream.state === "live") this.#load();
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  #load = async () => {
    const question = { instrument_name: this.#contract.name, count: KEEP };
    try {
      this.#add((await stream.call("public/get_last_trades_by_instrument", question)).trades);
      this.#say(this.#trades.length > 0 ? "" : "No trades yet. The first one shows here at once.");
    } catch {
      this.#say(this.#trades.length > 0 ? "" : "Trades could not be read. They appear as they happen.");
    }
  };

  // Trades may arrive twice, as history and live: each is kept once, by its number.
  #add(trades) {
    const known = new Map(this.#trades.map((trade) => [trade.trade_seq, trade]));
    for (const trade of trades) known.set(trade.trade_seq, trade);
    this.#trades = [...known.values()].sort((a, b) => b.trade_seq - a.trade_seq).slice(0, KEEP);
    if (this.#trades.length > 0) this.#say("");
    this.#draw();
  }

  #say(words) {
    text(this.querySelector(".tape-note"), words);
  }
}

customElements.define("nv-tape", Tape);
