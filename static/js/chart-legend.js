// The open, high, low and close of one candle, above the chart.

import { classes, text } from "novate/dom";
import { compact, number } from "novate/format";

export function describeBar(legend, bar, { pricePlaces, lotPlaces }) {
  if (!bar) return;
  classes(legend, `legend ${bar.close >= bar.open ? "up" : "down"}`);
  for (const name of ["open", "high", "low", "close"]) {
    text(legend.querySelector(`.${name}`), number(bar[name].toFixed(pricePlaces), pricePlaces));
  }
  text(legend.querySelector(".volume"), compact(bar.volume.toFixed(lotPlaces)));
}
