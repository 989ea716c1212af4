// The element of a table of the past, newest first: see followHistory and followPages.

import { followHistory, followPages } from "novate/history";
import { contracts } from "novate/markets";
import { Panel } from "novate/panel";

// caption, emptyTitle, emptyDetail: words. columns: a list, or what makes one of the listed
// contracts. kinds: the account's events after which it is read again. A paged history has a name,
// under which its order of rows is kept; its element's rows(onCount) answers all there are.
export function historyElement({ caption, emptyTitle, emptyDetail, columns, read, keyOf, kinds, name = null }) {
  return class extends HTMLElement {
    #stop = null;

    async connectedCallback() {
      const shown = typeof columns === "function" ? columns(await contracts()) : columns;
      const options = { name, isFiltered: this.hasAttribute("filtered") };
      const panel = new Panel(this, caption, shown, emptyTitle, emptyDetail, options);
      const draw = () => panel.show(history.source, history.source.rows, keyOf);
      const history = name === null
        ? followHistory(read, () => draw(), ...kinds)
        : followPages({ host: this, read, keyOf, onChange: () => draw(), kinds });
      this.rows = history.all;
      this.#stop = () => { history.stop(); panel.stop(); };
      draw();
    }

    disconnectedCallback() {
      this.#stop?.();
    }
  };
}
