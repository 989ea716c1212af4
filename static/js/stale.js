// Dims what no longer moves: once a second each panel with data-live is marked with the age of the
// last word from the venue, if that is older than it may be. A panel that knows when it last heard
// something of its own says so by its property heardAt (performance.now()).

import { age } from "novate/format";
import { attribute } from "novate/dom";
import { stream } from "novate/stream";

const PATIENCE_MS = 6_000;
const PANEL_PATIENCE_MS = 15_000;

function mark() {
  const now = performance.now();
  const silence = now - stream.heardAt;
  const isStale = silence > PATIENCE_MS || (stream.state === "offline" && silence > 1_500);
  for (const panel of document.querySelectorAll("[data-live]")) {
    const own = now - (panel.heardAt ?? now);
    const shown = own > PANEL_PATIENCE_MS ? own : isStale ? silence : null;
    attribute(panel, "data-stale", shown === null ? null : age(shown));
  }
}

setInterval(mark, 1_000);
stream.addEventListener("live", mark);
