// The price chart: candles and volume, live, with own orders (to be moved), fills, entry and liquidation lines.

import { minutesOf } from "novate/candles";
import { CandleFeed } from "novate/chart-feed";
import { moveChart } from "novate/chart-keys";
import { describeBar } from "novate/chart-legend";
import { OwnOnChart } from "novate/chart-own";
import { resolutionBar } from "novate/chart-resolutions";
import { makeChartView } from "novate/chart-view";
import { text } from "novate/dom";
import { contract } from "novate/markets";
import { stream } from "novate/stream";

const SHOWN = 140;
const BAR_PIXELS = 6;

class Chart extends HTMLElement {
  #stops = [];
  #contract = null;
  #view = null;
  #feed = null;
  #own = null;
  #pointed = null;

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    const canvas = this.querySelector(".chart-canvas");
    this.#view = await makeChartView(canvas, this.#contract).catch(() => null);
    if (!this.#view) return text(this.querySelector(".chart-note"), "The chart did not load. Reload the page to try again.");
    this.#feed = new CandleFeed(this.#contract, this.#view);
    this.#own = new OwnOnChart(this.querySelector(".chart-lines"), this.#view, this.#contract);
    this.#view.chart.subscribeCrosshairMove(({ time }) => { this.#pointed = time; this.#describe(); });
    this.#feed.onBar = () => { text(this.querySelector(".chart-note"), ""); this.#describe(); };
    this.#listen(window, "theme", () => { this.#view.paint(); this.#own.paint(); });
    this.#listen(stream, "live", () => this.#read(() => this.#feed.read()));
    this.#listen(canvas, "keydown", (event) => moveChart(event, this.#view, () => this.#showLatest()));
    this.#stops.push(this.#own.follow(), () => this.#feed.stop());
    this.#stops.push(resolutionBar(this.closest(".chart"), (resolution) => this.#choose(resolution)));
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
    this.#view?.remove();
  }

  #listen(target, name, listener) {
    target.addEventListener(name, listener);
    this.#stops.push(() => target.removeEventListener(name, listener));
  }

  async #choose(resolution) {
    await this.#read(() => this.#feed.follow(resolution));
    this.#showLatest();
  }

  async #read(reading) {
    const note = this.querySelector(".chart-note");
    try {
      await reading();
      text(note, this.#view.newest() ? "" : "No trades yet. The first one starts the first candle.");
      this.querySelector(".recorded").hidden = !this.#view.bars.some((bar) => bar.customValues?.isRecorded);
      this.#own.showFills(minutesOf(this.#feed.resolution));
      this.#describe();
    } catch {
      text(note, this.#view.newest() ? "" : "Candles could not be read. They load again when the connection is back.");
    }
  }

  #showLatest() { this.#view.showLatest(Math.min(SHOWN, Math.floor(this.clientWidth / BAR_PIXELS))); }

  // The candle under the pointer, or else the newest.
  #describe() {
    const bar = this.#view.barAt(this.#pointed) ?? this.#view.newest();
    describeBar(this.querySelector(".legend"), bar, this.#contract);
    text(this.querySelector(".legend .own"), this.#own.wordsAt(bar));
  }
}

customElements.define("nv-chart", Chart);
