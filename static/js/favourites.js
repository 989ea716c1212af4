// Starred markets: remembered in this browser, the same in the list of markets and the switcher.

import { make } from "novate/dom";
import { keep, recall } from "novate/kept";

const KEY = "novate.favourites";
const STAR = "m8 1.8 1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z";
const SVG = "http://www.w3.org/2000/svg";

export const favourites = () => new Set((recall(KEY) ?? "").split(" ").filter(Boolean));

// Stars a market or takes its star away; answers whether it is starred now.
export function turnFavourite(name) {
  const names = favourites();
  const isStarred = !names.delete(name);
  if (isStarred) names.add(name);
  keep(KEY, [...names].join(" "));
  return isStarred;
}

export function makeStar(name, properties = {}) {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of [["viewBox", "0 0 16 16"], ["width", "16"], ["height", "16"], ["aria-hidden", "true"]]) picture.setAttribute(key, value);
  path.setAttribute("d", STAR);
  picture.append(path);
  return make("button", { class: "star", type: "button", "aria-label": `Star ${name}`, "aria-pressed": String(favourites().has(name)), ...properties }, picture);
}
