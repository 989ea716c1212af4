// Candles of a contract: history by request, the newest by channel.

import { stream } from "novate/stream";

const HISTORY = 600;
const MINUTES = { "1D": 1_440 };

export const minutesOf = (resolution) => MINUTES[resolution] ?? Number(resolution);

// Up to 600 bars that end at a time (ms), oldest first.
export async function candlesBefore(name, resolution, end) {
  const answer = await stream.call("public/get_tradingview_chart_data", {
    instrument_name: name, resolution,
    start_timestamp: end - HISTORY * minutesOf(resolution) * 60_000, end_timestamp: end,
  });
  return answer.ticks.map((tick, at) => ({ ...bar(tick, answer.open[at], answer.high[at], answer.low[at],
    answer.close[at], answer.volume[at]), customValues: { isRecorded: at < answer.recorded } })).filter((row, at, rows) => at === 0 || row.time > rows[at - 1].time);
}

export function watchCandles(name, resolution, listener) {
  return stream.subscribe(`chart.trades.${name}.${resolution}`, ({ tick, open, high, low, close, volume }) =>
    listener(bar(tick, open, high, low, close, volume)));
}

function bar(tick, open, high, low, close, volume) {
  return {
    time: Math.floor(tick / 1_000), open: Number(open), high: Number(high), low: Number(low),
    close: Number(close), volume: Number(volume),
  };
}
