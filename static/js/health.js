// How near an account is to a margin call, in a number, a level and words.

const WATCH = 0.5;
const DANGER = 0.8;

// Maintenance margin as a share of equity: at 100 % the account is liquidated.
export function marginUse(summary) {
  const equity = Number(summary.equity);
  const maintenance = Number(summary.maintenance_margin);
  const ratio = maintenance === 0 ? 0 : equity <= 0 ? Infinity : maintenance / equity;
  const level = ratio >= DANGER ? "danger" : ratio >= WATCH ? "watch" : "calm";
  const percent = Number.isFinite(ratio) ? `${(ratio * 100).toFixed(1)} %` : "over 100 %";
  const meaning = `Maintenance margin uses ${percent} of equity. At 100 % positions are liquidated.`;
  return { ratio, level, words: percent, meaning };
}
