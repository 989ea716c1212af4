// The signed-in account: summary, positions, open orders. It reads a snapshot whenever the
// connection becomes live and then follows user.changes; what the server says last is what holds.

import { soon } from "novate/dom";
import { stream } from "novate/stream";

const SETTLE_MS = 250;

class Account extends EventTarget {
  isKnown = document.documentElement.dataset.account === "yes";
  isSignedIn = document.documentElement.dataset.user === "yes";
  isLoaded = false;
  failure = null;
  summary = null;
  positions = new Map();
  orders = new Map();
  #isFollowing = false;

  // Starts following on the first use. Listeners hear "change" at once and after each change.
  watch(listener, ...kinds) {
    const names = kinds.length > 0 ? kinds : ["summary", "positions", "orders"];
    for (const name of names) this.addEventListener(name, listener);
    if (this.isSignedIn && !this.#isFollowing) this.#follow();
    listener();
    return () => names.forEach((name) => this.removeEventListener(name, listener));
  }

  reload() {
    this.#load();
  }

  #follow() {
    this.#isFollowing = true;
    stream.subscribe("user.changes.any.any.raw", (changes) => this.#changed(changes));
    stream.subscribe("user.portfolio.usdc", (summary) => this.#summarised(summary));
    stream.addEventListener("live", () => this.#load());
    if (stream.state === "live") this.#load();
  }

  async #load() {
    try {
      const [summary, positions, orders] = await Promise.all([
        stream.call("private/get_account_summary", { currency: "USDC" }),
        stream.call("private/get_positions", { currency: "USDC" }),
        stream.call("private/get_open_orders", {}),
      ]);
      this.isLoaded = true;
      this.failure = null;
      this.positions = new Map(positions.filter(isOpen).map((row) => [row.instrument_name, row]));
      this.orders = new Map(orders.map((row) => [row.order_id, row]));
      this.#summarised(summary);
    } catch (error) {
      this.failure = error;
    }
    for (const name of ["summary", "positions", "orders"]) this.dispatchEvent(new Event(name));
  }

  #summarised(summary) {
    this.summary = summary;
    this.dispatchEvent(new Event("summary"));
  }

  #changed({ orders = [], positions = [], trades = [] }) {
    for (const order of orders) {
      const known = this.orders.get(order.order_id);
      if (known && known.last_update_timestamp > order.last_update_timestamp) continue;
      if (["open", "untriggered"].includes(order.order_state)) this.orders.set(order.order_id, order);
      else this.orders.delete(order.order_id);
      this.dispatchEvent(new CustomEvent("order", { detail: order }));
    }
    for (const position of positions) {
      if (isOpen(position)) this.positions.set(position.instrument_name, position);
      else this.positions.delete(position.instrument_name);
    }
    for (const trade of trades) this.dispatchEvent(new CustomEvent("fill", { detail: trade }));
    if (orders.length) this.dispatchEvent(new Event("orders"));
    if (positions.length) this.dispatchEvent(new Event("positions"));
    if (trades.length || positions.length) this.#settle();
  }

  // Margin of every position moves when one does: read them again when the burst is over.
  #settle = soon(() => this.#load(), SETTLE_MS);
}

const isOpen = (position) => Number(position.size) !== 0;

export const account = new Account();
