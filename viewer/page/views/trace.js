// One trace: its facts, the views of it, the search in it, and the selected span.

import { apiUrl, get, pathPart } from "../lib/api.js";
import { serviceClass } from "../lib/colour.js";
import { button, copyButton, debounce, h, replace, throttle } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { bind } from "../lib/keys.js";
import { live } from "../lib/live.js";
import { failure, loading } from "../lib/messages.js";
import { address, location, navigate, rewrite } from "../lib/router.js";
import { Flame } from "./trace/flame.js";
import { Graph } from "./trace/graph.js";
import { Groups } from "./trace/groups.js";
import { TraceLogs } from "./trace/logs.js";
import { Minimap } from "./trace/minimap.js";
import { TraceModel } from "./trace/model.js";
import { SpanPanel } from "./trace/span.js";
import { Waterfall } from "./trace/waterfall.js";

const VIEWS = [["", "Waterfall"], ["graph", "Graph"], ["flame", "Flame"], ["table", "Table"], ["logs", "Logs"]];
const REFRESH_MILLISECONDS = 1000;
const TYPING_MILLISECONDS = 200;

class WaterfallView {
  constructor(parent, context) {
    this.minimap = new Minimap(parent, context.model);
    this.waterfall = new Waterfall(parent, context.model, { onSelect: context.select });
  }

  reveal(index) {
    this.waterfall.reveal(index);
  }

  destroy() {
    this.minimap.destroy();
    this.waterfall.destroy();
  }
}

const BUILDERS = { "": WaterfallView, graph: Graph, flame: Flame, table: Groups, logs: TraceLogs };

export class TraceView {
  constructor(main, query, id) {
    this.main = main;
    this.id = id;
    this.view = null;
    this.viewName = null;
    this.panel = null;
    this.controller = new AbortController();
    this.refresh = throttle(REFRESH_MILLISECONDS, () => this.reload());
    this.onTraces = ({ detail }) => detail.traces.some((trace) => trace.id === id) && this.refresh();
    main.classList.add("trace-page");
    this.load(query);
  }

  destroy() {
    this.controller.abort();
    this.refresh.cancel();
    this.find?.cancel();
    this.view?.destroy();
    this.panel?.destroy();
    this.unbind?.();
    live.removeEventListener("traces", this.onTraces);
    live.removeEventListener("resync", this.refresh);
  }

  async load(query) {
    const slow = setTimeout(() => replace(this.main, loading("Loading the trace")), 150);
    try {
      const data = await get(`traces/${pathPart(this.id)}`, {}, this.controller.signal);
      clearTimeout(slow);
      this.model = new TraceModel(data);
      this.build();
      this.update(query);
      live.addEventListener("traces", this.onTraces);
      live.addEventListener("resync", this.refresh);
    } catch (error) {
      clearTimeout(slow);
      if (error.name === "AbortError") return;
      replace(this.main, failure("This trace cannot be shown.", error, () => this.load(location().query)), h("p", { class: "empty" }, h("a", { href: address("") }, "See all traces")));
    }
  }

  /** Reads the trace again, because spans have arrived. */
  async reload() {
    try {
      const data = await get(`traces/${pathPart(this.id)}`, {}, this.controller.signal);
      this.model.setData(data);
      replace(this.head, this.facts());
      if (this.model.matches) this.runFind(this.findText);
    } catch {
      // The trace stays as it was read before.
    }
  }

  build() {
    const { model } = this;
    this.head = h("div", { class: "trace-facts" }, this.facts());
    this.tabs = h("nav", { class: "tabs", "aria-label": "Views of the trace" });
    this.tools = this.buildTools();
    this.stage = h("div", { class: "stage" });
    this.aside = h("aside", { class: "span-panel", "aria-label": "Selected span", hidden: true });
    replace(this.main, this.head, h("div", { class: "trace-bar" }, this.tabs, this.tools), h("div", { class: "split" }, this.stage, this.aside));
    this.context = { model, select: (id, options) => this.select(id, options), search: (text) => this.search(text), go: (view) => this.go(view) };
    this.panel = new SpanPanel(this.aside, this.context, this.id);
    this.unbind = bind("Trace", this.shortcuts());
  }

  update(query) {
    if (!this.model) return;
    const name = BUILDERS[query.get("view") ?? ""] ? query.get("view") ?? "" : "";
    replace(this.tabs, VIEWS.map(([value, title]) => h("a", { href: this.url({ view: value }, query), "aria-current": value === name ? "page" : null }, title)));
    if (name !== this.viewName) {
      this.view?.destroy();
      this.viewName = name;
      this.stage.replaceChildren();
      this.stage.className = `stage stage-${name || "waterfall"}`;
      this.view = new BUILDERS[name](this.stage, this.context, this.id);
      this.tools.classList.toggle("for-rows", name === "");
    }
    const q = query.get("q") ?? "";
    if (this.input.value !== q) this.input.value = q;
    if (q !== (this.findText ?? "")) this.runFind(q);
    const span = query.get("span");
    const changed = span !== this.model.selected;
    this.model.selected = span;
    if (changed) {
      this.panel.show(span);
      const index = this.model.index.get(span);
      if (index !== undefined) this.view.reveal?.(index);
      this.model.emit("select");
    }
    document.title = `${format.label(this.model.data.summary.name, 60)} · Throughline`;
  }

  url(values, query = location().query) {
    return address(`trace/${this.id}`, { view: query.get("view"), q: query.get("q"), span: query.get("span"), ...values });
  }

  /** Selects a span. Moving by keys replaces the address, so that "back" leaves in one step. */
  select(id, { replace: replaced = false, view } = {}) {
    navigate(this.url({ span: id, ...(view === undefined ? {} : { view }) }), { replace: replaced });
  }

  go(view) {
    navigate(this.url({ view }));
  }

  /** Searches in the waterfall for a text. */
  search(text) {
    navigate(this.url({ q: text, view: "" }));
  }

  facts() {
    const { summary } = this.model.data;
    const fact = (name, value, title) => h("div", { title }, h("dt", {}, name), h("dd", {}, value));
    const { tokens, cost } = summary;
    const services = summary.services.map((each) => h("span", { class: `service ${serviceClass(each.name)}`, title: `${format.label(each.name)}: ${format.plural(each.spans, "span")}` }, format.label(each.name, 40)));
    return [
      h("div", { class: "trace-title" },
        h("h1", {}, format.label(summary.name || "(no name)")),
        !summary.complete && h("span", { class: "mark running" }, "running"),
        summary.orphans > 0 && h("span", { class: "mark", title: "Spans whose parent is not here. The parent may have been dropped by sampling, or belong to a service that sends its spans elsewhere." }, `incomplete: ${format.plural(summary.orphans, "span")} without their parent`),
        h("code", { class: "trace-id" }, format.label(this.id, 32)), copyButton(this.id, "the trace id"),
        h("a", { class: "quiet icon-link", href: apiUrl(`export/${pathPart(this.id)}`).href, download: `${this.id}.json`, title: "Download as OTLP/JSON", "aria-label": "Download the trace as OTLP/JSON" }, icon("download"))),
      h("dl", { class: "facts" },
        fact("Start", format.time(summary.start), format.exactTime(summary.start)),
        fact("Duration", format.duration(summary.duration)),
        fact("Spans", format.count(summary.spans)),
        fact("Errors", h("span", { class: summary.errors ? "bad" : null }, format.count(summary.errors))),
        tokens && fact("Tokens in", [format.tokens(tokens.input, tokens.estimated), tokens.unknown_calls > 0 && h("span", { class: "warn" }, "+?")], tokens.unknown_calls ? `${format.plural(tokens.unknown_calls, "model call")} with unknown tokens` : tokens.estimated ? "Partly estimated" : null),
        tokens && fact("Tokens out", format.tokens(tokens.output, tokens.estimated)),
        cost && fact("Cost", [format.cost(cost.usd), cost.unpriced_calls > 0 && h("span", { class: "warn" }, "+?")], cost.unpriced_calls ? `${format.plural(cost.unpriced_calls, "model call")} without a price` : null),
        summary.models.length > 0 && fact(summary.models.length > 1 ? "Models" : "Model", summary.models.map((model) => format.label(model, 40)).join(", ")),
        summary.conversation && fact("Conversation", h("a", { href: address("", { attribute: `gen_ai.conversation.id=${summary.conversation}` }), title: "All traces of this conversation" }, format.label(summary.conversation, 24))),
        h("div", { class: "fact-services" }, h("dt", {}, "Services"), h("dd", {}, services))),
    ];
  }

  buildTools() {
    this.input = h("input", { type: "search", placeholder: "Find in this trace", "aria-label": "Find in this trace", autocomplete: "off", spellcheck: "false", maxlength: 1000 });
    this.found = h("span", { class: "found muted", role: "status" });
    this.find = debounce(TYPING_MILLISECONDS, () => {
      rewrite(this.url({ q: this.input.value.trim() }));
      this.update(location().query);
    });
    this.input.addEventListener("input", () => this.find());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.nextMatch(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape") {
        event.preventDefault();
        this.input.value = "";
        this.find();
        this.input.blur();
      }
    });
    const only = h("input", { type: "checkbox" });
    only.addEventListener("change", () => this.model.setFilter({ onlyMatches: only.checked }));
    const fold = h("input", { type: "checkbox" });
    fold.addEventListener("change", () => this.model.setFold(fold.checked));
    const minimum = h("input", { type: "number", min: 0, step: "any", placeholder: "≥ ms", class: "limit", "aria-label": "Shortest duration of a span in milliseconds" });
    minimum.addEventListener("input", () => this.model.setFilter({ minimum: Math.max(0, Number(minimum.value) || 0) * 1e6 }));
    return h("div", { class: "tools", role: "search" },
      h("div", { class: "search-box" }, icon("search"), this.input, this.found),
      h("span", { class: "rows-only" },
        button("Previous", { class: "quiet", "aria-label": "Previous match", title: "Previous (b)", on: { click: () => this.nextMatch(-1) } }, "↑"),
        button("Next", { class: "quiet", "aria-label": "Next match", title: "Next (f)", on: { click: () => this.nextMatch(1) } }, "↓"),
        h("label", { class: "check", title: "Show the matches and their ancestors" }, only, "Only matches"),
        minimum,
        this.model.hasLike && h("label", { class: "check", title: "Show one of many like siblings" }, fold, "Fold repeats")));
  }

  async runFind(text) {
    this.findText = text;
    this.finding?.abort();
    if (!text) {
      this.found.textContent = "";
      this.model.setMatches(null);
      return;
    }
    this.finding = new AbortController();
    try {
      const { spans } = await get(`traces/${pathPart(this.id)}/find`, { q: text }, this.finding.signal);
      this.model.setMatches(new Set(spans));
      this.showFound();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.found.textContent = error.status ? "not understood" : "no answer";
      this.found.title = error.message;
    }
  }

  showFound() {
    const { matches, selected, index } = this.model;
    if (!matches) return;
    const place = [...matches].indexOf(index.get(selected));
    this.found.title = "";
    this.found.textContent = place >= 0 ? `${place + 1} of ${format.count(matches.size)}` : `${format.count(matches.size)} found`;
  }

  /** Selects the next match, or the next visible span if nothing is searched. */
  nextMatch(step) {
    const { model } = this;
    const all = model.matches ? [...model.matches] : model.visible().filter((entry) => typeof entry === "number");
    if (all.length === 0) return;
    const current = model.index.get(model.selected ?? this.view.waterfall?.active);
    const place = all.indexOf(current);
    const next = place < 0 ? (step > 0 ? 0 : all.length - 1) : (place + step + all.length) % all.length;
    this.select(model.rows[all[next]].id, { replace: true });
    this.showFound();
  }

  shortcuts() {
    const rows = (work) => () => (this.viewName === "" ? work(this.view.waterfall) : false);
    const range = (work) => () => (this.viewName === "" ? work(this.model) : false);
    return [
      { keys: ["ctrl+b", "/"], text: "Find in this trace", always: true, run: (event) => (event.key === "/" && event.target.matches("input, select, textarea") ? false : this.input.select()) },
      { keys: ["f"], text: "Next match, or next span", run: () => this.nextMatch(1) },
      { keys: ["b"], text: "Previous match, or previous span", run: () => this.nextMatch(-1) },
      { keys: ["s"], text: "Scroll down", run: rows((waterfall) => waterfall.scrollBy(8)) },
      { keys: ["w"], text: "Scroll up", run: rows((waterfall) => waterfall.scrollBy(-8)) },
      { keys: ["a", "ArrowLeft"], text: "Move to earlier times", run: range((model) => model.pan(-0.15)) },
      { keys: ["d", "ArrowRight"], text: "Move to later times", run: range((model) => model.pan(0.15)) },
      { keys: ["ArrowUp"], text: "Zoom in", run: range((model) => model.zoom(0.7)) },
      { keys: ["ArrowDown"], text: "Zoom out", run: range((model) => model.zoom(1 / 0.7)) },
      { keys: ["0"], text: "Show the whole time", run: range((model) => model.setView(0, model.duration)) },
      { keys: ["]"], text: "Collapse all", run: range((model) => model.collapseAll()) },
      { keys: ["["], text: "Expand all", run: range((model) => model.expandAll()) },
      { keys: ["p"], text: "Collapse one level", run: range((model) => model.oneLevel(true)) },
      { keys: ["o"], text: "Expand one level", run: range((model) => model.oneLevel(false)) },
      ...VIEWS.map(([view, title], place) => ({ keys: [String(place + 1)], text: `Show: ${title}`, run: () => this.go(view) })),
      { keys: ["Escape"], text: "Close the span, then go back to all traces", run: () => (this.model.selected ? this.select(null) : navigate(address(""))) },
    ];
  }
}
