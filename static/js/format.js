// Numbers as people read them: grouped, with the decimals of their tick, in the reader's locale.

import { Decimal } from "novate/decimal";

export const DASH = "–";
const MINUS = "−";

const parts = new Intl.NumberFormat().formatToParts(-1234567.8);
const GROUP = parts.find((part) => part.type === "group")?.value ?? ",";
export const POINT = parts.find((part) => part.type === "decimal")?.value ?? ".";
// The reader's own digits, where they are not 0 to 9.
const DIGITS = [...new Intl.NumberFormat(undefined, { useGrouping: false }).format(9876543210)].reverse();
const SPACES = /[\s\u00a0\u2007\u2009\u202f'’_]/g;

// 1234.5, 2 → "1,234.50".
export function number(value, places) {
  const decimal = Decimal.from(value);
  if (decimal === null) return DASH;
  const text = String(decimal.rounded(places).absolute());
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, GROUP);
  const sign = decimal.rounded(places).sign() < 0 ? MINUS : "";
  return sign + grouped + (fraction ? POINT + fraction : "");
}

// A price; zero or missing is never a price.
export const price = (value, places) => (Number(value) ? number(value, places) : DASH);

// A number with its sign always shown; zero has none.
export function signed(value, places) {
  const decimal = Decimal.from(value);
  if (decimal === null) return DASH;
  return (decimal.rounded(places).sign() > 0 ? "+" : "") + number(decimal, places);
}

export const money = (value) => number(value, 2);

export const percent = (value, places = 2) =>
  Decimal.from(value) === null ? DASH : `${signed(value, places)} %`;

// A rate such as 0.0001 as a signed percentage.
export function rate(value, places = 4) {
  const decimal = Decimal.from(value);
  return decimal === null ? DASH : percent(decimal.times(new Decimal(100n, 0)), places);
}

// 12345678 → "12.35 M", for volumes.
export function compact(value) {
  const decimal = Decimal.from(value);
  if (decimal === null) return DASH;
  for (const [digits, suffix] of [[9, "B"], [6, "M"], [3, "K"]]) {
    const size = new Decimal(10n ** BigInt(digits), 0);
    if (decimal.absolute().compare(size) >= 0) return `${number(decimal.over(size, 4), 2)} ${suffix}`;
  }
  return number(decimal, 2);
}

// How many decimals a step has: 0.001 → 3.
export function placesOf(step) {
  const text = String(Decimal.from(step) ?? "");
  const fraction = (text.split(".")[1] ?? "").replace(/0+$/, "");
  return fraction.length;
}

// What a person typed, in their locale, as a plain decimal string; null if it is no number.
// "1.234,5" and "1,234.5" both have one meaning. Where a mark could be either, the locale says;
// a mark that can not separate thousands ("0,5", "61659.7") is the point, whatever the locale.
export function typed(text) {
  const own = [...text].map((sign) => (DIGITS.includes(sign) ? DIGITS.indexOf(sign) : sign)).join("");
  const plain = normal(own.replaceAll("٬", ",").replaceAll("٫", ".").replace(SPACES, ""));
  if (plain === null || !/^\d*\.?\d*$/.test(plain) || !/\d/.test(plain)) return null;
  return String(Decimal.from(plain.replace(/^\./, "0.").replace(/\.$/, "")));
}

function normal(text) {
  const marks = text.match(/[.,]/g) ?? [];
  const last = marks.at(-1);
  if (!last) return text;
  const other = last === "." ? "," : ".";
  if (marks.includes(other)) {
    const [whole, fraction] = cut(text, last);
    return areThousands(whole, other) ? `${whole.replaceAll(other, "")}.${fraction}` : null;
  }
  if (marks.length > 1) return areThousands(text, last) ? text.replaceAll(last, "") : null;
  const isGroup = last !== (POINT === "," ? "," : ".") && areThousands(text, last);
  return isGroup ? text.replace(last, "") : text.replace(last, ".");
}

const cut = (text, mark) => [text.slice(0, text.lastIndexOf(mark)), text.slice(text.lastIndexOf(mark) + 1)];

function areThousands(text, mark) {
  const [first, ...rest] = text.split(mark);
  return /^[1-9]\d{0,2}$/.test(first) && rest.every((group) => /^\d{3}$/.test(group));
}

export const directionOf = (value) => ["down", "flat", "up"][(Decimal.from(value)?.sign() ?? 0) + 1];

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const calendar = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const timeOfDay = (milliseconds) => clock.format(milliseconds);
export const dateAndTime = (milliseconds) => calendar.format(milliseconds);

// 75,000 ms → "1 m 15 s".
export function age(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
}
