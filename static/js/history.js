// Lists of the past that are read again after every fill or order change of one's own: whole, or
// page by page, newest first.

import { account } from "novate/account";
import { soon } from "novate/dom";
import { stream } from "novate/stream";

const SETTLE_MS = 400;
const AGAIN_MS = 2_000;
const LONG_PAGE = 500;
const TOO_MANY_REQUESTS = 10028;

// read() answers the rows. Returns { source, stop, reload }: source has isSignedIn, isLoaded, failure, rows.
export function followHistory(read, onChange, ...kinds) {
  const pages = followPages({ read: async () => ({ rows: await read(), next: null }), keyOf: null, onChange, kinds });
  return { source: pages.source, stop: pages.stop, reload: pages.reload };
}

// read(from, count) answers { rows, next }: a page, and where the next one begins, null after the last.
// source has hasMore, isReading and more() too; all(onCount) reads every page there is. With a
// host, nothing is read before it is in sight.
export function followPages({ read, keyOf, onChange, kinds, host = null }) {
  const source = { isSignedIn: account.isSignedIn, isLoaded: false, failure: null, rows: [], hasMore: false, isReading: false };
  let next = null;
  let retry = 0;

  // Answers may overtake each other: only the newest question's counts.
  let turn = 0;
  const load = async () => {
    const mine = ++turn;
    try {
      const page = await read(null);
      if (mine !== turn) return;
      const older = keyOf && source.isLoaded ? behind(page.rows, source.rows, keyOf) : null;
      // What does not hang together with the newest page has to be read anew.
      if (!older) next = page.next;
      Object.assign(source, { rows: [...page.rows, ...(older ?? [])], isLoaded: true, failure: null, hasMore: next !== null });
      clearTimeout(retry);
    } catch (error) {
      if (mine !== turn) return;
      source.failure = error;
      // The history may be a moment behind one's own last command: it is asked again.
      clearTimeout(retry);
      retry = setTimeout(later, AGAIN_MS);
    }
    onChange();
  };

  source.more = async () => {
    if (source.isReading || next === null) return;
    source.isReading = true;
    onChange();
    try {
      const from = next;
      const page = await read(from);
      if (from !== next) throw new Error("the list was read anew meanwhile");
      next = page.next;
      Object.assign(source, { rows: [...source.rows, ...page.rows], hasMore: next !== null, failure: null });
    } catch (error) {
      source.failure = error;
    }
    source.isReading = false;
    onChange();
  };

  const all = async (onCount) => {
    const rows = [];
    let page = { next: null };
    do {
      page = await patiently(() => read(page.next, LONG_PAGE));
      rows.push(...page.rows);
      onCount(rows.length);
    } while (page.next !== null);
    return rows;
  };

  let isDue = true;
  const loadInSight = () => {
    isDue = host !== null && !host.checkVisibility();
    if (!isDue) load();
  };
  const later = soon(loadInSight, SETTLE_MS);
  const sight = new IntersectionObserver(() => isDue && loadInSight());
  if (account.isSignedIn) {
    for (const kind of kinds) account.addEventListener(kind, later);
    stream.addEventListener("live", later);
    if (host) sight.observe(host);
    else loadInSight();
  }
  const stop = () => {
    for (const kind of kinds) account.removeEventListener(kind, later);
    stream.removeEventListener("live", later);
    sight.disconnect();
    clearTimeout(retry);
  };
  return { source, stop, all, reload: load };
}

// Long histories may ask for more than is in the budget at once: then a second is waited.
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== TOO_MANY_REQUESTS) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 1_000); });
    }
  }
}

// The known rows that are older than a page; null if the page does not reach back to them.
function behind(page, known, keyOf) {
  const keys = new Set(page.map(keyOf));
  const at = known.findLastIndex((row) => keys.has(keyOf(row)));
  return at < 0 ? null : known.slice(at + 1);
}
