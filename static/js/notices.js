// What has happened to the account, kept in this browser for each person: the newest 200, read or
// not. Two windows keep one list.

import { accountKey } from "novate/account";
import { toast } from "novate/toast";

const MOST = 200;

class Notices extends EventTarget {
  #key = `notices:${accountKey}`;

  constructor() {
    super();
    addEventListener("storage", ({ key }) => key === this.#key && this.dispatchEvent(new Event("change")));
  }

  // Newest first: { id, at, kind, title, detail, isRead }.
  get list() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  get unread() { return this.list.filter(({ isRead }) => !isRead).length; }

  add({ id, kind, title, detail }) {
    const { list } = this;
    if (list.some((known) => known.id === id)) return;
    this.#keep([{ id, kind, title, detail, at: Date.now(), isRead: false }, ...list]);
  }

  has(id) { return this.list.some((known) => known.id === id); }

  readAll() {
    if (this.unread) this.#keep(this.list.map((one) => ({ ...one, isRead: true })));
  }

  clear() { this.#keep([]); }

  #keep(list) {
    try {
      localStorage.setItem(this.#key, JSON.stringify(list.slice(0, MOST)));
    } catch {
      // A full or forbidden store: what is said is still shown as a message.
      localStorage.removeItem(this.#key);
    }
    this.dispatchEvent(new Event("change"));
  }
}

export const notices = new Notices();

// By another window, or before the page was left, it may have been said already.
export function sayOnce(kind, title, detail, id) {
  if (!notices.has(id)) toast(kind, title, detail, id);
}
