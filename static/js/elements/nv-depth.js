// The depth of the market around the middle: what could be bought or sold up to each price. The pointer or the
// arrow keys read it off.

import { watchBook } from "novate/book";
import { curvesOf, depthAt } from "novate/depth";
import { DepthView } from "novate/depth-view";
import { attribute, eachFrame, text } from "novate/dom";
import { compact, number, rate } from "novate/format";
import { rememberChoice } from "novate/kept";
import { contract } from "novate/markets";
import { shortcuts } from "novate/shortcuts";

const STEPS = 40;

class Depth extends HTMLElement {
  #stops = [];
  #contract = null;
  #book = null;
  #curves = null;
  #cursor = null;
  #reach = 0.005;
  #view = null;
  #draw = eachFrame(() => this.#show());

  async connectedCallback() {
    this.#contract = await contract(this.getAttribute("contract"));
    if (!this.#contract || !this.isConnected) return;
    const canvas = this.querySelector("canvas");
    this.#view = new DepthView(canvas, this.#contract);
    const size = new ResizeObserver(([{ contentRect }]) => { this.#view.resize(contentRect.width, contentRect.height); this.#draw(); });
    size.observe(this.querySelector(".depth-canvas"));
    canvas.onpointermove = ({ offsetX }) => this.#curves && this.#point(this.#view.priceAt(this.#curves, offsetX));
    canvas.onpointerleave = canvas.onblur = () => this.#point(null);
    canvas.onkeydown = (event) => this.#key(event);
    rememberChoice(this.querySelector("select"), "depth.reach", (reach) => { this.#reach = Number(reach); this.#draw(); });
    addEventListener("theme", this.#draw);
    this.#stops = [
      watchBook(this.#contract, (book) => { this.#book = book; this.#draw(); }),
      shortcuts.register("Depth", [{ keys: ["ArrowLeft", "ArrowRight"], words: "Read the focused depth chart" }]),
      () => { size.disconnect(); removeEventListener("theme", this.#draw); },
    ];
  }

  disconnectedCallback() {
    this.#stops.forEach((stop) => stop());
  }

  #show() {
    if (!this.#book || !this.#view.isShown) return;
    this.#curves = curvesOf(this.#book, this.#contract, this.#reach);
    const cursor = this.#curves && this.#cursor !== null ? depthAt(this.#curves, this.#cursor) : null;
    this.#view.draw(this.#curves, cursor);
    text(this.querySelector(".depth-note"), this.#curves ? "" : "One side of the book is empty. There is no depth to show until both have orders.");
    const words = cursor ? this.#words(cursor) : "";
    text(this.querySelector("output"), words);
    attribute(this.querySelector("canvas"), "aria-valuetext", words || "Arrow keys read the depth at a price");
    attribute(this.querySelector("canvas"), "aria-valuenow", cursor ? cursor.price.toFixed(this.#contract.pricePlaces) : 0);
  }

  #words({ isBid, price, total, value, distance }) {
    const { pricePlaces, base, quote } = this.#contract;
    const [verb, way] = isBid ? ["Sell", "down"] : ["Buy", "up"];
    const where = `${number(price.toFixed(pricePlaces), pricePlaces)} (${rate(distance.toFixed(8), 2)})`;
    return `${verb} ${compact(total.toFixed(3))} ${base} ${way} to ${where} · ${compact(value.toFixed(2))} ${quote}`;
  }

  #point(price) { this.#cursor = price; this.#draw(); }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !this.#curves) return;
    event.preventDefault();
    const { low, high, middle } = this.#curves;
    this.#point(Math.min(high, Math.max(low, (this.#cursor ?? middle) + (step * (high - low)) / STEPS)));
  }
}

customElements.define("nv-depth", Depth);
