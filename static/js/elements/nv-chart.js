// The price chart: candles and volume, live, with own orders, entry and liquidation lines.

import { account } from "novate/account";
import { candlesBefore, watchCandles } from "novate/candles";
import { describeBar } from "novate/chart-legend";
import { linesOf } from "novate/chart-lines";
import { makeChartView } from "novate/chart-view";
import { attribute, text } from "novate/dom";
import { contract } from "novate/markets";
import { stream } from "novate/stream";

const SHOWN = 140;
const BAR_PIXELS = 6;

class Chart extends HTMLElement {
  #stops = [];
  #contract = null;
  #view = null;
  #resolution = localStorage.getItem("chart.resolution") ?? "1";
  #stopCandles = null;

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    this.#view = await makeChartView(this.querySelector(".chart-canvas"), this.#contract);
    this.#view.chart.subscribeCrosshairMove((at) => this.#describe(at.seriesData.get(this.#view.candles)));
    this.#listen(window, "theme", () => { this.#view.paint(); this.#load(); });
    this.#listen(stream, "live", this.#load);
    this.#listen(this.#bar, "click", ({ target }) => target.value && this.#choose(target.value));
    this.#stops.push(account.watch(this.#drawLines, "orders", "positions"));
    this.#choose(this.#resolution);
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
    this.#stopCandles?.();
    this.#view?.remove();
  }

  get #bar() { return this.closest(".chart").querySelector(".resolutions"); }
  #listen(target, name, listener) {
    target.addEventListener(name, listener);
    this.#stops.push(() => target.removeEventListener(name, listener));
  }

  #choose(resolution) {
    this.#resolution = resolution;
    localStorage.setItem("chart.resolution", resolution);
    for (const button of this.#bar.children) attribute(button, "aria-checked", String(button.value === resolution));
    this.#stopCandles?.();
    this.#stopCandles = watchCandles(this.#contract.name, resolution, (bar) => this.#update(bar));
    this.#load().then(() => this.#view.showLatest(Math.min(SHOWN, Math.floor(this.clientWidth / BAR_PIXELS))));
  }

  #load = async () => {
    const resolution = this.#resolution;
    const note = this.querySelector(".chart-note");
    try {
      const bars = await candlesBefore(this.#contract.name, resolution, Date.now());
      if (resolution !== this.#resolution) return;
      this.#view.replace(bars);
      this.#drawLines();
      this.#describe(bars.at(-1));
      text(note, bars.length ? "" : "No trades yet.");
      this.querySelector(".recorded").hidden = !bars.some((bar) => bar.customValues.isRecorded);
    } catch {
      text(note, "Candles could not be read. They load again when the connection is back.");
    }
  };

  #update(bar) {
    if (bar.time >= (this.#view.newest()?.time ?? 0)) this.#view.update(bar);
    this.#describe(bar);
  }

  #drawLines = () => this.#view.drawLines(linesOf(account, this.#contract));
  #describe = (bar = this.#view.newest()) => describeBar(this.querySelector(".legend"), bar, this.#contract);
}

customElements.define("nv-chart", Chart);
