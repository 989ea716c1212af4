// What is done with the table in sight: this contract or all, words that rows must hold, CSV.

import { text } from "novate/dom";
import { filter } from "novate/filter";
import { errorInWords } from "novate/reasons";
import { toast } from "novate/toast";

class TableTools extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", this.#filter);
    this.querySelector("button").addEventListener("click", this.#download);
  }

  disconnectedCallback() {
    this.removeEventListener("input", this.#filter);
    this.querySelector("button").removeEventListener("click", this.#download);
  }

  get #host() { return document.querySelector(".tab-body > :not([hidden])"); }

  #filter = () => {
    const [only, words] = this.querySelectorAll("input");
    filter.set({ contract: only.checked ? this.getAttribute("contract") : null, words: words.value.toLowerCase().split(/\s+/).filter(Boolean) });
  };

  #download = async ({ currentTarget: button }) => {
    const { panel, rows, id } = this.#host;
    if (!panel || !rows) return;
    button.disabled = true;
    try {
      const { csvOf, save } = await import("novate/csv");
      const all = await rows((count) => this.#say(`Reading, ${count} rows so far`));
      const chosen = panel.chosen(all);
      const name = `novate-${id.replace("tab-", "")}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.csv`;
      save(csvOf(panel.columns, chosen), name);
      this.#say(`${chosen.length} ${chosen.length === 1 ? "row" : "rows"} saved`);
    } catch (error) {
      this.#say("");
      toast("bad", "No CSV", `${errorInWords(error)} Press CSV again.`);
    }
    button.disabled = false;
  };

  #say(words) {
    text(this.querySelector("output"), words);
  }
}

customElements.define("nv-table-tools", TableTools);
