// The price chart as a thing to draw on: candles with volume below, in the theme's colours.
// Floats are fine here: a chart is an opinion.

import { loadCharts } from "novate/charts";
import { Decimal } from "novate/decimal";
import { dateAndTime, number } from "novate/format";
import { colour } from "novate/theme";

const ROOM = 6;
const LEAST_SHOWN = 40;
const CANDLES_LEAST = 3; // The scale is at most so many times as high as the candles alone.
const AXIS = 80; // Room for six digits from the start: the candles do not move when the first price comes.
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
  const view = new ChartView({ library, chart, candles, volume, pricePlaces });
  view.paint();
  return view;
}

class ChartView {
  #lines = new Map();
  #bars = [];
  #taken = "";
  #shades = { up: "", down: "" };

  constructor(parts) {
    Object.assign(this, parts);
    this.markers = this.library.createSeriesMarkers(this.candles, []);
  }

  // Takes the theme's colours; called again when the theme turns.
  paint() {
    this.#shades = { up: colour("--buy", 0.32), down: colour("--sell", 0.32) };
    this.chart.applyOptions(layout(this.library));
    this.candles.applyOptions({
      upColor: colour("--buy-fill"), wickUpColor: colour("--buy-fill"),
      downColor: colour("--sell-fill"), wickDownColor: colour("--sell-fill"),
    });
    if (this.#bars.length > 0) this.replace(this.#bars);
  }

  // Shows exactly these bars; who looks at older ones goes on seeing the same.
  replace(bars) {
    const scale = this.chart.timeScale();
    const seen = scale.getVisibleLogicalRange();
    const first = this.#bars[0]?.time;
    const isAtEnd = !seen || seen.to >= this.#bars.length - 1;
    this.#bars = bars;
    this.candles.setData(bars.map((bar) => (bar.customValues?.isRecorded ? this.#quiet(bar) : bar)));
    this.volume.setData(bars.map((bar) => this.#volumeOf(bar)));
    if (isAtEnd || first === undefined) return;
    const added = Math.max(0, bars.findIndex((bar) => bar.time >= first));
    scale.setVisibleLogicalRange({ from: seen.from + added, to: seen.to + added });
  }

  update(bar) {
    const isKnown = this.newest()?.time === bar.time;
    if (isKnown) this.#bars[this.#bars.length - 1] = bar;
    else this.#bars.push(bar);
    this.candles.update(bar);
    this.volume.update(this.#volumeOf(bar));
  }

  get bars() { return this.#bars; }

  newest() {
    return this.#bars.at(-1);
  }

  barAt(time) {
    return this.#bars.find((bar) => bar.time === time);
  }

  // Shows at most so many of the newest bars; a young market gets wide bars, not an empty chart.
  showLatest(most) {
    const bars = this.#bars.length;
    const count = Math.min(most, Math.max(LEAST_SHOWN, bars));
    this.chart.timeScale().setVisibleLogicalRange({ from: bars - count, to: bars + ROOM });
  }

  // Draws exactly these horizontal lines: [{ key, price, token, style }]. Labels are chart-labels.js's.
  drawLines(wanted) {
    const keys = new Set(wanted.map((line) => line.key));
    for (const [key, { line }] of this.#lines) {
      if (!keys.has(key)) { this.candles.removePriceLine(line); this.#lines.delete(key); }
    }
    for (const { key, price, token, style, isBare = false } of wanted) {
      const options = {
        price: price.toNumber(), title: "", color: colour(token), lineWidth: 1, axisLabelVisible: !isBare,
        lineStyle: this.library.LineStyle[style], axisLabelTextColor: colour("--panel"),
      };
      const looks = JSON.stringify(options);
      const known = this.#lines.get(key);
      if (!known) this.#lines.set(key, { looks, line: this.candles.createPriceLine(options) });
      else if (known.looks !== looks) { known.line.applyOptions(options); known.looks = looks; }
    }
  }

  // Stretches the scale to these prices as far as the candles keep a third of it, the nearest first.
  takeIn(prices) {
    const wanted = prices.join();
    if (wanted === this.#taken) return;
    this.#taken = wanted;
    this.candles.applyOptions({ autoscaleInfoProvider: (own) => stretched(own(), prices) });
  }

  // Arrows at candles: [{ time, side }].
  drawFills(fills) {
    this.markers.setMarkers(fills.map(({ time, side }) => ({
      time, position: side === "buy" ? "belowBar" : "aboveBar", shape: side === "buy" ? "arrowUp" : "arrowDown",
      color: colour(side === "buy" ? "--buy" : "--sell"), size: 1,
    })));
  }

  // Calls listener whenever the picture is drawn anew.
  onDraw(listener) {
    const views = [{ renderer: () => ({ draw: listener }) }];
    this.candles.attachPrimitive({ paneViews: () => views });
  }

  // The room of the candles: its height, and the width of the price axis beside it.
  frame() {
    return { height: this.chart.paneSize().height, axis: this.chart.priceScale("right").width() };
  }

  yOf(price) { return this.candles.priceToCoordinate(price); }

  priceAt(y) {
    const price = this.candles.coordinateToPrice(y);
    return price === null ? null : Decimal.from(price.toFixed(this.pricePlaces));
  }

  zoomBy(wheel) {
    this.chart.chartElement().dispatchEvent(new WheelEvent("wheel", wheel));
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

function stretched(info, prices) {
  if (!info?.priceRange) return info;
  let { minValue: least, maxValue: most } = info.priceRange;
  const limit = CANDLES_LEAST * (most - least);
  const distance = (price) => Math.max(least - price, price - most);
  for (const price of prices.toSorted((a, b) => distance(a) - distance(b))) {
    const [low, high] = [Math.min(least, price), Math.max(most, price)];
    if (high - low <= limit) [least, most] = [low, high];
  }
  return { ...info, priceRange: { minValue: least, maxValue: most } };
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
    rightPriceScale: { borderColor: line, minimumWidth: AXIS },
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
