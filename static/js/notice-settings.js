// What the person wants to be told, and where; kept in this browser. Warnings, refusals and
// liquidations are always shown.

import { keep, recall } from "novate/kept";

const CONFIRMATIONS = "notices.confirmations";
const DESKTOP = "notices.desktop";
const CONFIRMING = new Set(["good", "note"]);

export const canUseDesktop = () => "Notification" in globalThis && isSecureContext;

export const noticeSettings = {
  get showsConfirmations() { return recall(CONFIRMATIONS) !== "off"; },
  set showsConfirmations(is) { keep(CONFIRMATIONS, is ? null : "off"); },
  get usesDesktop() { return canUseDesktop() && recall(DESKTOP) === "on" && Notification.permission === "granted"; },
  set usesDesktop(is) { keep(DESKTOP, is ? "on" : null); },
};

export const isShown = (kind) => noticeSettings.showsConfirmations || !CONFIRMING.has(kind);

// While the window is out of sight, the desktop tells; one message of the same id stays one.
export function tellDesktop({ kind, title, detail, id }) {
  if (document.visibilityState !== "hidden" || kind === "note" || !noticeSettings.usesDesktop) return;
  try {
    new Notification(title, { body: detail, tag: id });
  } catch {
    // Phones show notifications of installed pages only.
  }
}
