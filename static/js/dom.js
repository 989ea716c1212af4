// Small help for building and changing the page. Text is always text, never markup.

// make("td", { class: "number", onclick: f }, "1.00", node)
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(node, name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Writes only what changed, so that nothing is laid out again without need.
export function text(node, value) {
  if (node && node.textContent !== value) node.textContent = value;
}

export function classes(node, value) {
  if (node && node.className !== value) node.className = value;
}

export function attribute(node, name, value) {
  if (!node) return;
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? "" : value);
}

const FLASH_MS = 600;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

// Flashes once, softly; a flash that is running starts again. Nothing is laid out for it.
export function flash(node, direction) {
  if (!node || stillness.matches) return;
  node.getAnimations().forEach((running) => running.cancel());
  const colour = direction === "up" ? "var(--buy-wash)" : "var(--sell-wash)";
  node.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], { duration: FLASH_MS, easing: "ease-out" });
}

// At most one call a frame.
export function eachFrame(action) {
  let waiting = 0;
  return () => {
    if (waiting) return;
    waiting = requestAnimationFrame(() => {
      waiting = 0;
      action();
    });
  };
}

// When calls have paused for so long; at the latest after four such pauses, however fast they come.
export function soon(action, milliseconds) {
  let timer = 0;
  let since = 0;
  return () => {
    const now = performance.now();
    if (!timer) since = now;
    clearTimeout(timer);
    const act = () => { timer = 0; action(); };
    timer = setTimeout(act, Math.max(0, Math.min(milliseconds, since + 4 * milliseconds - now)));
  };
}

function set(node, name, value) {
  if (name === "class") node.className = value;
  else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(node.dataset, value);
  else attribute(node, name, value);
}
