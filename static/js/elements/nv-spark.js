// The last day as one small line. Its colour says the direction, and so does the number beside it.
// A market that has hardly traded shows the recorded prices before it, paler.

import { stream } from "novate/stream";

const WIDTH = 128;
const HEIGHT = 32;
const DAY_MS = 86_400_000;
const LEAST = 8; // Fewer quarter hours than this: the last hour is shown by the minute.
const SVG = "http://www.w3.org/2000/svg";

class Spark extends HTMLElement {
  connectedCallback() {
    stream.addEventListener("live", this.#load);
    if (stream.state === "live") this.#load();
  }

  disconnectedCallback() {
    stream.removeEventListener("live", this.#load);
  }

  #load = async () => {
    try {
      const day = await this.#prices("15", DAY_MS);
      const shown = day.traded >= LEAST ? day : await this.#prices("1", DAY_MS / 24);
      const isRecorded = shown.traded < LEAST;
      this.#draw(isRecorded ? shown.close : shown.close.slice(-shown.traded), isRecorded);
    } catch {
      this.replaceChildren();
    }
  };

  async #prices(resolution, span) {
    const end = Date.now();
    const question = { instrument_name: this.getAttribute("contract"), resolution, start_timestamp: end - span, end_timestamp: end };
    const { close, recorded } = await stream.call("public/get_tradingview_chart_data", question);
    return { close: close.map(Number), traded: close.length - recorded };
  }

  #draw(prices, isRecorded) {
    if (prices.length < 2) return this.replaceChildren();
    const low = Math.min(...prices);
    const span = Math.max(...prices) - low || 1;
    const at = (price, index) => `${(index / (prices.length - 1)) * WIDTH},${HEIGHT - 2 - ((price - low) / span) * (HEIGHT - 4)}`;
    const picture = document.createElementNS(SVG, "svg");
    const line = document.createElementNS(SVG, "polyline");
    for (const [name, value] of [["viewBox", `0 0 ${WIDTH} ${HEIGHT}`], ["preserveAspectRatio", "none"], ["width", "100%"], ["height", "100%"], ["aria-hidden", "true"]]) picture.setAttribute(name, value);
    for (const [name, value] of [["points", prices.map(at).join(" ")], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "1.5"], ["vector-effect", "non-scaling-stroke"]]) line.setAttribute(name, value);
    picture.append(line);
    this.className = `${prices.at(-1) >= prices[0] ? "up" : "down"}${isRecorded ? " recorded" : ""}`;
    this.title = isRecorded ? "With recorded prices, before trading began here" : "";
    return this.replaceChildren(picture);
  }
}

customElements.define("nv-spark", Spark);
