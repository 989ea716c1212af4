// The status page keeps itself current; the same facts stand at /status.json.

import { attribute, make, text } from "novate/dom";
import { age } from "novate/format";

const EVERY_MS = 5_000;
const NOTHING_PLANNED = make("li", {}, make("span", { class: "muted" }, "Nothing is planned."));

class Status extends HTMLElement {
  #clock = 0;
  #heardAt = performance.now();

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
      this.#heardAt = performance.now();
      this.#dim(null);
    } catch {
      this.#say("down", "The venue does not answer. Trying again.");
      this.#dim(age(performance.now() - this.#heardAt));
    }
  }

  #show({ state, verdict, components, figures, halts, maintenance, stages, checked }) {
    this.#say(state, verdict);
    this.querySelector(".components tbody").replaceChildren(...components.map(makeRow));
    this.querySelector(".stages tbody").replaceChildren(...stages.map(makeStage));
    this.querySelector(".stages").hidden = stages.length === 0;
    this.querySelector(".figures").replaceChildren(...figures.map(makeFigure));
    this.querySelector(".halts ul").replaceChildren(...halts.map(makeHalt));
    this.querySelector(".maintenance ul").replaceChildren(...(maintenance.length ? maintenance.map(makePlan) : [NOTHING_PLANNED]));
    this.querySelector(".halts").hidden = halts.length === 0;
    text(document.querySelector(".checked"), checked);
  }

  // What is old is dimmed and says how old it is.
  #dim(old) {
    for (const card of this.querySelectorAll(".components, .stages, .figures")) attribute(card, "data-stale", old);
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

function makeStage({ label, p50, p99 }) {
  return make("tr", {}, make("th", { scope: "row" }, label), make("td", { class: "number" }, p50), make("td", { class: "number" }, p99));
}

function makeFigure({ label, value, note }) {
  return make("div", {}, make("dt", {}, label), make("dd", {}, value, make("small", {}, note)));
}

function makePlan({ begins, ends, words }) {
  return make("li", {}, make("b", {}, begins), make("span", {}, words), make("small", {}, `until ${ends}`));
}

function makeHalt({ contract, since, reason }) {
  return make("li", {}, make("b", {}, contract), make("span", {}, reason), make("small", {}, `since ${since}`));
}

customElements.define("nv-status", Status);
