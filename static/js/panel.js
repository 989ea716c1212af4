// A table panel in its four states: loading, empty, failed, filled. The layout is the same in all.

import { make } from "novate/dom";
import { fillTable, makeTable, notice } from "novate/table";

export class Panel {
  #state = "";

  constructor(host, caption, columns, emptyTitle, emptyDetail) {
    this.host = host;
    this.columns = columns;
    this.table = makeTable(caption, columns);
    this.empty = notice("empty", emptyTitle, emptyDetail);
    this.loading = makeSkeleton();
  }

  // source: { isSignedIn, isLoaded, failure }
  show(source, rows, keyOf) {
    if (!source.isSignedIn) return this.#become("out", loggedOut());
    if (rows.length > 0) {
      this.#become("rows", this.table);
      return fillTable(this.table, this.columns, rows, keyOf);
    }
    if (source.failure) return this.#become("failed", notice("failed", "This could not be read", "It is read again when the connection is back."));
    return this.#become(source.isLoaded ? "empty" : "loading", source.isLoaded ? this.empty : this.loading);
  }

  #become(state, content) {
    if (this.#state === state) return;
    this.#state = state;
    this.host.replaceChildren(content);
  }
}

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
