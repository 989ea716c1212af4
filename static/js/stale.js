// Dims what no longer moves: once a second each panel with data-live is marked with the age of the
// last word from the venue, if that is older than it may be.

import { age } from "novate/format";
import { attribute } from "novate/dom";
import { stream } from "novate/stream";

const PATIENCE_MS = 6_000;

function mark() {
  const silence = performance.now() - stream.heardAt;
  const isStale = silence > PATIENCE_MS || (stream.state === "offline" && silence > 1_500);
  for (const panel of document.querySelectorAll("[data-live]")) {
    attribute(panel, "data-stale", isStale ? age(silence) : null);
  }
}

setInterval(mark, 1_000);
stream.addEventListener("live", mark);
