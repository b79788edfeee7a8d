// The list of traces: search, latency over time, and the traces, live.

import { get } from "../lib/api.js";
import { axis, chart, CLOCK } from "../lib/chart.js";
import { serviceClass } from "../lib/colour.js";
import { button, debounce, h, replace, throttle } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { bind } from "../lib/keys.js";
import { live } from "../lib/live.js";
import { address, location, navigate, rewrite } from "../lib/router.js";
import { Rows } from "../lib/rows.js";
import { emptyStore, failure } from "../lib/messages.js";
import * as selection from "../lib/selection.js";

const PAGE = 200;
/** The API's limit for one answer. */
const MOST = 1000;
const REFRESH_MILLISECONDS = 1000;
const TYPING_MILLISECONDS = 250;
const FILTERS = ["q", "service", "name", "status", "min_ms", "max_ms", "attribute", "from", "to"];
const FIELDS = ["q", "service", "status", "min_ms", "max_ms", "sort"];
const SORTS = [["", "Newest first"], ["slowest", "Slowest first"], ["tokens", "Most tokens"], ["cost", "Highest cost"]];
const narrow = matchMedia("(max-width: 720px)");

/** What was shown last, so that going back shows it at once and at the same place. */
let memory = null;

export class TracesView {
  constructor(main, query) {
    this.main = main;
    this.data = null;
    this.controller = null;
    this.fields = this.buildFields();
    this.chips = h("div", { class: "chips" });
    this.plot = h("div", { class: "latency" });
    this.summary = h("p", { class: "muted matched", role: "status" });
    this.compare = h("div", { class: "compare-bar" });
    this.body = h("div", { class: "trace-list", role: "table", "aria-label": "Traces" });
    this.message = h("div", {});
    main.classList.add("page");
    replace(
      main,
      h("h1", { class: "hidden" }, "Traces"),
      h("form", { class: "search", role: "search", on: { submit: (event) => { event.preventDefault(); this.submit(); } } }, this.fields.bar, this.chips),
      h("figure", { class: "latency-box" }, this.plot, h("figcaption", { class: "muted" }, "Latency of the traces over time. Drag to select a time and a range of durations.")),
      h("div", { class: "list-bar" }, this.summary, this.compare),
      this.body,
      this.message,
    );
    this.rows = new Rows({
      scroller: main,
      height: () => (narrow.matches ? 58 : 34),
      item: (index) => ({ key: this.data.traces[index].id, data: this.data.traces[index] }),
      build: (index) => this.buildRow(index),
    });
    this.header = h("div", { class: "trace-row trace-head", role: "row", "aria-rowindex": 1 },
      [["", "select"], ["Start"], ["Name"], ["Services", "wide"], ["Duration", "number"], ["Spans", "number"], ["Errors", "number"], ["Tokens in", "number"], ["Tokens out", "number"], ["Cost", "number"]].map(([name, className]) =>
        h("span", { role: "columnheader", class: className ?? null }, name || h("span", { class: "hidden" }, "Compare"))));
    replace(this.body, h("div", { role: "rowgroup" }, this.header), this.rows.element);
    this.chart = chart(this.plot, (colours, uPlot) => this.chartOptions(colours, uPlot));
    this.reload = throttle(REFRESH_MILLISECONDS, () => this.load({ quiet: true }));
    this.more = () => this.loadMore();
    main.addEventListener("scroll", this.more, { passive: true });
    this.onTraces = ({ detail }) => this.merge(detail.traces);
    this.onState = ({ detail }) => this.setServices(detail.services);
    live.addEventListener("traces", this.onTraces);
    live.addEventListener("resync", this.reload);
    live.addEventListener("state", this.onState);
    this.onNarrow = () => this.rows.setCount(this.data?.traces.length ?? 0);
    narrow.addEventListener("change", this.onNarrow);
    this.unbind = bind("List of traces", [
      { keys: ["/", "ctrl+b"], text: "Search", always: true, run: (event) => (event.target.matches("input, select") ? false : this.fields.q.focus()) },
      { keys: ["Escape"], text: "Clear the search", run: () => navigate(address("")) },
    ]);
    if (memory && memory.search === window.location.search) {
      this.setFields(query);
      this.show(memory.data);
      main.scrollTop = memory.scrollTop;
      this.query = query;
      this.load({ quiet: true });
    } else {
      this.update(query);
    }
    this.showSelection();
  }

  destroy() {
    memory = this.data && { search: this.searched, data: this.data, scrollTop: this.main.scrollTop };
    this.controller?.abort();
    this.reload.cancel();
    this.typed.cancel();
    this.rows.destroy();
    this.chart.destroy();
    this.unbind();
    this.main.removeEventListener("scroll", this.more);
    narrow.removeEventListener("change", this.onNarrow);
    live.removeEventListener("traces", this.onTraces);
    live.removeEventListener("resync", this.reload);
    live.removeEventListener("state", this.onState);
  }

  update(query) {
    this.query = query;
    this.setFields(query);
    this.load({});
  }

  buildFields() {
    const q = h("input", { type: "search", name: "q", placeholder: "Search: words, \"a phrase\", -without, key=value", "aria-label": "Search traces", autocomplete: "off", spellcheck: "false", maxlength: 1000 });
    const service = h("select", { name: "service", "aria-label": "Service" }, h("option", { value: "" }, "All services"));
    const status = h("select", { name: "status", "aria-label": "Status" }, h("option", { value: "" }, "Any status"), h("option", { value: "error" }, "With errors"), h("option", { value: "ok" }, "Without errors"));
    const limits = ["min_ms", "max_ms"].map((name) => h("input", { name, type: "number", min: 0, step: "any", inputmode: "decimal", placeholder: name === "min_ms" ? "≥ ms" : "≤ ms", "aria-label": name === "min_ms" ? "Shortest duration in milliseconds" : "Longest duration in milliseconds", class: "limit" }));
    const sort = h("select", { name: "sort", "aria-label": "Order" }, SORTS.map(([value, name]) => h("option", { value }, name)));
    this.typed = debounce(TYPING_MILLISECONDS, () => this.submit());
    const bar = h("div", { class: "search-bar", on: { input: () => this.typed() } },
      h("div", { class: "search-box" }, icon("search"), q), service, status, limits, sort, grammar());
    return { bar, q, service, status, min_ms: limits[0], max_ms: limits[1], sort };
  }

  setServices(services) {
    const { service } = this.fields;
    const wanted = service.value || this.query?.get("service") || "";
    const names = [...new Set([...services, ...(wanted ? [wanted] : [])])].sort();
    const known = [...service.options].slice(1).map((option) => option.value);
    if (names.join("\n") === known.join("\n")) return;
    replace(service, h("option", { value: "" }, "All services"), names.map((name) => h("option", { value: name }, format.label(name, 60))));
    service.value = wanted;
  }

  setFields(query) {
    if (query.get("service")) this.setServices([...this.fields.service.options].slice(1).map((option) => option.value));
    for (const name of FIELDS) {
      const value = query.get(name) ?? "";
      if (this.fields[name].value !== value) this.fields[name].value = value;
    }
    const chips = [];
    const chip = (text, without) => chips.push(h("span", { class: "chip" }, text, button("Remove", { class: "quiet", "aria-label": `Remove the filter ${text}`, on: { click: () => navigate(address("", without)) } }, icon("close"))));
    const all = entries(query);
    if (query.get("from") || query.get("to")) {
      const [from, to] = ["from", "to"].map((name) => (query.get(name) ? safeTime(query.get(name)) : "…"));
      chip(`${from} – ${to}`, { ...all, from: null, to: null });
    }
    if (query.get("name")) chip(`name: ${format.label(query.get("name"), 60)}`, { ...all, name: null });
    for (const attribute of query.getAll("attribute")) {
      chip(format.label(attribute, 80), { ...all, attribute: all.attribute.filter((each) => each !== attribute) });
    }
    replace(this.chips, chips);
  }

  submit() {
    this.typed.cancel();
    const values = entries(this.query);
    for (const name of FIELDS) values[name] = this.fields[name].value.trim();
    const url = address("", values);
    // While a word is typed, the history keeps one entry.
    if (url !== window.location.pathname + window.location.search) rewrite(url);
    this.update(location().query);
  }

  parameters() {
    const values = {};
    for (const name of [...FILTERS, "sort"]) values[name] = this.query.getAll(name);
    return values;
  }

  filtered() {
    return FILTERS.some((name) => this.query.get(name)) || Boolean(this.query.get("sort"));
  }

  async load({ quiet }) {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    const search = window.location.search;
    const limit = quiet && this.data ? Math.min(MOST, Math.max(PAGE, this.data.traces.length)) : PAGE;
    try {
      const data = await get("traces", { ...this.parameters(), limit }, controller.signal);
      this.searched = search;
      this.show(data, { anchor: quiet });
    } catch (error) {
      if (error.name === "AbortError") return;
      if (quiet && error.status === 0) return;
      this.data = null;
      this.rows.setCount(0);
      this.body.hidden = true;
      this.summary.textContent = "";
      replace(this.message, failure("The traces cannot be shown.", error, () => this.load({})));
    }
  }

  async loadMore() {
    const { data } = this;
    if (!data || this.loading || data.traces.length >= Math.min(data.matched, MOST)) return;
    if (this.main.scrollTop + this.main.clientHeight < this.main.scrollHeight - 1500) return;
    this.loading = true;
    try {
      const next = await get("traces", { ...this.parameters(), limit: Math.min(PAGE, MOST - data.traces.length), offset: data.traces.length }, this.controller?.signal);
      if (this.data === data) {
        const known = new Set(data.traces.map(({ id }) => id));
        this.show({ ...data, matched: next.matched, traces: [...data.traces, ...next.traces.filter(({ id }) => !known.has(id))] });
      }
    } catch {
      // The next scroll tries again.
    } finally {
      this.loading = false;
    }
  }

  /** Adds changed traces. With a filter, only the server knows which of them match. */
  merge(changed) {
    if (!this.data || this.filtered()) return this.reload();
    const byId = new Map(changed.map((trace) => [trace.id, trace]));
    const traces = this.data.traces.map((trace) => byId.get(trace.id) ?? trace);
    const known = new Set(traces.map(({ id }) => id));
    const added = changed.filter(({ id }) => !known.has(id));
    traces.push(...added);
    traces.sort((a, b) => compareTimes(b.start, a.start));
    const points = this.data.points.filter(([, , , id]) => !byId.has(id));
    for (const trace of changed) points.push([trace.start, trace.duration, trace.errors > 0, trace.id]);
    const matched = this.data.matched + added.length;
    this.show({ ...this.data, traces: traces.slice(0, MOST), points, matched, stored: this.data.stored + added.length }, { anchor: true });
    // The counts are exact again after a moment: the store may have removed old traces.
    if (added.length) this.reload();
  }

  show(data, { anchor = false } = {}) {
    this.data = data;
    this.longest = Math.max(1, ...data.traces.map(({ duration }) => duration));
    const none = data.matched === 0;
    this.body.hidden = none;
    this.body.setAttribute("aria-rowcount", data.matched + 1);
    this.plot.parentElement.hidden = data.points.length === 0;
    this.rows.setCount(data.traces.length, { anchor });
    if (none) {
      replace(this.message, data.stored === 0 ? emptyStore() : h("div", { class: "empty" }, h("h2", {}, "No trace matches"), h("p", {}, `${format.plural(data.stored, "trace")} are stored, none of them matches this search. `, h("a", { href: address("") }, "Clear the search"))));
      this.summary.textContent = "";
    } else {
      replace(this.message, data.matched > MOST && data.traces.length >= MOST && h("p", { class: "empty" }, `Only the first ${format.count(MOST)} of ${format.count(data.matched)} traces are listed. Search for a service, a duration or a time to see others.`));
      this.summary.textContent = this.filtered() ? `${format.count(data.matched)} of ${format.plural(data.stored, "trace")}` : format.plural(data.matched, "trace");
    }
    this.setPoints(data.points);
  }

  buildRow(index) {
    const trace = this.data.traces[index];
    const { tokens, cost } = trace;
    const href = address(`trace/${trace.id}`);
    const name = format.label(trace.name || "(no name)");
    const marks = [];
    if (!trace.complete) marks.push(h("span", { class: "mark running", title: "Spans of this trace are still running, or its root has not arrived" }, "running"));
    if (trace.orphans) marks.push(h("span", { class: "mark", title: `The parents of ${format.plural(trace.orphans, "span")} are not here` }, "incomplete"));
    const check = h("input", { type: "checkbox", "aria-label": `Compare ${name}`, title: "Select two traces to compare" });
    check.checked = selection.has(trace.id);
    check.addEventListener("change", () => {
      selection.set(trace, check.checked);
      this.showSelection();
      this.rows.refresh();
    });
    return h("div", { class: `trace-row${trace.errors ? " failed" : ""}`, role: "row", "aria-rowindex": index + 2 },
      h("span", { role: "cell", class: "select" }, check),
      h("span", { role: "cell", class: "when", title: format.exactTime(trace.start) }, format.time(trace.start)),
      h("span", { role: "cell", class: "what" }, h("a", { href }, name), marks, trace.models.length > 0 && h("span", { class: "models" }, trace.models.map((model) => format.label(model, 40)).join(", "))),
      h("span", { role: "cell", class: "services wide" }, trace.services.slice(0, 2).map((each) => h("span", { class: `service ${serviceClass(each.name)}`, title: `${format.label(each.name)}: ${format.plural(each.spans, "span")}` }, format.label(each.name, 40))), trace.services.length > 2 && h("span", { class: "muted" }, `+${trace.services.length - 2}`)),
      h("span", { role: "cell", class: "number took" }, h("span", { class: "share", style: { width: `${(100 * trace.duration) / this.longest}%` } }), h("span", {}, format.duration(trace.duration))),
      h("span", { role: "cell", class: "number spans" }, format.count(trace.spans)),
      h("span", { role: "cell", class: `number errors${trace.errors ? " bad" : ""}` }, trace.errors ? format.count(trace.errors) : h("span", { class: "none" }, "0")),
      h("span", { role: "cell", class: "number in", title: tokens?.unknown_calls ? `${format.plural(tokens.unknown_calls, "model call")} with unknown tokens` : null }, tokens ? format.tokens(tokens.input, tokens.estimated) : "", tokens?.unknown_calls ? h("span", { class: "warn" }, "+?") : null),
      h("span", { role: "cell", class: "number out" }, tokens ? format.tokens(tokens.output, tokens.estimated) : ""),
      h("span", { role: "cell", class: "number cost", title: cost?.unpriced_calls ? `${format.plural(cost.unpriced_calls, "model call")} without a price` : null }, cost ? format.cost(cost.usd) : "", cost?.unpriced_calls ? h("span", { class: "warn" }, "+?") : null),
    );
  }

  showSelection() {
    const [a, b] = selection.get();
    replace(this.compare, a && [
      h("span", { class: "muted" }, b ? "" : "Select a second trace to compare with "),
      h("span", {}, format.label(a.name, 40), b && [" and ", format.label(b.name, 40)]),
      b && h("a", { class: "action", href: address("compare", { a: a.id, b: b.id }) }, "Compare"),
      button("Clear", { class: "quiet", on: { click: () => { selection.clear(); this.showSelection(); this.rows.refresh(); } } }),
    ]);
  }

  setPoints(points) {
    const sorted = points.map(([start, duration, failed]) => [format.millis(start) / 1000, Math.max(duration / 1e6, 0.001), failed]).sort((a, b) => a[0] - b[0]);
    this.points = sorted;
    this.chart.set([
      sorted.map(([x]) => x),
      sorted.map(([, y, failed]) => (failed ? null : y)),
      sorted.map(([, y, failed]) => (failed ? y : null)),
    ]);
  }

  chartOptions(colours, uPlot) {
    const points = (colour) => ({ paths: () => null, stroke: colour, points: { show: true, size: 5, width: 0, fill: colour, stroke: colour } });
    return {
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: true, uni: 20, setScale: false }, points: { show: false } },
      scales: { x: { range: (_, min, max) => (min === null ? [0, 1] : pad(min, max)) }, y: { distr: 3, range: (_, min, max) => (min === null ? [1, 10] : uPlot.rangeLog(min, max, 10, false)) } },
      series: [{}, points(colours.accent), points(colours.error)],
      axes: [axis(colours, { values: CLOCK, size: 26, space: 70 }), axis(colours, { values: (_, values) => values.map((value) => (value ? format.duration(value * 1e6).replace(/\.0+ /, " ") : "")), filter: decades, size: 58, grid: { stroke: colours.line, width: 1, filter: decades }, ticks: { show: false } })],
      hooks: { setSelect: [(plot) => this.brush(plot)] },
    };
  }

  brush(plot) {
    const { left, top, width, height } = plot.select;
    if (width < 4 && height < 4) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const values = entries(this.query);
    const full = plot.over.clientHeight;
    if (width >= 4 && width < plot.over.clientWidth) {
      values.from = nanos(plot.posToVal(left, "x"));
      values.to = nanos(plot.posToVal(left + width, "x"));
    }
    if (height >= 4 && height < full) {
      values.min_ms = Number(plot.posToVal(top + height, "y").toPrecision(3));
      values.max_ms = Number(plot.posToVal(top, "y").toPrecision(3));
    }
    navigate(address("", values));
  }
}

function entries(query) {
  const values = {};
  for (const name of query.keys()) values[name] = name === "attribute" ? query.getAll(name) : query.get(name);
  return values;
}

/** Keeps the powers of ten of an axis. */
function decades(_, values) {
  return values.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? value : null));
}

function pad(min, max) {
  const space = Math.max((max - min) * 0.02, 0.5);
  return [min - space, max + space];
}

function nanos(seconds) {
  return `${BigInt(Math.round(seconds * 1e6)) * 1000n}`;
}

function safeTime(text) {
  return /^\d{1,19}$/.test(text) ? format.time(text) : format.label(text, 30);
}

function compareTimes(a, b) {
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function grammar() {
  const rows = [
    ["refund timeout", "traces with either word, in a name, a service, a key or a value"],
    ["\"card declined\"", "traces with the whole phrase"],
    ["-healthz", "traces without the word"],
    ["gen_ai.request.model=gpt-4o", "traces with this value of an attribute"],
  ];
  return h("details", { class: "grammar" }, h("summary", { "aria-label": "How to search", title: "How to search" }, "How to search"),
    h("dl", { class: "popover" }, rows.map(([example, text]) => [h("dt", {}, h("code", {}, example)), h("dd", {}, text)])));
}
