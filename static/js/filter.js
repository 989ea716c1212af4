// What the tables of a page let through: one contract or all, and words that a row must hold.

class Filter extends EventTarget {
  contract = null;
  words = [];

  set(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event("change"));
  }

  lets(row, columns) {
    if (this.contract && row.instrument_name !== this.contract) return false;
    if (this.words.length === 0) return true;
    const line = columns.map((column) => wordsOf(column, row)).join(" ").toLowerCase();
    return this.words.every((word) => line.includes(word));
  }
}

// A column's cell in words: what a filter looks through.
export function wordsOf(column, row) {
  if (column.words) return column.words(row);
  if (column.kind === "actions") return "";
  const cell = column.cell(row, document.createElement("td"));
  return cell instanceof Node ? cell.textContent : (cell ?? "");
}

export const filter = new Filter();
