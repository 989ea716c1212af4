// The theme's colours for canvases, which know nothing of oklch() or light-dark().

const probe = document.createElement("span");
const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
  .getContext("2d", { willReadFrequently: true });

const known = new Map();

// colour("--buy", 0.5) → "rgba(…)". Asked once a theme: the answer costs a layout.
export function colour(token, alpha = 1) {
  const key = `${theme()} ${token}`;
  if (!known.has(key)) known.set(key, measure(token));
  return `rgba(${known.get(key)}, ${alpha})`;
}

function measure(token) {
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = getComputedStyle(probe).color;
  pen.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `${red}, ${green}, ${blue}`;
}

export const theme = () => document.documentElement.dataset.theme;

export function setTheme(name) {
  document.documentElement.dataset.theme = name;
  document.cookie = `theme=${name}; path=/; max-age=31536000; samesite=lax`;
  dispatchEvent(new Event("theme"));
}
