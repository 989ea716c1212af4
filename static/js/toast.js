// Messages to the person at the screen. Anyone may say one; nv-toasts shows it and nv-notices
// keeps it.

const channel = new EventTarget();

// kind: "good", "bad", "warn", "note" or "liquidation". id: the same message said twice, by two
// windows perhaps, is kept once.
export function toast(kind, title, detail = "", id = crypto.randomUUID?.() ?? `${performance.now()}`) {
  channel.dispatchEvent(new CustomEvent("toast", { detail: { kind, title, detail, id } }));
}

export function onToast(listener) {
  const hear = ({ detail }) => listener(detail);
  channel.addEventListener("toast", hear);
  return () => channel.removeEventListener("toast", hear);
}
