// Exact decimals: an integer count (BigInt) of 10^-scale. Money and order sizes never pass
// through a binary float; charts may.

const PATTERN = /^-?\d+(\.\d+)?$/;
const power = (scale) => 10n ** BigInt(scale);

export class Decimal {
  constructor(units, scale) {
    this.units = units;
    this.scale = scale;
    Object.freeze(this);
  }

  // A decimal string or a JSON number; null for anything else.
  static from(value) {
    if (value instanceof Decimal) return value;
    let text = String(value ?? "").trim();
    if (text.includes("e")) text = plain(Number(text));
    if (!PATTERN.test(text)) return null;
    const point = text.indexOf(".");
    const scale = point < 0 ? 0 : text.length - point - 1;
    return new Decimal(BigInt(text.replace(".", "")), scale);
  }

  static zero = new Decimal(0n, 0);

  plus(other) { return this.#aligned(other, (a, b) => a + b); }
  minus(other) { return this.#aligned(other, (a, b) => a - b); }
  times(other) { return new Decimal(this.units * other.units, this.scale + other.scale); }
  negated() { return new Decimal(-this.units, this.scale); }
  absolute() { return this.units < 0n ? this.negated() : this; }
  sign() { return this.units > 0n ? 1 : this.units < 0n ? -1 : 0; }

  // Quotient rounded toward zero to so many decimals.
  over(other, places) {
    const shift = places + other.scale - this.scale;
    const top = shift >= 0 ? this.units * power(shift) : this.units / power(-shift);
    return new Decimal(top / other.units, places);
  }

  compare(other) {
    const { units } = this.minus(other);
    return units > 0n ? 1 : units < 0n ? -1 : 0;
  }

  // Rounded toward zero, or half away from zero.
  truncated(places) { return this.#rescaled(places, 0n); }
  rounded(places) { return this.#rescaled(places, 5n); }

  // The nearest multiple of step toward zero.
  flooredTo(step) {
    const scale = Math.max(this.scale, step.scale);
    const units = this.units * power(scale - this.scale);
    const size = step.units * power(scale - step.scale);
    return new Decimal(units - (units % size), scale).truncated(step.scale);
  }

  isMultipleOf(step) { return this.compare(this.flooredTo(step)) === 0; }

  toString() {
    const digits = String(this.units < 0n ? -this.units : this.units).padStart(this.scale + 1, "0");
    const sign = this.units < 0n ? "-" : "";
    if (this.scale === 0) return sign + digits;
    return `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }

  toNumber() { return Number(this.toString()); }

  #aligned(other, operation) {
    const scale = Math.max(this.scale, other.scale);
    const a = this.units * power(scale - this.scale);
    const b = other.units * power(scale - other.scale);
    return new Decimal(operation(a, b), scale);
  }

  #rescaled(places, half) {
    if (places >= this.scale) return new Decimal(this.units * power(places - this.scale), places);
    const away = half * power(this.scale - places - 1) * (this.units < 0n ? -1n : 1n);
    return new Decimal((this.units + away) / power(this.scale - places), places);
  }
}

// A number with an exponent as digits: 1e-7 → "0.0000001".
function plain(number) {
  const text = String(number);
  const at = text.indexOf("e");
  if (at < 0) return text;
  const places = Math.min(100, Math.max(0, -Number(text.slice(at + 1)) + 17));
  return number.toFixed(places).replace(/0+$/, "").replace(/\.$/, "");
}
