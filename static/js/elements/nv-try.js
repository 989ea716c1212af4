// One method, tried from its description: over the page's own websocket, with its session.
// What changes something is sent only after a second click.

import { attribute, text } from "novate/dom";
import { stream } from "novate/stream";

class Try extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#onClick);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#onClick);
  }

  get #box() { return this.querySelector("textarea"); }

  get #changes() { return "changes" in this.dataset; }

  #onClick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const params = this.#params();
    const isFirst = button.matches(".send");
    this.#ask(isFirst && this.#changes && params !== null);
    if (params === null || button.matches(".cancel") || (isFirst && this.#changes)) return;
    this.#send(params);
  };

  // The parameters as they stand in the box; null: they are no JSON object, and the page says so.
  #params() {
    let params = null;
    let problem = "Expected a JSON object";
    try {
      params = JSON.parse(this.#box.value.trim() || "{}");
    } catch (error) {
      problem = error.message;
    }
    const isObject = params !== null && typeof params === "object" && !Array.isArray(params);
    attribute(this.#box, "aria-invalid", isObject ? null : "true");
    if (!isObject) this.#show("Not sent", problem, true);
    return isObject ? params : null;
  }

  #ask(isAsking) {
    this.querySelector(".docs-ask").hidden = !isAsking;
    this.querySelector(".send").hidden = isAsking;
    if (isAsking) this.querySelector(".confirm").focus();
  }

  async #send(params) {
    const button = this.querySelector(".send");
    button.disabled = true;
    const sentAt = performance.now();
    try {
      const result = await stream.call(this.dataset.method, params, { isWrite: this.#changes });
      this.#show(`result after ${Math.round(performance.now() - sentAt)} ms`, result, false);
    } catch ({ code, message, data }) {
      this.#show(code === undefined ? "No answer" : `error ${code}`, data ? { message, data } : message, true);
    }
    button.disabled = false;
  }

  #show(title, content, isFailed) {
    const answer = this.querySelector(".answer");
    answer.hidden = false;
    attribute(answer, "data-failed", isFailed);
    text(answer.querySelector("small"), title);
    text(answer.querySelector("pre"), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
}

customElements.define("nv-try", Try);
