// The page's one websocket: JSON-RPC calls and subscriptions, kept alive.
//
// State is "connecting", "live" or "offline". After a loss it reconnects with back-off, subscribes
// again to every channel in use and says "live"; stores then read their snapshots anew. A call that
// was under way when the connection was lost fails with `unknown` set: whether it took effect
// must be looked up, not guessed.

const CALL_TIMEOUT_MS = 10_000;
const PING_EVERY_MS = 4_000;
const PING_PATIENCE_MS = 6_000;
const BACK_OFF_MS = [200, 500, 1_000, 2_000, 4_000, 8_000];
const EXACT_DIGITS = 15;
const OTHER_ACCOUNT = 4_001;

export class CallError extends Error {
  constructor({ code, message, data }, unknown = false) {
    super(message);
    Object.assign(this, { code, data, unknown });
  }
}

class Stream extends EventTarget {
  state = "connecting";
  latency = null;
  heardAt = performance.now();
  #socket = null;
  #calls = new Map();
  #channels = new Map();
  #lastId = 0;
  #attempts = 0;
  #ping = 0;
  #retry = 0;
  #wanted = new Set();

  start(path) {
    this.path = path;
    addEventListener("online", () => this.#reconnectNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#reconnectNow());
    this.#connect();
    return this;
  }

  // The result of a method. Waits for the connection, except that a write never waits in a queue.
  async call(method, params = {}, { isWrite = false } = {}) {
    if (this.state !== "live") {
      if (isWrite) throw new CallError({ message: "Not connected: nothing was sent." });
      await this.#live();
    }
    return this.#send(method, params);
  }

  // Data of a channel to a listener until the returned function is called.
  subscribe(channel, listener) {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    if (listeners.size === 1) this.#want(channel);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#channels.get(channel) === listeners) {
        this.#channels.delete(channel);
        this.#tell("unsubscribe", [channel]);
      }
    };
  }

  // Asks for a channel's snapshot again, after a gap.
  async restart(channel) {
    await this.#tell("unsubscribe", [channel]);
    if (this.#channels.has(channel)) await this.#tell("subscribe", [channel]);
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(data, exact));
    // The session acts for another account than this page shows, or for nobody: see acting.py.
    socket.onclose = ({ code }) => (code === OTHER_ACCOUNT ? location.reload() : this.#closed(socket));
  }

  #opened() {
    this.#attempts = 0;
    this.heardAt = performance.now();
    this.#ping = setInterval(() => this.#checkAlive(), PING_EVERY_MS);
    this.#wanted.clear();
    this.#become("live");
    this.#tellAll("subscribe", [...this.#channels.keys()]);
    this.#checkAlive();
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    clearInterval(this.#ping);
    this.#socket = null;
    const lost = { message: "The connection was lost before an answer came." };
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer);
      reject(new CallError(lost, true));
    }
    this.#calls.clear();
    this.#become("offline");
    const wait = BACK_OFF_MS[Math.min(this.#attempts++, BACK_OFF_MS.length - 1)];
    this.#retry = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2));
  }

  #reconnectNow() {
    if (this.state !== "offline" || this.#socket) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  async #checkAlive() {
    if (performance.now() - this.heardAt > PING_PATIENCE_MS + PING_EVERY_MS) return this.#abandon();
    const sentAt = performance.now();
    try {
      await this.#send("public/test", {});
      this.latency = Math.round(performance.now() - sentAt);
      this.dispatchEvent(new Event("latency"));
    } catch (error) {
      if (error instanceof CallError) return undefined;
      throw error;
    }
    return undefined;
  }

  // A half-dead connection can take minutes to close; it is given up at once.
  #abandon() {
    const socket = this.#socket;
    socket?.close();
    if (socket) this.#closed(socket);
  }

  #heard(message) {
    this.heardAt = performance.now();
    if (message.method === "subscription") {
      const { channel, data } = message.params;
      for (const listener of this.#channels.get(channel) ?? []) listener(data, channel);
    } else if (message.method === "heartbeat") {
      if (message.params.type === "test_request") this.#send("public/test", {}).catch(() => null);
    } else {
      this.#answered(message);
    }
  }

  #answered({ id, result, error }) {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new CallError(error));
    else call.resolve(result);
  }

  #send(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new CallError({ message: "Not connected." }));
        return;
      }
      const late = { message: "No answer within ten seconds." };
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        reject(new CallError(late, true));
      }, CALL_TIMEOUT_MS);
      this.#calls.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  // Channels asked for in the same turn go out in one message.
  #want(channel) {
    if (this.#wanted.size === 0) queueMicrotask(() => this.#flush());
    this.#wanted.add(channel);
  }

  #flush() {
    const channels = [...this.#wanted].filter((channel) => this.#channels.has(channel));
    this.#wanted.clear();
    if (this.state === "live") this.#tellAll("subscribe", channels);
  }

  #tellAll(verb, channels) {
    this.#tell(verb, channels.filter((channel) => !channel.startsWith("user.")));
    this.#tell(verb, channels.filter((channel) => channel.startsWith("user.")));
  }

  async #tell(verb, channels) {
    if (channels.length === 0 || this.state !== "live") return;
    const scope = channels[0].startsWith("user.") ? "private" : "public";
    try {
      await this.#send(`${scope}/${verb}`, { channels });
    } catch (error) {
      this.dispatchEvent(new CustomEvent("refused", { detail: { channels, error } }));
    }
  }

  #live() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new CallError({ message: "Not connected." })), CALL_TIMEOUT_MS);
      this.addEventListener("live", () => { clearTimeout(timer); resolve(); }, { once: true });
    });
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event(state));
    this.dispatchEvent(new Event("state"));
  }
}

// A number with more digits than a double holds stays the text that the server wrote.
function exact(_key, value, context) {
  const isLong = typeof value === "number" && context?.source.length > EXACT_DIGITS;
  return isLong ? context.source : value;
}

export const stream = new Stream().start(document.documentElement.dataset.websocket);
