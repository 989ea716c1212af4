// The order ticket: what is typed becomes a model; the model says what the button will do.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { contract, lastTicker, watchTicker } from "novate/markets";
import { place } from "novate/orders";
import { changeOf, pressOf, stepOf } from "novate/ticket-input";
import { TicketModel } from "novate/ticket-model";
import { showTicket } from "novate/ticket-view";

class Ticket extends HTMLElement {
  #stops = [];
  #model = null;
  #isSending = false;

  async connectedCallback() {
    const found = await contract(this.getAttribute("contract"));
    if (!found || !this.isConnected) return;
    this.#model = new TicketModel(found);
    const pick = ({ detail }) => this.#change({ type: "limit", price: Decimal.from(detail) });
    this.addEventListener("input", ({ target }) => this.#change(changeOf(target)));
    this.addEventListener("click", ({ target }) => this.#change(pressOf(target.closest("button"), this.#ticker)));
    this.addEventListener("keydown", this.#step);
    this.addEventListener("submit", this.#submit);
    addEventListener("pick-price", pick);
    this.#stops = [
      () => removeEventListener("pick-price", pick),
      watchTicker(found.name, (ticker) => this.#priced(ticker)),
      account.watch(() => this.#show(), "summary", "positions"),
    ];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  get #ticker() { return lastTicker(this.#model.contract.name); }
  get #position() { return account.positions.get(this.#model.contract.name); }

  // A limit ticket opens at the best price of its own side, once.
  #priced(ticker) {
    const best = Number(ticker.best_bid_price) ? ticker.best_bid_price : ticker.mark_price;
    if (!this.#model.isPriced && Number(best)) Object.assign(this.#model, { price: Decimal.from(best), isPriced: true });
    this.#show();
  }

  #change(values) {
    if (!values) return;
    Object.assign(this.#model, values, { isPriced: true });
    if (this.#model.share) this.#model.takeShare(this.#model.share, this.#ticker, account.summary, this.#position);
    this.#show();
  }

  #step = (event) => {
    const change = stepOf(event, this.#model);
    if (!change) return;
    event.preventDefault();
    this.#change(change);
  };

  #submit = async (event) => {
    event.preventDefault();
    if (this.#isSending || !account.summary || this.#model.problem(this.#ticker)) return;
    this.#isSending = true;
    this.#show();
    const isPlaced = await place(this.#model.side, this.#model.order(this.#ticker));
    if (isPlaced) Object.assign(this.#model, { size: null, share: 0 });
    this.#isSending = false;
    this.#show();
  };

  #show() {
    const facts = { ticker: this.#ticker, summary: account.summary, position: this.#position, isSending: this.#isSending };
    showTicket(this, this.#model, facts);
    dispatchEvent(new CustomEvent("ticket", { detail: this.#model }));
  }
}

customElements.define("nv-ticket", Ticket);
