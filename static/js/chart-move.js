// Moving an order by its line. The pointer or the arrow keys propose a price; only Enter or the Move button sends
// it; Escape takes it back. What the venue refuses goes back to where the order stands.

import { account } from "novate/account";
import { amendPrice } from "novate/amend";
import { standingPrice } from "novate/chart-lines";
import { Decimal } from "novate/decimal";

const RETURN_MS = 180;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class OrderMove {
  // { key, order, from, to, state }: state is "dragging", "asking", "sending" or "returning".
  proposal = null;
  #answers = new Map();

  constructor(contract, onChange) {
    this.contract = contract;
    this.onChange = onChange;
  }

  // The lines as they stand now: amended orders at their answer's price, the proposed one where it is held.
  arrange(lines) {
    const shown = lines.map((line) => this.#answered(line));
    const held = shown.find((line) => line.key === this.proposal?.key);
    if (this.proposal && !held) this.#become(null);
    if (!this.proposal) return shown;
    const ghost = { ...held, key: `${held.key} from`, token: "--edge", style: "SparseDotted", isBare: true };
    return [ghost, ...shown.map((line) => (line === held ? { ...line, price: this.proposal.to } : line))];
  }

  propose(line, to, state = "asking") {
    if (this.proposal?.state === "sending" || !line.order) return;
    const from = standingPrice(line.order);
    const price = this.#onTick(to);
    if (price.sign() <= 0) return;
    this.#become({ key: line.key, order: line.order, from, to: price, state });
  }

  // By so many ticks from where the line is held.
  step(line, ticks) {
    const at = this.proposal?.key === line.key ? this.proposal.to : standingPrice(line.order);
    this.propose(line, at.plus(this.contract.tick.times(new Decimal(BigInt(ticks), 0))));
  }

  // The pointer let go: a price that did not change is nothing to ask about.
  ask() {
    if (this.proposal?.state !== "dragging") return;
    const isMoved = this.proposal.to.compare(this.proposal.from) !== 0;
    this.#become(isMoved ? { ...this.proposal, state: "asking" } : null);
  }

  async confirm() {
    const { proposal } = this;
    if (proposal?.state !== "asking") return;
    this.#become({ ...proposal, state: "sending" });
    const amended = await amendPrice(proposal, this.contract);
    if (this.proposal?.key !== proposal.key) return;
    if (amended) this.#answers.set(amended.order_id, amended);
    if (amended) this.#become(null);
    else this.#goBack();
  }

  giveUp() {
    if (this.proposal && this.proposal.state !== "sending") this.#goBack();
  }

  #goBack() {
    if (stillness.matches) return this.#become(null);
    const { from, to } = this.proposal;
    const began = performance.now();
    const move = (now) => {
      const part = Math.min(1, (now - began) / RETURN_MS);
      if (this.proposal?.state !== "returning") return;
      if (part === 1) return this.#become(null);
      const price = to.toNumber() + (from.toNumber() - to.toNumber()) * (1 - (1 - part) ** 3);
      this.#become({ ...this.proposal, to: this.#onTick(Decimal.from(price.toFixed(this.contract.pricePlaces))) });
      requestAnimationFrame(move);
    };
    this.#become({ ...this.proposal, state: "returning" });
    return requestAnimationFrame(move);
  }

  // The answer may be here before the account's own news of it.
  #answered(line) {
    const answer = this.#answers.get(line.key);
    if (!answer) return line;
    if (account.orders.get(line.key)?.last_update_timestamp >= answer.last_update_timestamp) {
      this.#answers.delete(line.key);
      return line;
    }
    return { ...line, order: answer, price: standingPrice(answer) };
  }

  // The nearest multiple of the tick.
  #onTick(price) {
    const half = this.contract.tick.over(new Decimal(2n, 0), this.contract.tick.scale + 1);
    return price.plus(half).flooredTo(this.contract.tick).truncated(this.contract.pricePlaces);
  }

  #become(proposal) {
    this.proposal = proposal;
    this.onChange();
  }
}
