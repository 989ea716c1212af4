// What moves of all marks would do to the account: a ladder of them, and one of one's own.

import { account } from "novate/account";
import { soon, text } from "novate/dom";
import { directionOf, money, signed, typed } from "novate/format";
import { Panel } from "novate/panel";
import { errorInWords } from "novate/reasons";
import { stream } from "novate/stream";

const SETTLE_MS = 600;

class Stress extends HTMLElement {
  #stop = null;

  connectedCallback() {
    const panel = new Panel(this.querySelector(".stress-table"), "What the account would be worth", COLUMNS, "Nothing to move", "With positions, this shows what higher or lower prices would do.");
    panel.table.classList.remove("stacked"); // Four short columns fit a phone as they are.
    const source = { isSignedIn: account.isSignedIn, isLoaded: false, failure: null };
    let rows = [];
    const draw = () => panel.show(source, account.positions.size ? rows : [], (row) => row.move);
    const load = soon(async () => {
      try {
        rows = (await stream.call("risk/stress_margin", {})).moves;
        Object.assign(source, { isLoaded: true, failure: null });
      } catch (failure) {
        Object.assign(source, { failure });
      }
      draw();
    }, SETTLE_MS);
    this.#stop = account.watch(load, "positions");
    this.querySelector("form").onsubmit = (event) => this.#ask(event);
    draw();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  async #ask(event) {
    event.preventDefault();
    const answer = this.querySelector("#stress-answer");
    const asked = this.querySelector("input").value.trim().replace("−", "-");
    const size = typed(asked.replace(/^[-+]/, ""));
    if (size === null) return text(answer, "Type a number of per cent, for example −12.5.");
    const move = asked.startsWith("-") ? `-${size}` : size;
    try {
      const [row] = (await stream.call("risk/stress_margin", { move })).moves;
      return text(answer, row ? inWords(row) : "This account holds nothing yet.");
    } catch (error) {
      return text(answer, errorInWords(error));
    }
  }
}

function inWords(row) {
  const end = row.is_liquidated ? "The account would be liquidated." : `${money(row.available_funds)} USDC would be free to trade.`;
  return `At ${signed(row.move, 2)} % equity would be ${money(row.equity)} USDC and maintenance margin ${money(row.maintenance_margin)} USDC. ${end}`;
}

const COLUMNS = [
  { label: "Move", kind: "number", cell: (row) => `${signed(row.move, 0)} %`, tone: (row) => directionOf(row.move) },
  { label: "Equity, USDC", kind: "number", cell: (row) => money(row.equity) },
  { label: "Maintenance, USDC", kind: "number", cell: (row) => money(row.maintenance_margin) },
  { label: "Outcome", cell: (row) => (row.is_liquidated ? "Liquidated" : "Holds"), tone: (row) => (row.is_liquidated ? "violet" : "muted") },
];

customElements.define("nv-stress", Stress);
