// Keeps the chart's candles whole: history when it is opened or scrolled back, the newest by channel, and what was
// missed after a lost connection. What comes by channel while history is read is not lost to it.

import { candlesBefore, watchCandles } from "novate/candles";

const NEAR_EDGE = 20;
const KEEP = 6_000;

export class CandleFeed {
  #stop = () => {};
  #reading = null;
  #shown = null; // The resolution of what the view shows.
  #isReadingOlder = false;
  #isComplete = false;
  #heard = [];

  constructor(contract, view) {
    this.contract = contract;
    this.view = view;
    view.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < NEAR_EDGE) this.#readOlder();
    });
  }

  async follow(resolution) {
    this.#stop();
    this.resolution = resolution;
    this.#heard = [];
    this.#isComplete = true; // Nothing older is read before the newest are here.
    this.#reading = null;
    this.#stop = watchCandles(this.contract.name, resolution, (bar) => this.#hear(bar));
    await this.read();
  }

  // Reads the newest page and joins it to what is shown. Raises what the venue answers.
  async read() {
    const reading = (this.#reading ??= this.#read());
    try {
      await reading;
    } finally {
      if (this.#reading === reading) this.#reading = null;
    }
  }

  stop() {
    this.#stop();
  }

  async #read() {
    const { resolution, view } = this;
    const known = this.#shown === resolution ? view.bars : [];
    try {
      const bars = await candlesBefore(this.contract.name, resolution, Date.now());
      if (resolution === this.resolution) this.#join(bars);
    } catch (error) {
      // Candles of another length are no answer.
      if (resolution === this.resolution && known.length === 0) view.replace([]);
      throw error;
    }
  }

  #join(bars) {
    const known = this.#shown === this.resolution ? this.view.bars : [];
    const older = known.filter((bar) => bars.length > 0 && bar.time < bars[0].time);
    // Without an overlap there would be a hole between the pages: then the old one goes.
    const isJoined = older.length > 0 && known.at(-1).time >= bars[0].time;
    this.#shown = this.resolution;
    this.view.replace(isJoined ? [...older, ...bars] : bars);
    if (!isJoined) this.#isComplete = bars.length === 0;
    for (const bar of this.#heard) this.#put(bar);
  }

  #hear(bar) {
    this.#heard = [...this.#heard.filter((other) => other.time !== bar.time), bar].slice(-3);
    if (this.#shown === this.resolution) this.#put(bar);
    this.onBar?.();
  }

  #put(bar) {
    if (bar.time >= (this.view.newest()?.time ?? 0)) this.view.update(bar);
  }

  async #readOlder() {
    const { resolution, view } = this;
    if (this.#isReadingOlder || this.#isComplete || view.bars.length === 0 || view.bars.length >= KEEP) return;
    this.#isReadingOlder = true;
    try {
      const bars = await candlesBefore(this.contract.name, resolution, view.bars[0].time * 1_000 - 1);
      const older = bars.filter((bar) => bar.time < view.bars[0].time);
      if (resolution !== this.resolution || this.#shown !== resolution) return;
      this.#isComplete = older.length === 0;
      if (older.length > 0) view.replace([...older, ...view.bars]);
    } catch {
      this.#isComplete = true; // Asked again when the chart is opened anew.
    } finally {
      this.#isReadingOlder = false;
    }
  }
}
