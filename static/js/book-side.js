// One side of a book: amounts by price, and the prices from the best on. Whole units (see book.js).

export class BookSide {
  #amounts = new Map();
  #prices = [];

  constructor(direction) {
    this.isBids = direction === "buy";
  }

  get best() { return this.#prices[0] ?? null; }
  get count() { return this.#prices.length; }

  clear() {
    this.#amounts.clear();
    this.#prices = [];
  }

  // Sets a level; amount 0 removes it.
  put(price, amount) {
    const isKnown = this.#amounts.has(price);
    if (amount === 0 && isKnown) this.#prices.splice(this.#place(price), 1);
    else if (amount !== 0 && !isKnown) this.#prices.splice(this.#place(price), 0, price);
    if (amount === 0) this.#amounts.delete(price);
    else this.#amounts.set(price, amount);
  }

  // At most count levels from the best on, summed into groups of so many price units, with the sum of
  // amounts and of price × amount up to each. Bids round down and asks up: a group never looks better than it is.
  levels(group, count = Infinity, worst = null) {
    const found = [];
    let total = 0;
    let value = 0;
    for (const exact of this.#prices) {
      if (worst !== null && (this.isBids ? exact < worst : exact > worst)) break;
      const price = this.groupOf(exact, group);
      const isNew = found.at(-1)?.price !== price;
      if (isNew && found.length === count) break;
      if (isNew) found.push({ price, amount: 0, total: 0, value: 0 });
      const amount = this.#amounts.get(exact);
      const level = found.at(-1);
      level.amount += amount;
      level.total = total += amount;
      level.value = value += amount * exact;
    }
    return found;
  }

  groupOf(price, group) {
    return (this.isBids ? Math.floor(price / group) : Math.ceil(price / group)) * group;
  }

  // Where a price stands, or would stand.
  #place(price) {
    let [low, high] = [0, this.#prices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.isBids ? this.#prices[middle] > price : this.#prices[middle] < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
