// A list that is read page by page and read again after every fill or order change of one's own.

import { account } from "novate/account";
import { soon } from "novate/dom";
import { stream } from "novate/stream";

const SETTLE_MS = 400;

// read() answers the rows. Returns { source, stop }: source has isSignedIn, isLoaded, failure, rows.
export function followHistory(read, onChange, ...kinds) {
  const source = { isSignedIn: account.isSignedIn, isLoaded: false, failure: null, rows: [] };
  const load = async () => {
    try {
      source.rows = await read();
      source.failure = null;
      source.isLoaded = true;
    } catch (error) {
      source.failure = error;
    }
    onChange();
  };
  const later = soon(load, SETTLE_MS);
  if (account.isSignedIn) {
    for (const kind of kinds) account.addEventListener(kind, later);
    stream.addEventListener("live", later);
    load();
  }
  const stop = () => {
    for (const kind of kinds) account.removeEventListener(kind, later);
    stream.removeEventListener("live", later);
  };
  return { source, stop };
}
