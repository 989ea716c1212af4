// The notification centre: a bell with the number of unread messages, and the list behind it.

import { attribute, make, text } from "novate/dom";
import { dateAndTime } from "novate/format";
import { notices } from "novate/notices";
import { shortcuts } from "novate/shortcuts";
import { onToast } from "novate/toast";

class NoticeCentre extends HTMLElement {
  #stops = [];

  connectedCallback() {
    const show = () => this.#show();
    notices.addEventListener("change", show);
    this.#panel.addEventListener("toggle", this.#toggled);
    this.querySelector(".clear").addEventListener("click", this.#clear);
    this.#stops = [
      () => notices.removeEventListener("change", show),
      onToast((message) => notices.add(message)),
      shortcuts.register("Everywhere", [{ keys: "Alt+N", words: "Open the notifications", act: this.#toggle }]),
    ];
    show();
  }

  disconnectedCallback() {
    this.#panel.removeEventListener("toggle", this.#toggled);
    this.querySelector(".clear").removeEventListener("click", this.#clear);
    this.#stops.forEach((stop) => stop());
  }

  get #bell() { return this.querySelector(".bell"); }
  get #panel() { return this.querySelector("[popover]"); }

  #toggle = () => this.#panel.togglePopover();
  #clear = () => notices.clear();

  #toggled = ({ newState }) => {
    attribute(this.#bell, "aria-expanded", String(newState === "open"));
    if (newState !== "open") return notices.readAll();
    this.#show();
    return this.#panel.focus();
  };

  #show() {
    const { unread } = notices;
    text(this.querySelector(".unread"), unread ? String(Math.min(unread, 99)) : "");
    attribute(this.#bell, "aria-label", unread ? `Notifications, ${unread} unread` : "Notifications");
    if (!this.#panel.matches(":popover-open")) return;
    const { list } = notices;
    this.querySelector("ol").replaceChildren(...list.map(makeNotice));
    this.querySelector(".empty").hidden = list.length > 0;
    this.querySelector(".clear").hidden = list.length === 0;
  }
}

function makeNotice({ kind, title, detail, at, isRead }) {
  return make("li", { dataset: { kind }, class: isRead ? "" : "is-new" },
    make("b", {}, title), make("time", { datetime: new Date(at).toISOString() }, dateAndTime(at)), make("p", {}, detail));
}

customElements.define("nv-notices", NoticeCentre);
