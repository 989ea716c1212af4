// An edge between panels: drag it, or move it with the arrow keys; a double click or Enter brings back the usual size.
//
// <nv-resizer panel="bottom" edge="top"> sizes the panel; edge says on which of its sides this one lies.

import { attribute } from "novate/dom";
import { apply, boundsOf, setSize, sizeOf } from "novate/layout";
import { shortcuts } from "novate/shortcuts";

const STEP = 24;
const FINE = 4;
const GROWS = { top: ["ArrowUp", "ArrowDown"], left: ["ArrowLeft", "ArrowRight"] };

class Resizer extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.addEventListener("pointerdown", this.#grab);
    this.addEventListener("keydown", this.#key);
    this.addEventListener("dblclick", this.#reset);
    addEventListener("resize", this.#fit);
    this.#stop = shortcuts.register("Edges between panels", this.#isFirst ? [
      { keys: ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], words: "Move the focused edge (finely with Shift)" },
      { keys: ["Home", "End"], words: "Smallest, largest" },
      { keys: "Enter", words: "Back to the usual size" },
    ] : []);
    this.#fit();
  }

  disconnectedCallback() {
    this.removeEventListener("pointerdown", this.#grab);
    this.removeEventListener("keydown", this.#key);
    this.removeEventListener("dblclick", this.#reset);
    removeEventListener("resize", this.#fit);
    this.#stop?.();
  }

  get #panel() { return this.getAttribute("panel"); }
  get #edge() { return this.getAttribute("edge"); }
  get #isFirst() { return document.querySelector("nv-resizer") === this; }

  #grab = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    this.focus({ focusVisible: false });
    this.setPointerCapture(event.pointerId);
    const at = ({ clientX, clientY }) => (this.#edge === "top" ? clientY : clientX);
    const from = at(event) + sizeOf(this.#panel);
    const move = (moved) => this.#resize(from - at(moved));
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", () => this.removeEventListener("pointermove", move), { once: true });
  };

  #key = (event) => {
    const { least, most } = boundsOf(this.#panel);
    const [grow, shrink] = GROWS[this.#edge];
    const step = event.shiftKey ? FINE : STEP;
    const sizes = { [grow]: sizeOf(this.#panel) + step, [shrink]: sizeOf(this.#panel) - step, Home: least, End: most, Enter: null };
    if (!(event.key in sizes)) return;
    event.preventDefault();
    this.#resize(sizes[event.key]);
  };

  #reset = () => this.#resize(null);
  #resize(size) { setSize(this.#panel, size); this.#fit(); }

  #fit = () => {
    const { least, most } = boundsOf(this.#panel);
    apply(this.#panel);
    const told = { "aria-valuemin": least, "aria-valuemax": most, "aria-valuenow": sizeOf(this.#panel), "aria-valuetext": `${sizeOf(this.#panel)} pixels` };
    for (const [name, value] of Object.entries(told)) attribute(this, name, value);
  };
}

customElements.define("nv-resizer", Resizer);
