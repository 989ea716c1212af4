// Connection: a dot, a word and the round trip. Words as well as colour.

import { attribute, text } from "novate/dom";
import { stream } from "novate/stream";

const WORDS = { connecting: "Connecting", live: "Live", offline: "Offline" };

class Connection extends HTMLElement {
  connectedCallback() {
    stream.addEventListener("state", this.#show);
    stream.addEventListener("latency", this.#show);
    this.#show();
  }

  disconnectedCallback() {
    stream.removeEventListener("state", this.#show);
    stream.removeEventListener("latency", this.#show);
  }

  #show = () => {
    const { state, latency } = stream;
    const isTimed = state === "live" && latency !== null;
    attribute(this, "data-state", state);
    attribute(this, "title", isTimed
      ? `Connected. A question and its answer take ${latency} ms.`
      : state === "offline" ? "The connection is lost. Reconnecting." : "Connecting to the venue.");
    text(this.querySelector(".words"), isTimed ? `${latency} ms` : WORDS[state]);
  };
}

customElements.define("nv-connection", Connection);
