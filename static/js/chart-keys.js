// The chart by keyboard: along time, closer and farther, back to the newest candle.

const STEP = 10;
const ZOOM = 0.8;

export function moveChart(event, view, showLatest) {
  const scale = view.chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range || event.ctrlKey || event.metaKey || event.altKey) return;
  const span = range.to - range.from;
  const shift = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
  const factor = { "+": ZOOM, "=": ZOOM, "-": 1 / ZOOM }[event.key];
  if (shift) scale.setVisibleLogicalRange({ from: range.from + shift, to: range.to + shift });
  else if (factor) scale.setVisibleLogicalRange({ from: range.to - span * factor, to: range.to });
  else if (event.key === "End") showLatest();
  else return;
  event.preventDefault();
}
