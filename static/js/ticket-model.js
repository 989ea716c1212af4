// What the ticket holds and the order it means. Prices and sizes are exact decimals throughout;
// the order's numbers leave as decimal strings.

import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { KINDS, mayRest, SOURCES, timesOf } from "novate/order-kinds";
import { Exits } from "novate/ticket-exits";

const HUNDRED = new Decimal(100n, 0);

export class TicketModel {
  side = "buy";
  type = "limit";
  price = null;
  trigger = null;
  offset = null;
  source = "mark_price";
  size = null;
  unit = "base";
  share = 0;
  isPriced = false;
  timeInForce = "good_til_cancelled";
  postOnly = false;
  slides = false;
  reduceOnly = false;
  // The most that the engine said it would accept, and of which order.
  affordable = null;

  constructor(contract) {
    this.contract = contract;
    this.exits = new Exits(contract);
  }

  get kind() { return KINDS[this.type]; }
  get waits() { return Boolean(this.kind.waits || this.kind.isTrailing); }
  get time() { return timesOf(this.type).includes(this.timeInForce) ? this.timeInForce : timesOf(this.type)[0]; }
  get isPostOnly() { return this.postOnly && mayRest(this.type, this.time); }

  // A limit ticket opens at the best price of its own side, once.
  openAt(ticker) {
    const best = Number(ticker.best_bid_price) ? ticker.best_bid_price : ticker.mark_price;
    if (!this.isPriced && Number(best)) Object.assign(this, { price: Decimal.from(best), isPriced: true });
  }

  // A price that was pointed at is the limit of what is being written.
  pricedAt(price) {
    return { price, type: this.kind.isLimit ? this.type : "limit" };
  }

  // What the order is compared with to know whether an answer about it still holds.
  get terms() { return `${this.side} ${this.type} ${this.price} ${this.trigger} ${this.reduceOnly}`; }

  // The price that sizes are reckoned with: the limit, what it waits for, or the other side's best.
  referencePrice(ticker) {
    if (this.kind.isLimit) return this.price;
    if (this.kind.waits) return this.trigger;
    const best = this.side === "buy" ? ticker?.best_ask_price : ticker?.best_bid_price;
    return Number(best) ? Decimal.from(best) : Decimal.from(ticker?.mark_price);
  }

  // The size in whole lots of the base currency; null while it is not known.
  amount(ticker) {
    if (this.size === null) return null;
    if (this.unit === "base") return this.size;
    const price = this.referencePrice(ticker);
    if (!price || price.sign() <= 0) return null;
    return this.size.over(price, this.contract.lotPlaces + 2).flooredTo(this.contract.lot);
  }

  // The most that available funds could open, plus what an opposite position would free.
  largest(ticker, summary, position) {
    const price = this.referencePrice(ticker);
    if (!price || price.sign() <= 0 || !summary) return Decimal.zero;
    const held = Decimal.from(position?.size ?? 0);
    const opposite = held.sign() === (this.side === "buy" ? -1 : 1) ? held.absolute() : Decimal.zero;
    if (this.reduceOnly) return opposite.flooredTo(this.contract.lot);
    const one = new Decimal(1n, 0);
    const cost = one.over(this.contract.leverage, 8).plus(this.contract.takerFee).times(price);
    const funds = Decimal.from(summary.available_funds);
    const fresh = funds.sign() > 0 ? funds.over(cost, this.contract.lotPlaces + 2) : Decimal.zero;
    const most = fresh.plus(opposite).plus(opposite).flooredTo(this.contract.lot);
    // Larger positions ask for more than the first lot: the engine's own word is the limit.
    const said = this.affordable?.terms === this.terms ? this.affordable.amount : null;
    return said && said.compare(most) < 0 ? said : most;
  }

  // Sets the size to a percentage of the largest.
  takeShare(percent, ticker, summary, position) {
    this.share = percent;
    const part = new Decimal(BigInt(percent), 0).over(HUNDRED, 2);
    const amount = this.largest(ticker, summary, position).times(part).flooredTo(this.contract.lot);
    const price = this.referencePrice(ticker);
    this.size = this.unit === "base" || !price ? amount : upToCents(amount.times(price));
  }

  // What keeps the order from being sent, in words; null when nothing does.
  problem(ticker) {
    const { lot, lotPlaces, base } = this.contract;
    const wrong = (this.kind.waits && this.#pricing(this.trigger, "trigger price"))
      || (this.kind.isTrailing && this.#pricing(this.offset, "distance to trail by"))
      || (this.kind.isLimit && this.#pricing(this.price, "price"));
    if (wrong) return wrong;
    if (this.size === null) return "Enter a size";
    const amount = this.amount(ticker);
    if (amount === null) return "No price to size by yet";
    if (amount.compare(lot) < 0) return `At least ${number(lot, lotPlaces)} ${base}`;
    if (!amount.isMultipleOf(lot)) return `Size in steps of ${lot} ${base}`;
    if (this.hasExits(ticker) && this.reduceOnly) return "An order that only reduces has no exits";
    return this.exits.problem(this.side, this.entryPrice(ticker));
  }

  // Where a position would be entered, as near as it can be known beforehand.
  entryPrice(ticker) {
    return this.kind.isTrailing ? Decimal.from(ticker?.mark_price) : this.referencePrice(ticker);
  }

  hasExits(ticker) {
    return this.exits.prices(this.side, this.entryPrice(ticker)).length > 0;
  }

  // The order alone, as previews take it.
  order(ticker) {
    const { name, lotPlaces, pricePlaces } = this.contract;
    const text = (value) => String(value.truncated(pricePlaces));
    const { kind } = this;
    return {
      instrument_name: name,
      type: this.type,
      amount: String(this.amount(ticker).truncated(lotPlaces)),
      time_in_force: this.time,
      ...(kind.isLimit && { price: text(this.price) }),
      ...(kind.waits && { trigger_price: text(this.trigger) }),
      ...(kind.isTrailing && { trigger_offset: text(this.offset) }),
      ...(this.waits && { trigger: this.source }),
      ...(this.isPostOnly && { post_only: true }),
      ...(this.isPostOnly && !this.slides && { reject_post_only: true }),
      ...(this.reduceOnly && { reduce_only: true }),
    };
  }

  // The order with what is tied to it, as it is sent.
  orderWithExits(ticker) {
    return { ...this.order(ticker), ...this.exits.linked(this.side, this.entryPrice(ticker)) };
  }

  // The submit button says what it does.
  sentence(ticker) {
    const { base, lotPlaces, pricePlaces } = this.contract;
    const verb = this.side === "buy" ? "Buy" : "Sell";
    const size = `${verb} ${number(this.amount(ticker), lotPlaces)} ${base}`;
    const at = this.kind.isLimit ? `at ${number(this.price, pricePlaces)}` : "at market";
    if (this.kind.isTrailing) return `${size}, ${number(this.offset, pricePlaces)} behind ${SOURCES[this.source]}`;
    return this.kind.waits ? `${size} ${at} once ${SOURCES[this.source]} is ${number(this.trigger, pricePlaces)}` : `${size} ${at}`;
  }

  // The prices that are being written, for whoever draws them; none of an order without a size.
  drafted(ticker) {
    if (this.size === null) return { price: null, stop: null, takeProfit: null, stopLoss: null };
    const exits = Object.fromEntries(this.exits.prices(this.side, this.entryPrice(ticker)));
    const text = (value) => (value ? String(value) : null);
    return {
      price: text(this.kind.isLimit ? this.price : null),
      stop: text(this.kind.waits ? this.trigger : null),
      takeProfit: text(exits.takeProfit),
      stopLoss: text(exits.stopLoss),
    };
  }

  #pricing(value, what) {
    if (value === null) return `Enter a ${what}`;
    if (value.sign() <= 0) return `The ${what} must be positive`;
    return value.isMultipleOf(this.contract.tick) ? null : `The ${what} in steps of ${this.contract.tick}`;
  }
}

// Rounded up, so that the size in lots is not one short when it is reckoned back.
function upToCents(value) {
  const cut = value.truncated(2);
  return cut.compare(value) < 0 ? cut.plus(new Decimal(1n, 2)) : cut;
}
