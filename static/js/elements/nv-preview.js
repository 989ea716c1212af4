// What the order would do, from the engine's own functions, before the click.

import { account } from "novate/account";
import { attribute, make, soon, text } from "novate/dom";
import { lastTicker } from "novate/markets";
import { previewRows, refusalOf, tellAffordable } from "novate/preview";
import { stream } from "novate/stream";

const SETTLE_MS = 150;
const REFRESH_MS = 2_000;

class Preview extends HTMLElement {
  #model = null;
  #asked = "";
  #turn = 0;
  #refresh = 0;

  connectedCallback() {
    addEventListener("ticket", this.#hear);
    this.#refresh = setInterval(() => { if (!document.hidden && this.#asked) this.#ask(); }, REFRESH_MS);
    this.#show(null);
  }

  disconnectedCallback() {
    removeEventListener("ticket", this.#hear);
    clearInterval(this.#refresh);
  }

  #hear = ({ detail }) => {
    this.#model = detail;
    const order = this.#order();
    const key = order ? JSON.stringify(order) : "";
    if (key === this.#asked) return;
    this.#asked = key;
    if (order) this.#ask();
    else this.#show(null);
  };

  #order() {
    const ticker = lastTicker(this.#model.contract.name);
    if (!account.summary || this.#model.problem(ticker)) return null;
    return { ...this.#model.order(ticker), side: this.#model.side };
  }

  #ask = soon(async () => {
    const order = this.#model && this.#order();
    if (!order) return;
    const turn = ++this.#turn;
    try {
      const answer = await stream.call("risk/preview_order", order);
      if (turn === this.#turn && this.#asked) this.#show(answer);
      tellAffordable(answer, this.#model);
    } catch (error) {
      if (turn === this.#turn) this.#show(null, error);
    }
  }, SETTLE_MS);

  #show(answer, error = null) {
    const list = this.querySelector("dl");
    const rows = previewRows(answer, this.#model);
    while (list.children.length < rows.length * 2) list.append(make("dt"), make("dd"));
    rows.forEach(({ label, value, tone = "", title = null }, at) => {
      text(list.children[at * 2], label);
      text(list.children[at * 2 + 1], value);
      list.children[at * 2 + 1].className = tone;
      attribute(list.children[at * 2 + 1], "title", title);
    });
    const refusal = refusalOf(answer, error, this.#model);
    const note = this.querySelector(".refusal");
    note.hidden = !refusal;
    text(note, refusal ?? "");
  }
}

customElements.define("nv-preview", Preview);
