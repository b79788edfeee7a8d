// Charts by uPlot, which is a classic script and is loaded when the first chart is needed.

import { onThemeChange, resolve } from "./colour.js";
import { h } from "./dom.js";

let loading = null;

function load() {
  loading ??= new Promise((done, failed) => {
    const script = h("script", { src: new URL("assets/vendor/uplot/uPlot.iife.min.js", document.baseURI) });
    script.onload = () => done(window.uPlot);
    script.onerror = () => {
      loading = null;
      failed(new Error("The chart library could not be loaded."));
    };
    document.head.append(script);
  });
  return loading;
}

/**
 * Shows a chart in an element that has a size. `options(colours, uPlot)` returns uPlot's options without the
 * size. The chart follows the size and the theme. Returns `{ set(data), destroy() }`.
 */
export function chart(element, options) {
  let plot = null;
  let data = null;
  let stopped = false;
  let observer = null;

  const create = (uPlot) => {
    if (stopped || !data) return;
    plot?.destroy();
    const colours = {};
    for (const name of ["ink", "muted", "line", "accent", "second", "error"]) colours[name] = resolve(`--${name}`, element);
    const { clientWidth: width, clientHeight: height } = element;
    plot = new uPlot({ width, height, ...options(colours, uPlot) }, data, element);
    plot.root.setAttribute("aria-hidden", "true");
  };
  const ready = load().then((uPlot) => {
    if (stopped) return;
    create(uPlot);
    observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      if (plot && width && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
    });
    observer.observe(element);
    return uPlot;
  });
  ready.catch((error) => element.replaceChildren(h("p", { class: "muted" }, error.message)));
  const unwatch = onThemeChange(() => window.uPlot && create(window.uPlot));
  return {
    set(next) {
      data = next;
      if (plot) plot.setData(next);
      else if (window.uPlot) create(window.uPlot);
    },
    plot: () => plot,
    destroy() {
      stopped = true;
      unwatch();
      observer?.disconnect();
      plot?.destroy();
    },
  };
}

/** Options of an axis in the page's colours. */
export function axis(colours, more) {
  return {
    stroke: colours.muted,
    font: "11px system-ui, sans-serif",
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1, size: 4 },
    ...more,
  };
}

/** The format of the axis of time: 24 hours, no year. */
export const CLOCK = [
  [86400, "{MMM} {D}", null, null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
  [0.001, ":{ss}.{fff}", null, null, null, null, null, null, 1],
];
