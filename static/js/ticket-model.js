// What the ticket holds and the order it means. Prices and sizes are exact decimals throughout;
// the order's numbers leave as decimal strings.

import { Decimal } from "novate/decimal";
import { number } from "novate/format";

const HUNDRED = new Decimal(100n, 0);

export class TicketModel {
  side = "buy";
  type = "limit";
  price = null;
  size = null;
  unit = "base";
  share = 0;
  isPriced = false;
  timeInForce = "good_til_cancelled";
  postOnly = false;
  reduceOnly = false;

  constructor(contract) {
    this.contract = contract;
  }

  // The price that sizes are reckoned with: the limit, or the other side's best.
  referencePrice(ticker) {
    if (this.type === "limit") return this.price;
    const best = this.side === "buy" ? ticker?.best_ask_price : ticker?.best_bid_price;
    return Decimal.from(best ?? ticker?.mark_price);
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
    return fresh.plus(opposite).plus(opposite).flooredTo(this.contract.lot);
  }

  // Sets the size to a percentage of the largest.
  takeShare(percent, ticker, summary, position) {
    this.share = percent;
    const part = new Decimal(BigInt(percent), 0).over(HUNDRED, 2);
    const amount = this.largest(ticker, summary, position).times(part).flooredTo(this.contract.lot);
    const price = this.referencePrice(ticker);
    this.size = this.unit === "base" || !price ? amount : amount.times(price).truncated(2);
  }

  // What keeps the order from being sent, in words; null when nothing does.
  problem(ticker) {
    const { tick, lot, lotPlaces, base } = this.contract;
    if (this.type === "limit") {
      if (this.price === null) return "Enter a price";
      if (this.price.sign() <= 0) return "The price must be positive";
      if (!this.price.isMultipleOf(tick)) return `Price in steps of ${tick}`;
    }
    if (this.size === null) return "Enter a size";
    const amount = this.amount(ticker);
    if (amount === null) return "No price to size by yet";
    if (amount.compare(lot) < 0) return `At least ${number(lot, lotPlaces)} ${base}`;
    return amount.isMultipleOf(lot) ? null : `Size in steps of ${lot} ${base}`;
  }

  order(ticker) {
    const { name, lotPlaces, pricePlaces } = this.contract;
    const isLimit = this.type === "limit";
    return {
      instrument_name: name,
      type: this.type,
      amount: String(this.amount(ticker).truncated(lotPlaces)),
      ...(isLimit && { price: String(this.price.truncated(pricePlaces)) }),
      ...(isLimit && { time_in_force: this.timeInForce }),
      ...(isLimit && this.postOnly && { post_only: true, reject_post_only: true }),
      ...(this.reduceOnly && { reduce_only: true }),
    };
  }

  // The submit button says what it does.
  sentence(ticker) {
    const { base, lotPlaces, pricePlaces } = this.contract;
    const verb = this.side === "buy" ? "Buy" : "Sell";
    const size = `${verb} ${number(this.amount(ticker), lotPlaces)} ${base}`;
    return this.type === "limit" ? `${size} at ${number(this.price, pricePlaces)}` : `${size} at market`;
  }
}
