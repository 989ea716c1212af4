// Messages to the person at the screen. Anyone may say one; nv-toasts shows it.

const channel = new EventTarget();

// kind: "good", "bad", "warn" or "note".
export function toast(kind, title, detail = "") {
  channel.dispatchEvent(new CustomEvent("toast", { detail: { kind, title, detail } }));
}

export function onToast(listener) {
  const hear = ({ detail }) => listener(detail);
  channel.addEventListener("toast", hear);
  return () => channel.removeEventListener("toast", hear);
}
