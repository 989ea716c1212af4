// A table panel in its states: signed out, loading, empty, failed, nothing that the filter lets
// through, filled. The layout is the same in all. Long lists come page by page.

import { eachFrame, make, text } from "novate/dom";
import { filter } from "novate/filter";
import { fillTable, makeTable, nextSort, notice, showSort, sorted } from "novate/table";

export class Panel {
  #state = "";
  #sort = { at: -1, direction: "none" };
  #last = null;

  // options: { isFiltered, name } – a named panel keeps its order of rows over visits.
  constructor(host, caption, columns, emptyTitle, emptyDetail, options = {}) {
    this.host = host;
    this.caption = caption;
    this.columns = columns;
    this.options = options;
    this.table = makeTable(caption, columns, (at) => this.#sortBy(nextSort(this.#sort, at)));
    this.empty = notice("empty", emptyTitle, emptyDetail);
    this.loading = makeSkeleton();
    this.footer = null;
    this.#sort = remembered(options.name, columns);
    showSort(this.table, this.#sort);
    if (options.isFiltered) filter.addEventListener("change", this.#again);
    host.panel = this;
  }

  stop() {
    filter.removeEventListener("change", this.#again);
  }

  // source: { isSignedIn, isLoaded, failure, hasMore, isReading, more() }
  show(source, rows, keyOf) {
    this.#last = [source, rows, keyOf];
    if (!source.isSignedIn) return this.#become("out", loggedOut());
    if (rows.length > 0) return this.#showRows(source, rows, keyOf);
    if (source.failure) return this.#become("failed", failed());
    return this.#become(source.isLoaded ? "empty" : "loading", source.isLoaded ? this.empty : this.loading);
  }

  // The rows that the filter lets through, in the order that is shown.
  chosen(rows) {
    const wanted = this.options.isFiltered ? rows.filter((row) => filter.lets(row, this.columns)) : rows;
    return sorted(wanted, this.columns, this.#sort);
  }

  #again = eachFrame(() => this.#last && this.show(...this.#last));

  #showRows(source, rows, keyOf) {
    const shown = this.chosen(rows);
    this.footer ??= makeFooter(() => this.#last[0].more?.());
    fillTable(this.table, this.columns, shown, keyOf);
    const words = { shown: shown.length, all: rows.length, isSorted: this.#sort.at >= 0, isFailed: source.failure };
    showFooter(this.footer, source, words);
    this.#become("rows", this.table, this.footer);
  }

  #sortBy(sort) {
    this.#sort = sort;
    showSort(this.table, sort);
    const { name } = this.options;
    if (name) localStorage.setItem(`sort:${name}`, JSON.stringify({ label: this.columns[sort.at]?.label, direction: sort.direction }));
    this.#again();
  }

  #become(state, ...content) {
    if (this.#state === state) return;
    this.#state = state;
    this.host.replaceChildren(...content);
  }
}

function remembered(name, columns) {
  const nothing = { at: -1, direction: "none" };
  if (!name) return nothing;
  try {
    const { label, direction } = JSON.parse(localStorage.getItem(`sort:${name}`) ?? "{}");
    const at = columns.findIndex((column) => column.value && column.label === label);
    return at < 0 ? nothing : { at, direction };
  } catch {
    return nothing;
  }
}

function makeFooter(more) {
  const button = make("button", { class: "button tiny", type: "button", onclick: more }, "Load older");
  return make("div", { class: "table-foot" }, make("span", { role: "status" }), button);
}

// Says what is not in sight: rows behind the filter, rows that have not been read.
function showFooter(footer, { hasMore = false, isReading = false }, { shown, all, isSorted, isFailed }) {
  const [words, button] = footer.children;
  const parts = [
    shown === 0 && "No row matches the filter",
    shown > 0 && shown < all && `${shown} of ${all} rows match the filter`,
    hasMore && `${all} rows read, older ones not yet${isSorted ? "; sorted among these" : ""}`,
    isFailed && "The newest could not be read; it is tried again when the connection is back",
  ];
  text(words, parts.filter(Boolean).join(". "));
  text(button, isReading ? "Reading" : "Load older");
  button.hidden = !hasMore;
  button.disabled = isReading;
  footer.hidden = words.textContent === "" && !hasMore;
}

const failed = () => notice("failed", "This could not be read", "It is read again when the connection is back.");

function loggedOut() {
  const next = encodeURIComponent(location.pathname);
  return make("div", { class: "empty" }, make("div", {}, make("b", {}, "You are looking without an account"),
    make("p", {}, make("a", { class: "link", href: `/accounts/signup/?next=${next}` }, "Sign up"), " or ",
      make("a", { class: "link", href: `/accounts/login/?next=${next}` }, "log in"), " to trade.")));
}

function makeSkeleton() {
  const bars = [120, 64, 88, 72].map((width) => {
    const bar = make("span", { class: "skeleton" });
    bar.style.width = `${width}px`;
    return bar;
  });
  return make("div", { class: "empty", "aria-busy": "true" }, make("div", {}, ...bars));
}
