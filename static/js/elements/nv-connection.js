// Connection: a dot, a word and the round trip. A loss that lasts is said in words, and its end too.

import { attribute, text } from "novate/dom";
import { stream } from "novate/stream";
import { toast } from "novate/toast";

const WORDS = { connecting: "Connecting", live: "Live", offline: "Offline" };
const PATIENCE_MS = 1_500;

class Connection extends HTMLElement {
  #loss = 0;
  #isLossSaid = false;

  connectedCallback() {
    stream.addEventListener("state", this.#show);
    stream.addEventListener("state", this.#tell);
    stream.addEventListener("latency", this.#show);
    this.#show();
  }

  disconnectedCallback() {
    stream.removeEventListener("state", this.#show);
    stream.removeEventListener("state", this.#tell);
    stream.removeEventListener("latency", this.#show);
    clearTimeout(this.#loss);
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

  #tell = () => {
    if (stream.state === "offline") {
      this.#loss ||= setTimeout(() => this.#say(), PATIENCE_MS);
    } else if (stream.state === "live") {
      clearTimeout(this.#loss);
      this.#loss = 0;
      if (this.#isLossSaid) toast("good", "Connected again", "Everything on the screen is current.");
      this.#isLossSaid = false;
    }
  };

  #say() {
    this.#isLossSaid = true;
    toast("warn", "Connection lost", "Reconnecting. What is dimmed is old; orders are not sent meanwhile.");
  }
}

customElements.define("nv-connection", Connection);
