// Draws the depth curves on a canvas: bids left, asks right, the cursor's price across both.

import { compact, number } from "novate/format";
import { colour } from "novate/theme";

const AXIS = 24;
const HEADROOM = 1.12;
const LABELS = 5;

export class DepthView {
  #pen;
  #size = { width: 0, height: 0 };

  constructor(canvas, contract) {
    this.canvas = canvas;
    this.contract = contract;
    this.#pen = canvas.getContext("2d");
    this.font = `12px ${getComputedStyle(document.documentElement).getPropertyValue("--words")}`;
  }

  get isShown() { return this.#size.width > 0; }

  resize(width, height) {
    const ratio = devicePixelRatio;
    this.#size = { width, height };
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    this.#pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  priceAt(curves, x) {
    return curves.low + (x / this.#size.width) * (curves.high - curves.low);
  }

  draw(curves, cursor) {
    const { width, height } = this.#size;
    this.#pen.clearRect(0, 0, width, height);
    if (!curves) return;
    const deepest = Math.max(curves.bids.at(-1)?.total ?? 0, curves.asks.at(-1)?.total ?? 0) * HEADROOM || 1;
    const x = (price) => ((price - curves.low) / (curves.high - curves.low)) * width;
    const y = (total) => (height - AXIS) * (1 - total / deepest);
    this.#grid(curves, deepest, x, y);
    this.#curve(curves.bids, x, y, 0, "--buy");
    this.#curve(curves.asks, x, y, width, "--sell");
    this.#line(x(curves.middle), "--edge", []);
    if (cursor !== null) this.#line(x(cursor.price), "--faint", [3, 3]);
    if (cursor !== null) this.#dot(x(cursor.price), y(cursor.total), cursor.isBid ? "--buy" : "--sell");
  }

  #grid({ low, high }, deepest, x, y) {
    const pen = this.#pen;
    Object.assign(pen, { font: this.font, fillStyle: colour("--faint"), strokeStyle: colour("--line", 0.45), lineWidth: 1 });
    pen.textAlign = "center";
    for (let at = 0.5; at < LABELS; at += 1) {
      const price = low + ((high - low) * at) / LABELS;
      pen.fillText(number(price.toFixed(this.contract.pricePlaces), this.contract.pricePlaces), x(price), this.#size.height - 8);
    }
    pen.textAlign = "right";
    const step = roundStep(deepest / LABELS);
    for (let total = step; total < deepest; total += step) {
      pen.fillText(`${compact(total.toFixed(3))} ${this.contract.base}`, this.#size.width - 8, y(total) - 4);
      this.#horizontal(y(total));
    }
  }

  #horizontal(y) {
    this.#pen.beginPath();
    this.#pen.moveTo(0, Math.round(y) + 0.5);
    this.#pen.lineTo(this.#size.width, Math.round(y) + 0.5);
    this.#pen.stroke();
  }

  // A staircase: the sum changes at each price and holds until the next.
  #curve(steps, x, y, edge, token) {
    if (steps.length === 0) return;
    const pen = this.#pen;
    const floor = y(0);
    pen.beginPath();
    pen.moveTo(x(steps[0].price), floor);
    let height = floor;
    for (const { price, total } of steps) {
      pen.lineTo(x(price), height);
      pen.lineTo(x(price), (height = y(total)));
    }
    pen.lineTo(edge, height);
    Object.assign(pen, { strokeStyle: colour(token), lineWidth: 1.5 });
    pen.stroke();
    pen.lineTo(edge, floor);
    pen.fillStyle = colour(token, 0.14);
    pen.fill();
  }

  #line(x, token, dash) {
    const pen = this.#pen;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.moveTo(Math.round(x) + 0.5, 0);
    pen.lineTo(Math.round(x) + 0.5, this.#size.height - AXIS);
    Object.assign(pen, { strokeStyle: colour(token), lineWidth: 1 });
    pen.stroke();
    pen.setLineDash([]);
  }

  #dot(x, y, token) {
    this.#pen.beginPath();
    this.#pen.arc(x, y, 4, 0, 2 * Math.PI);
    this.#pen.fillStyle = colour(token);
    this.#pen.fill();
  }
}

// The next of 1, 2, 5, 10, 20 …: what people can read off.
function roundStep(least) {
  const size = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find((factor) => factor * size >= least) * size;
}
