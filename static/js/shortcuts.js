// The page's keyboard map. Every element says which keys it answers to, in one place and in words;
// nv-shortcuts lists them all (`?`), so the list can not be older than the page.
//
//   this.#stops.push(shortcuts.register("Chart", [
//     { keys: "Alt+D", words: "Show the market's depth", act: () => this.#toggle() },
//     { keys: "ArrowUp", words: "Move the focused line up by one tick" }, // Heard by the element itself.
//   ]));
//
// keys: modifiers, then event.key ("Control+K" means Command+K on a Mac too; "?" needs no Shift). A list
// says that several keys do it. A shortcut with an act is heard here; without, it is only listed.
// register answers what takes the shortcuts away again.
//
// Acts on a single character rest while somebody types, while a dialog is open, and for whoever has
// switched them off (WCAG 2.1.4). Acts with Control or Alt always work.

import { keep, recall } from "novate/kept";

const OFF = "shortcuts.off";

class Shortcuts extends EventTarget {
  #groups = new Map();

  constructor() {
    super();
    addEventListener("keydown", (event) => this.#hear(event));
  }

  get areCharactersOn() { return recall(OFF) === null; }

  set areCharactersOn(isOn) {
    keep(OFF, isOn ? null : "yes");
    this.dispatchEvent(new Event("change"));
  }

  register(group, rows) {
    const kept = rows.map((row) => ({ ...row, keys: [row.keys].flat() }));
    this.#groups.set(group, [...(this.#groups.get(group) ?? []), ...kept]);
    this.dispatchEvent(new Event("change"));
    return () => {
      const left = this.#groups.get(group).filter((row) => !kept.includes(row));
      if (left.length > 0) this.#groups.set(group, left);
      else this.#groups.delete(group);
      this.dispatchEvent(new Event("change"));
    };
  }

  // [group, [{ keys: [..], words }]] in the order of registration.
  groups() {
    return [...this.#groups];
  }

  #hear(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const chord = chordOf(event);
    for (const { keys, act } of [...this.#groups.values()].flat()) {
      if (!act || !keys.some((key) => key.toLowerCase() === chord)) continue;
      if (isCharacter(event) && (!this.areCharactersOn || isTyping(event.target) || document.querySelector("dialog[open]"))) continue;
      event.preventDefault();
      act(event);
      return;
    }
  }
}

// A key that is only there to be typed; Shift makes another character of it and is no modifier.
const isCharacter = ({ key, ctrlKey, metaKey, altKey }) => key.length === 1 && !ctrlKey && !metaKey && !altKey;

function chordOf(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey, code } = event;
  // Alt makes other characters of letters on a Mac: then the key's place says which it is.
  const name = altKey && /^(Key|Digit)/.test(code) ? code.replace(/^(Key|Digit)/, "") : key;
  const isShift = shiftKey && !isCharacter(event);
  return [(ctrlKey || metaKey) && "control", altKey && "alt", isShift && "shift", name.toLowerCase()].filter(Boolean).join("+");
}

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable]") !== null;
}

export const shortcuts = new Shortcuts();
