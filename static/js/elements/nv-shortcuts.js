// The map of the page's keys (`?`): a dialog that lists what the elements registered.

import { make } from "novate/dom";
import { shortcuts } from "novate/shortcuts";

const SIGNS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Control: "Ctrl", Escape: "Esc", " ": "Space" };

class ShortcutMap extends HTMLElement {
  #dialog = null;
  #stop = null;

  connectedCallback() {
    this.querySelector("button")?.addEventListener("click", this.#open);
    this.#stop = shortcuts.register("Everywhere", [
      { keys: ["?", "Control+/"], words: "Show this map", act: this.#open },
      { keys: "Tab", words: "Go to the next control" },
      { keys: "Escape", words: "Close what is open" },
    ]);
  }

  disconnectedCallback() {
    this.querySelector("button")?.removeEventListener("click", this.#open);
    this.#stop?.();
    this.#dialog?.remove();
    this.#dialog = null;
  }

  #open = () => {
    this.#dialog ??= this.#make();
    this.#dialog.querySelector(".shortcut-groups").replaceChildren(...shortcuts.groups().map(describe));
    if (!this.#dialog.open) this.#dialog.showModal();
  };

  #make() {
    const dialog = make("dialog", { class: "shortcut-map", "aria-labelledby": "shortcut-title" });
    const close = make("button", { class: "button tiny", type: "button", onclick: () => dialog.close() }, "Close");
    const check = make("input", { type: "checkbox", onchange: () => { shortcuts.areCharactersOn = check.checked; } });
    check.checked = shortcuts.areCharactersOn;
    dialog.append(
      make("div", { class: "dialog-head" }, make("h2", { id: "shortcut-title" }, "Keyboard"), close),
      make("div", { class: "shortcut-groups", tabindex: 0, role: "group", "aria-labelledby": "shortcut-title" }),
      make("div", { class: "dialog-foot" }, make("label", { class: "check" }, check, "Answer to single characters such as ? when nothing is being typed")),
    );
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    this.append(dialog);
    return dialog;
  }
}

function describe([title, rows]) {
  const lines = rows.map(({ keys, words }) => make("div", {}, make("dt", {}, words), make("dd", {}, ...between(keys.map(keyboardOf)))));
  return make("section", {}, make("h3", {}, title), make("dl", {}, ...lines));
}

// "Control+K" → <kbd>Ctrl</kbd> <kbd>K</kbd>
function keyboardOf(chord) {
  const names = chord === "+" ? ["+"] : chord.split("+");
  return make("span", { class: "chord" }, ...names.map((name) => make("kbd", {}, SIGNS[name] ?? name)));
}

const between = (chords) => chords.flatMap((chord, at) => (at === 0 ? [chord] : [" or ", chord]));

customElements.define("nv-shortcuts", ShortcutMap);
