// TradingView Lightweight Charts, a classic script, as a module: loaded once, when first asked for.

const address = document.documentElement.dataset.charts;
let loading = null;

export function loadCharts() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.LightweightCharts);
    script.onerror = () => { loading = null; reject(new Error("The chart library did not load.")); };
    document.head.append(script);
  });
  return loading;
}
