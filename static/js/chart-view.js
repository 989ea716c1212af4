// The price chart as a thing to draw on: candles with volume below, in the theme's colours.
// Floats are fine here: a chart is an opinion.

import { loadCharts } from "novate/charts";
import { dateAndTime, number } from "novate/format";
import { colour } from "novate/theme";

const ROOM = 6;
const LEAST_SHOWN = 40;
const FONT = getComputedStyle(document.documentElement).getPropertyValue("--words");

export async function makeChartView(host, { pricePlaces }) {
  const library = await loadCharts();
  const chart = library.createChart(host, { autoSize: true });
  const candles = chart.addSeries(library.CandlestickSeries, {
    priceFormat: { type: "custom", minMove: 10 ** -pricePlaces, formatter: (price) => number(price.toFixed(pricePlaces), pricePlaces) },
    borderVisible: false,
  });
  const volume = chart.addSeries(library.HistogramSeries, {
    priceScaleId: "", priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.2 } });
  const view = new ChartView(library, chart, candles, volume);
  view.paint();
  return view;
}

class ChartView {
  #lines = new Map();
  #shades = { up: "", down: "" };

  constructor(library, chart, candles, volume) {
    Object.assign(this, { library, chart, candles, volume });
  }

  // Takes the theme's colours; called again when the theme turns.
  paint() {
    this.#shades = { up: colour("--buy", 0.32), down: colour("--sell", 0.32) };
    this.chart.applyOptions(layout(this.library));
    this.candles.applyOptions({
      upColor: colour("--buy-fill"), wickUpColor: colour("--buy-fill"),
      downColor: colour("--sell-fill"), wickDownColor: colour("--sell-fill"),
    });
  }

  replace(bars) {
    this.candles.setData(bars.map((bar) => (bar.customValues.isRecorded ? this.#quiet(bar) : bar)));
    this.volume.setData(bars.map((bar) => this.#volumeOf(bar)));
  }

  update(bar) {
    this.candles.update(bar);
    this.volume.update(this.#volumeOf(bar));
  }

  newest() {
    return this.candles.data().at(-1);
  }

  // Shows at most so many of the newest bars; a young market gets wide bars, not an empty chart.
  showLatest(most) {
    const bars = this.candles.data().length;
    const count = Math.min(most, Math.max(LEAST_SHOWN, bars));
    this.chart.timeScale().setVisibleLogicalRange({ from: bars - count, to: bars + ROOM });
  }

  // Draws exactly these horizontal lines: [{ key, price, title, token, style }].
  drawLines(wanted) {
    const keys = new Set(wanted.map((line) => line.key));
    for (const [key, line] of this.#lines) {
      if (!keys.has(key)) { this.candles.removePriceLine(line); this.#lines.delete(key); }
    }
    for (const { key, price, title, token, style } of wanted) {
      const options = {
        price, title, color: colour(token), lineWidth: 1, axisLabelVisible: true,
        lineStyle: this.library.LineStyle[style], axisLabelTextColor: colour("--panel"),
      };
      if (this.#lines.has(key)) this.#lines.get(key).applyOptions(options);
      else this.#lines.set(key, this.candles.createPriceLine(options));
    }
  }

  remove() {
    this.chart.remove();
  }

  // Recorded prices, before anything traded here: the same shape, paler.
  #quiet(bar) {
    const color = bar.close >= bar.open ? this.#shades.up : this.#shades.down;
    return { ...bar, color, wickColor: color };
  }

  #volumeOf({ time, volume, open, close }) {
    return { time, value: volume, color: close >= open ? this.#shades.up : this.#shades.down };
  }
}

function layout({ ColorType, CrosshairMode }) {
  const line = colour("--line");
  const label = { color: colour("--edge"), labelBackgroundColor: colour("--hover") };
  return {
    layout: {
      background: { type: ColorType.Solid, color: colour("--panel") }, textColor: colour("--faint"),
      fontFamily: FONT, fontSize: 12, attributionLogo: true,
    },
    grid: { vertLines: { color: colour("--line", 0.45) }, horzLines: { color: colour("--line", 0.45) } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: label, horzLine: label },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line, timeVisible: true, secondsVisible: false, rightOffset: ROOM, tickMarkFormatter: tickMark },
    localization: { timeFormatter: (time) => dateAndTime(time * 1_000) },
  };
}

// Marks of the time axis in the reader's own time; the library thinks in UTC.
function tickMark(time, kind) {
  const [year, month, day] = [{ year: "numeric" }, { month: "short" }, { day: "numeric", month: "short" }];
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(time * 1_000).toLocaleString(undefined, [year, month, day, clock, clock][kind]);
}
