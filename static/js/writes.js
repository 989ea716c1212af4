// Everything that changes something goes out here, so that the page knows which fills and orders
// an answer has told of, and which happened by themselves.
//
// Orders carry a key: when the connection is lost before the answer came and is soon back, the
// same is asked again, and the venue does it once at most and repeats its first answer.

import { stream } from "novate/stream";

const ENDS = ["filled", "cancelled", "rejected"];
const KEYED = ["private/buy", "private/sell", "private/edit"];
const SOON_MS = 5_000;

const told = new Set();
let underWay = 0;

export async function write(method, params) {
  const asked = KEYED.includes(method) ? { ...params, idempotency_key: newKey() } : params;
  underWay += 1;
  try {
    const answer = await insist(method, asked);
    for (const { trade_id: id } of answer?.trades ?? []) told.add(`trade ${id}`);
    const order = answer?.order ?? answer;
    if (ENDS.includes(order?.order_state)) told.add(`order ${order.order_id}`);
    return answer;
  } finally {
    underWay -= 1;
  }
}

async function insist(method, params) {
  const sentAt = performance.now();
  try {
    return await stream.call(method, params, { isWrite: true });
  } catch (error) {
    if (!error.unknown || !params.idempotency_key || !(await isSoonLive(sentAt + SOON_MS))) throw error;
    return stream.call(method, params, { isWrite: true });
  }
}

function isSoonLive(until) {
  if (stream.state === "live") return performance.now() < until;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, until - performance.now()));
    stream.addEventListener("live", () => { clearTimeout(timer); resolve(performance.now() < until); }, { once: true });
  });
}

export const newKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");

// What is not an answer of its own, but follows from one: orders that a cancel of all ends.
export const tellOf = (id) => told.add(`order ${id}`);

export const isTrade = (id) => told.has(`trade ${id}`);
export const isOrder = (id) => told.has(`order ${id}`);
export const isUnderWay = () => underWay > 0;
