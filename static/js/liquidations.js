// The account's newest liquidation, from the engine's own explanation, read again while one is
// under way and whenever something of it is heard.

import { account } from "novate/account";
import { soon } from "novate/dom";
import { headingOf, explained } from "novate/liquidation-words";
import { sayOnce } from "novate/notices";
import { stream } from "novate/stream";

const SETTLE_MS = 200;
const AGAIN_MS = 2_000;
const RECENT_MS = 86_400_000;

class Liquidations extends EventTarget {
  latest = null;
  stage = "none";
  #timer = 0;

  watch(listener) {
    if (!account.isSignedIn) return () => null;
    const load = () => this.#load();
    const stops = [
      () => stream.removeEventListener("live", load),
      account.watch(() => this.#see(), "summary"),
      heard("fill", ({ liquidation }) => liquidation && this.#load()),
      heard("order", ({ cancel_reason: reason }) => reason === "liquidation" && this.#load()),
      () => this.removeEventListener("change", listener),
    ];
    this.addEventListener("change", listener);
    stream.addEventListener("live", load);
    if (stream.state === "live") load();
    return () => stops.forEach((stop) => stop());
  }

  #see() {
    const stage = account.summary?.liquidation_stage ?? "none";
    if (stage !== this.stage) this.#load();
    this.stage = stage;
  }

  #load = soon(async () => {
    clearTimeout(this.#timer);
    try {
      const { stage, liquidations } = await stream.call("risk/explain_liquidation", { count: 1 });
      const [latest = null] = liquidations;
      this.stage = stage;
      this.latest = latest && Date.now() - latest.started_timestamp < RECENT_MS ? latest : null;
      if (this.latest) tell(this.latest, stage);
      this.dispatchEvent(new Event("change"));
    } catch {
      // The banner that stands goes on standing; it is asked again below.
    }
    if (this.stage !== "none" || this.latest?.outcome === "under_way") this.#timer = setTimeout(() => this.#load(), AGAIN_MS);
  }, SETTLE_MS);
}

// Beginning and end are said once each, whatever window hears of them.
function tell(liquidation, stage) {
  const { id, outcome, started_timestamp: at } = liquidation;
  const isOver = outcome !== "under_way";
  if (Date.now() - (liquidation.ended_timestamp ?? at) > 60_000) return;
  sayOnce("liquidation", headingOf(liquidation), explained(liquidation, stage)[isOver ? 1 : 0], `liquidation ${id} ${isOver ? "end" : "start"}`);
}

function heard(kind, listener) {
  const hear = ({ detail }) => listener(detail);
  account.addEventListener(kind, hear);
  return () => account.removeEventListener(kind, hear);
}

export const liquidations = new Liquidations();
