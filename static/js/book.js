// One order book kept by changes. Each change names the one before it (prev_change_id); when the
// chain breaks, the book is no longer trusted and its snapshot is asked for again.
//
// Inside, prices and amounts are whole numbers of 10^-places: exact in a double far beyond
// anything a contract can hold (2^53), and quick to sort.

import { BookSide } from "novate/book-side";
import { stream } from "novate/stream";

const books = new Map();

// Calls listener with the book at each change. Returns what stops it.
export function watchBook(contract, listener) {
  let book = books.get(contract.name);
  if (!book) books.set(contract.name, (book = new Book(contract)));
  return book.watch(listener);
}

// The book that is being watched under this name.
export const bookOf = (name) => books.get(name);

class Book {
  isWhole = false;
  bids = new BookSide("buy");
  asks = new BookSide("sell");
  gaps = 0;
  #contract;
  #changeId = null;
  #listeners = new Set();
  #stop = null;

  constructor(contract) {
    this.#contract = contract;
    this.channel = `book.${contract.name}.100ms`;
  }

  watch(listener) {
    this.#listeners.add(listener);
    if (!this.#stop) this.#open();
    else if (this.isWhole) listener(this);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  #open() {
    const stops = [stream.subscribe(this.channel, (data) => this.#apply(data))];
    const lost = () => { this.isWhole = false; this.#changeId = null; };
    stream.addEventListener("offline", lost);
    stops.push(() => stream.removeEventListener("offline", lost));
    this.#stop = () => stops.forEach((stop) => stop());
  }

  #close() {
    this.#stop();
    this.#stop = null;
    this.isWhole = false;
  }

  #apply(data) {
    if (data.type === "snapshot") {
      this.bids.clear();
      this.asks.clear();
      this.isWhole = true;
    } else if (!this.isWhole) {
      return;
    } else if (data.prev_change_id !== this.#changeId) {
      this.#repair();
      return;
    }
    this.#changeId = data.change_id;
    this.#write(this.bids, data.bids);
    this.#write(this.asks, data.asks);
    for (const listener of this.#listeners) listener(this);
  }

  #repair() {
    this.isWhole = false;
    this.gaps += 1;
    stream.restart(this.channel);
  }

  #write(side, changes) {
    for (const [action, price, amount] of changes) {
      const at = Math.round(price * 10 ** this.#contract.pricePlaces);
      side.put(at, action === "delete" ? 0 : Math.round(amount * 10 ** this.#contract.lotPlaces));
    }
  }
}
