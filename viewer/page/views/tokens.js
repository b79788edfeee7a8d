// Tokens over time, and by model, agent and provider.

import { get } from "../lib/api.js";
import { axis, chart, CLOCK } from "../lib/chart.js";
import { button, h, replace, throttle } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { live } from "../lib/live.js";
import { failure, loading } from "../lib/messages.js";
import { address, navigate } from "../lib/router.js";
import { sortableTable } from "../lib/table.js";

const REFRESH_MILLISECONDS = 2000;
const RANGES = [["15", "15 min"], ["60", "1 h"], ["360", "6 h"], ["1440", "24 h"], ["", "All"]];
/** Points of a line. */
const POINTS = 240;
const SMALLEST_STEP_SECONDS = 5;

export class TokensView {
  constructor(main, query) {
    this.main = main;
    this.charts = [];
    this.controller = new AbortController();
    this.refresh = throttle(REFRESH_MILLISECONDS, () => this.load(true));
    live.addEventListener("traces", this.refresh);
    live.addEventListener("resync", this.refresh);
    main.classList.add("page");
    this.timer = setInterval(() => !document.hidden && this.refresh(), 10000);
    this.update(query);
  }

  destroy() {
    clearInterval(this.timer);
    this.controller.abort();
    this.refresh.cancel();
    for (const each of this.charts) each.destroy();
    live.removeEventListener("traces", this.refresh);
    live.removeEventListener("resync", this.refresh);
  }

  update(query) {
    this.minutes = query.has("minutes") ? query.get("minutes") : "60";
    this.load(false);
  }

  async load(quiet) {
    const slow = this.built ? 0 : setTimeout(() => replace(this.main, loading()), 150);
    const minutes = Number(this.minutes);
    const now = BigInt(Date.now()) * 1000000n;
    const range = minutes > 0 ? { from: `${now - BigInt(Math.round(minutes * 60)) * 1000000000n}`, to: `${now}`, step: Math.max(SMALLEST_STEP_SECONDS, Math.round((minutes * 60) / POINTS)) } : {};
    try {
      const data = await get("tokens", range, this.controller.signal);
      this.show(data);
    } catch (error) {
      if (error.name === "AbortError" || (quiet && error.status === 0)) return;
      this.built = false;
      replace(this.main, failure("The tokens cannot be shown.", error, () => this.load(false)));
    } finally {
      clearTimeout(slow);
    }
  }

  show(data) {
    if (!this.built) this.build();
    const { times, prompt_size: total, increase_10m: increase } = data;
    replace(this.ranges, RANGES.map(([value, name]) => button(name, { "aria-pressed": String(value === this.minutes), on: { click: () => navigate(address("tokens") + (value === "60" ? "" : `?minutes=${value}`)) } })));
    this.source.textContent = data.source === "metrics" ? "From the metric prompt_size." : "From the spans in the store, because no metric prompt_size was received.";
    const none = times.length === 0 && data.by_model.length === 0;
    this.content.hidden = none;
    replace(this.message, none && h("div", { class: "empty" }, h("h2", {}, "No model calls in this time"), h("p", {}, "Tokens appear here when a model call ends. With Throughline, add ", h("code", {}, "LlmLayer"), " to the client of the model's provider.")));
    const x = times.map((time) => format.millis(time) / 1000);
    this.charts[0].set([x, total.input ?? [], total.output ?? []]);
    this.charts[1].set([x, increase.input ?? [], increase.output ?? []]);
    const last = (values) => format.count(values?.at(-1) ?? 0);
    replace(this.totals[0], legend(last(total.input), last(total.output)));
    replace(this.totals[1], legend(last(increase.input), last(increase.output)));
    const text = JSON.stringify([data.by_model, data.by_agent, data.by_provider]);
    if (text === this.text) return;
    this.text = text;
    replace(this.tables,
      groupTable("By model", data.by_model, [["Model", "model"], ["Provider", "provider"]]),
      groupTable("By agent", data.by_agent, [["Agent", "agent"]]),
      groupTable("By provider", data.by_provider, [["Provider", "provider"]]));
  }

  build() {
    this.built = true;
    this.text = null;
    for (const each of this.charts) each.destroy();
    this.ranges = h("div", { class: "choice", role: "group", "aria-label": "Time" });
    this.source = h("p", { class: "muted" });
    this.message = h("div", {});
    this.totals = [h("dl", { class: "chart-legend" }), h("dl", { class: "chart-legend" })];
    const plots = [h("div", { class: "plot" }), h("div", { class: "plot" })];
    this.tables = h("div", { class: "token-tables" });
    const titles = [["Tokens in all", "prompt_size by direction, since the start"], ["Tokens in 10 minutes", "increase of prompt_size over 10 minutes"]];
    this.content = h("div", {}, h("div", { class: "charts" }, titles.map(([title, text], index) => h("figure", {}, h("figcaption", {}, h("h2", {}, title), h("p", { class: "muted" }, text), this.totals[index]), plots[index]))), this.tables);
    replace(this.main, h("div", { class: "page-head" }, h("h1", {}, "Tokens"), this.ranges, this.source), this.message, this.content);
    this.charts = plots.map((plot, index) => chart(plot, (colours, uPlot) => options(colours, uPlot, index === 1)));
  }
}

function legend(input, output) {
  return [h("dt", {}, h("span", { class: "swatch part-input" }), "Input"), h("dd", {}, input), h("dt", {}, h("span", { class: "swatch part-output" }), "Output"), h("dd", {}, output)];
}

function options(colours, uPlot, filled) {
  const line = (colour, dash) => ({ stroke: colour, width: 1.5, dash, points: { size: 4, fill: colour, stroke: colour }, ...(filled ? { fill: `color-mix(in srgb, ${colour} 12%, transparent)` } : {}) });
  return {
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, min, max) => [0, Math.max(10, (max ?? 0) * 1.08)] } },
    series: [{}, line(colours.accent), line(colours.second, [5, 3])],
    axes: [axis(colours, { values: CLOCK, size: 26, space: 70 }), axis(colours, { size: 58, values: (_, values) => values.map((value) => format.short(value)) })],
    plugins: [tooltip()],
  };
}

/** Shows the values at the cursor. */
function tooltip() {
  const box = h("div", { class: "tip", hidden: true });
  return {
    hooks: {
      ready: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        const at = new Date(plot.data[0][idx] * 1000).toTimeString().slice(0, 8);
        box.textContent = `${at}  in ${format.count(plot.data[1][idx])}  out ${format.count(plot.data[2][idx])}`;
        box.classList.toggle("flip", left > plot.over.clientWidth / 2);
        box.style.left = `${left}px`;
      },
    },
  };
}

function groupTable(caption, rows, names) {
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map(({ input, output }) => (input ?? 0) + (output ?? 0)));
  const number = (name, value, show, title) => ({ name, value, show, title, number: true });
  return h("section", {}, h("h2", {}, caption), sortableTable({
    caption: `Tokens ${caption.toLowerCase()}`,
    rows,
    sort: names.length + 2,
    limit: 100,
    columns: [
      ...names.map(([title, key]) => ({ name: title, value: (row) => row[key] ?? row.name, show: (row) => format.label(row[key] ?? row.name ?? "unknown", 100) || "(no name)" })),
      number("Calls", ({ calls }) => calls, ({ calls }) => format.count(calls)),
      number("Errors", ({ errors }) => errors, ({ errors }) => h("span", { class: errors ? "bad" : "none" }, format.count(errors))),
      number("Tokens in", ({ input }) => input, ({ input, output }) => h("span", { class: "took" }, h("span", { class: "share", style: { width: `${(100 * ((input ?? 0) + (output ?? 0))) / most}%` } }), h("span", {}, format.count(input)))),
      number("out", ({ output }) => output, ({ output }) => format.count(output)),
      number("Cost", ({ cost }) => cost, ({ cost }) => format.cost(cost)),
      number("Median", ({ p50 }) => p50, ({ p50 }) => (p50 === undefined ? "–" : format.duration(p50)), "Half of the calls took at most this time"),
      number("95 %", ({ p95 }) => p95, ({ p95 }) => (p95 === undefined ? "–" : format.duration(p95)), "95 % of the calls took at most this time"),
    ],
  }));
}
