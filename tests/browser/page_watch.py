"""Scripts that let Chromium tell how a page behaves: sizes, shifts, frames, times."""

# Before anything else runs in the page: note layout shifts, paints, and when it can be used.
BEGIN = """(() => {
    // Cumulative layout shift as web.dev/articles/cls defines it: the largest sum of a burst, whose
    // shifts are less than 1 s apart and which lasts 5 s at most.
    window.novateShift = 0;
    const burst = { sum: 0, first: 0, last: 0 };
    window.novateReady = null;
    new PerformanceObserver((list) => {
        for (const { hadRecentInput, startTime, value } of list.getEntries()) {
            if (hadRecentInput) continue;
            const isNew = startTime - burst.last > 1_000 || startTime - burst.first > 5_000;
            if (isNew) Object.assign(burst, { sum: 0, first: startTime });
            Object.assign(burst, { sum: burst.sum + value, last: startTime });
            window.novateShift = Math.max(window.novateShift, burst.sum);
        }
    }).observe({ type: "layout-shift", buffered: true });
    const look = () => {
        if (document.querySelector('nv-connection[data-state="live"]') && document.querySelector(".bids .level")
            && document.querySelector("nv-ticket") && customElements.get("nv-ticket")) {
            window.novateReady = performance.now();
        } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    window.novateTiming = () => ({
        first_byte: performance.getEntriesByType("navigation")[0].responseStart,
        painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
        ready: window.novateReady,
    });
})()"""  # noqa: E501
READY = "() => window.novateReady !== null"
SHIFTS = "window.novateShift"
# Bytes as they came over the wire, compressed: code of ours and of libraries, the chart's own.
CODE_BYTES = """() => {
    const sizes = { code: 0, chart: 0, rest: performance.getEntriesByType("navigation")[0].encodedBodySize };
    for (const { name, encodedBodySize } of performance.getEntriesByType("resource")) {
        const kind = /lightweight-charts/.test(name) ? "chart" : /\\.(js|css)$/.test(new URL(name).pathname) ? "code" : "rest";
        sizes[kind] += encodedBodySize;
    }
    return sizes;
}"""  # noqa: E501
# Frames over some milliseconds: how many a second, the slowest of a hundred, the late ones.
FRAMES = """(milliseconds) => new Promise((resolve) => {
    const gaps = [];
    let before = performance.now();
    const end = before + milliseconds;
    const next = (now) => {
        gaps.push(now - before);
        before = now;
        if (now < end) return requestAnimationFrame(next);
        gaps.shift();
        const sorted = [...gaps].sort((a, b) => a - b);
        const total = gaps.reduce((sum, gap) => sum + gap, 0);
        return resolve({
            rate: (1000 * gaps.length) / total,
            p99: sorted[Math.floor(sorted.length * 0.99)],
            late: gaps.filter((gap) => gap > 34).length,
        });
    };
    requestAnimationFrame(next);
})"""
