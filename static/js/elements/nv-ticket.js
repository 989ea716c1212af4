// The order ticket: what is typed becomes a model; the model says what the button will do.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { contract, lastTicker, watchTicker } from "novate/markets";
import { place } from "novate/orders";
import { tellDraft } from "novate/ticket-draft";
import { changeOf, pressOf, stepOf } from "novate/ticket-input";
import { ticketKeys } from "novate/ticket-keys";
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
    const pick = ({ detail }) => this.#change(this.#model.pricedAt(Decimal.from(detail)));
    const afford = ({ detail }) => this.#change({ affordable: detail });
    this.addEventListener("input", ({ target }) => this.#change(changeOf(target, this.#model)));
    this.addEventListener("click", ({ target }) => this.#change(pressOf(target.closest("button"), this.#ticker)));
    this.addEventListener("keydown", this.#step);
    this.addEventListener("submit", this.#submit);
    addEventListener("pick-price", pick);
    addEventListener("affordable", afford);
    this.#stops = [
      () => { removeEventListener("pick-price", pick); removeEventListener("affordable", afford); },
      watchTicker(found.name, (ticker) => { this.#model.openAt(ticker); this.#show(); }),
      account.watch(() => this.#show(), "summary", "positions"),
      ticketKeys(this, (values) => this.#change(values)),
    ];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  get #ticker() { return lastTicker(this.#model.contract.name); }
  get #position() { return account.positions.get(this.#model.contract.name); }

  #change(values) {
    if (!values) return;
    Object.assign(this.#model, values, { isPriced: true });
    if (this.#model.share) this.#model.takeShare(this.#model.share, this.#ticker, account.summary, this.#position);
    this.#show();
  }

  #step = (event) => {
    if (event.key === "Escape") event.target.blur();
    const change = stepOf(event, this.#model, this.#ticker);
    if (!change) return;
    event.preventDefault();
    this.#change(change);
  };

  #submit = async (event) => {
    event.preventDefault();
    if (this.#isSending || !account.summary || this.#model.problem(this.#ticker)) return;
    this.#isSending = true;
    this.#show();
    const isPlaced = await place(this.#model.side, this.#model.orderWithExits(this.#ticker));
    if (isPlaced) Object.assign(this.#model, { size: null, share: 0 });
    this.#isSending = false;
    this.#show();
  };

  #show() {
    const facts = { ticker: this.#ticker, summary: account.summary, position: this.#position, isSending: this.#isSending };
    showTicket(this, this.#model, facts);
    tellDraft(this.#model, this.#ticker);
  }
}

customElements.define("nv-ticket", Ticket);
