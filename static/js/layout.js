// The sizes of the trade page's panels: bounded, applied as CSS properties, and kept in a cookie, so
// that the server's first picture has them already and nothing moves when the scripts arrive.
//
// exchange/gateway/layout.py reads the cookie: `bottom.284-book.320`.

import { soon } from "novate/dom";

const PANELS = {
  bottom: { usual: 260, least: 120, most: () => Math.max(120, innerHeight - 420) },
  book: { usual: 300, least: 260, most: () => Math.max(260, Math.min(480, innerWidth - 880)) },
  tape: { usual: 148, least: 76, most: () => Math.max(76, innerHeight - 560) },
  ticket: { usual: 320, least: 300, most: () => Math.max(300, Math.min(440, innerWidth - 900)) },
};
const YEAR_SECONDS = 31_536_000;
const SETTLE_MS = 100;

const sizes = new Map((/(?:^|; )layout=([^;]*)/.exec(document.cookie)?.[1] ?? "").split("-")
  .map((part) => part.split(".")).filter(([name, size]) => PANELS[name] && Number(size) > 0)
  .map(([name, size]) => [name, Number(size)]));

export const boundsOf = (name) => ({ least: PANELS[name].least, most: Math.round(PANELS[name].most()) });

export const sizeOf = (name) => bounded(name, sizes.get(name) ?? PANELS[name].usual);

// Sets a panel's size, or its usual one with null. Answers what it became.
export function setSize(name, wanted) {
  if (wanted === null) sizes.delete(name);
  else sizes.set(name, bounded(name, wanted));
  apply(name);
  keepSoon();
  return sizeOf(name);
}

// A window that became smaller may leave less room than was chosen.
export function apply(name) {
  const size = sizes.has(name) ? `${sizeOf(name)}px` : "";
  document.documentElement.style.setProperty(`--${name}-size`, size);
}

// A cookie is written across processes: not at every step of a drag.
const keepSoon = soon(write, SETTLE_MS);
addEventListener("pagehide", () => sizes.size > 0 && write());

function write() {
  const text = [...sizes].map((part) => part.join(".")).join("-");
  document.cookie = `layout=${text}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

function bounded(name, size) {
  const { least, most } = boundsOf(name);
  return Math.round(Math.min(most, Math.max(least, size)));
}
