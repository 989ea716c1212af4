// The signed-in account: summary, positions, open orders. It reads a snapshot whenever the
// connection becomes live and then follows user.changes; what the server says last is what holds.
// What has been asked and not been answered yet is kept apart: `asked` for orders that exist,
// `sending` for those that do not.

import { soon } from "novate/dom";
import { stream } from "novate/stream";

const SETTLE_MS = 250;
const AGAIN_MS = 2_000;
const SIGNED_OUT = 13009;
const OPEN_STATES = ["open", "untriggered"];

// Whose account it is, for what this browser keeps of each: a person may act for several.
const { accountNumber, person } = document.documentElement.dataset;
export const accountKey = accountNumber ?? (person || "visitor");

class Account extends EventTarget {
  isKnown = document.documentElement.dataset.account === "yes";
  isSignedIn = document.documentElement.dataset.user === "yes";
  isLoaded = false;
  failure = null;
  summary = null;
  positions = new Map();
  orders = new Map();
  asked = new Map();
  sending = new Map();
  #isFollowing = false;
  #lastSent = 0;

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

  // Shows an order that is under way until its answer is there; returns what ends that.
  send(order) {
    const key = `sending-${++this.#lastSent}`;
    this.sending.set(key, { ...order, order_id: key, pending: "Sending" });
    this.dispatchEvent(new Event("orders"));
    return () => { this.sending.delete(key); this.dispatchEvent(new Event("orders")); };
  }

  // Says of an open order what has been asked of it; returns what ends that.
  ask(id, word) {
    this.asked.set(id, word);
    this.dispatchEvent(new Event("orders"));
    return () => { this.asked.delete(id); this.dispatchEvent(new Event("orders")); };
  }

  // Newest first, each with what is pending of it.
  openOrders() {
    const known = [...this.orders.values()].sort((a, b) => b.creation_timestamp - a.creation_timestamp);
    const told = known.map((order) => (this.asked.has(order.order_id) ? { ...order, pending: this.asked.get(order.order_id) } : order));
    return [...[...this.sending.values()].reverse(), ...told];
  }

  // The orders that wait to close a position.
  exitsOf({ instrument_name: name, direction }) {
    return [...this.orders.values()].filter((order) => order.instrument_name === name
      && order.reduce_only && order.direction !== direction && order.trigger && !order.triggered)
      .sort((a, b) => Number(b.order_type.startsWith("take")) - Number(a.order_type.startsWith("take")));
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
      // Signed out elsewhere: what is shown is nobody's any more. Anything else passes.
      if (error.code === SIGNED_OUT && this.isLoaded) return location.reload();
      if (error.code !== SIGNED_OUT) setTimeout(() => stream.state === "live" && this.#load(), AGAIN_MS);
    }
    for (const name of ["summary", "positions", "orders"]) this.dispatchEvent(new Event(name));
    return undefined;
  }

  #summarised(summary) {
    const isMoney = this.summary?.balance !== summary.balance;
    this.summary = summary;
    if (isMoney) this.dispatchEvent(new Event("balance"));
    this.dispatchEvent(new Event("summary"));
  }

  #changed({ orders = [], positions = [], trades = [] }) {
    for (const order of orders) {
      const known = this.orders.get(order.order_id);
      if (known && known.last_update_timestamp > order.last_update_timestamp) continue;
      if (OPEN_STATES.includes(order.order_state)) this.orders.set(order.order_id, order);
      else this.orders.delete(order.order_id);
      this.dispatchEvent(new CustomEvent("order", { detail: { ...order, before: known ?? null } }));
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
