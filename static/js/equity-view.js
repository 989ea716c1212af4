// Equity over time as one line over its wash. Floats are fine here: a chart is an opinion.

import { loadCharts } from "novate/charts";
import { dateAndTime, money } from "novate/format";
import { colour } from "novate/theme";

export async function makeEquityView(host) {
  const library = await loadCharts();
  const box = document.createElement("div");
  box.className = "equity-canvas";
  host.replaceChildren(box);
  const chart = library.createChart(box, { autoSize: true, handleScroll: false, handleScale: false });
  const line = chart.addSeries(library.AreaSeries, {
    lineWidth: 2, priceLineVisible: false,
    priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => money(value.toFixed(2)) },
  });
  const paint = () => {
    chart.applyOptions({
      layout: { background: { type: library.ColorType.Solid, color: colour("--panel") }, textColor: colour("--faint"), fontSize: 12, attributionLogo: true },
      grid: { vertLines: { visible: false }, horzLines: { color: colour("--line", 0.6) } },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.08 } },
      timeScale: { borderColor: colour("--line"), timeVisible: true, secondsVisible: false, fixLeftEdge: true, fixRightEdge: true },
      localization: { timeFormatter: (time) => dateAndTime(time * 1_000) },
    });
    line.applyOptions({ lineColor: colour("--accent"), topColor: colour("--accent", 0.22), bottomColor: colour("--accent", 0.02) });
  };
  paint();
  addEventListener("theme", paint);
  return {
    // points: [{ time, value }], seconds and numbers, oldest first.
    show(points) {
      line.setData(points);
      chart.timeScale().fitContent();
    },
    remove() {
      removeEventListener("theme", paint);
      chart.remove();
    },
  };
}
