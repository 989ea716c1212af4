// The status page keeps itself current; the same facts stand at /status.json.

import { attribute, make, text } from "novate/dom";

const EVERY_MS = 5_000;

class Status extends HTMLElement {
  #clock = 0;

  connectedCallback() {
    this.#clock = setInterval(() => document.hidden || this.#load(), EVERY_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#clock);
  }

  async #load() {
    try {
      const answer = await fetch("/status.json", { cache: "no-store" });
      this.#show(await answer.json());
    } catch {
      this.#say("down", "The venue does not answer. Trying again.");
    }
  }

  #show({ state, verdict, components, figures, halts, checked }) {
    this.#say(state, verdict);
    this.querySelector(".components tbody").replaceChildren(...components.map(makeRow));
    this.querySelector(".figures").replaceChildren(...figures.map(makeFigure));
    this.querySelector(".halts ul").replaceChildren(...halts.map(makeHalt));
    this.querySelector(".halts").hidden = halts.length === 0;
    text(document.querySelector(".checked"), checked);
  }

  #say(state, words) {
    const verdict = this.querySelector(".verdict");
    attribute(verdict, "data-state", state);
    text(verdict, words);
  }
}

function makeRow({ label, tone, word, detail }) {
  const badge = make("span", { class: `badge ${tone}` }, word);
  return make("tr", {}, make("th", { scope: "row" }, label), make("td", {}, badge), make("td", { class: "muted" }, detail));
}

function makeFigure({ label, value, note }) {
  return make("div", {}, make("dt", {}, label), make("dd", {}, value, make("small", {}, note)));
}

function makeHalt({ contract, since, reason }) {
  return make("li", {}, make("b", {}, contract), make("span", {}, reason), make("small", {}, `since ${since}`));
}

customElements.define("nv-status", Status);
