// The waterfall: a row for each span, with its place in time.

import { serviceClass } from "../../lib/colour.js";
import { button, h, oncePerFrame, replace } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { icon, roleIcon } from "../../lib/icons.js";
import { Rows } from "../../lib/rows.js";
import { join } from "./model.js";
import { ticks } from "./ticks.js";

/** Indents do not grow beyond this depth, so that names stay readable in deep traces. */
const DEEPEST_INDENT = 24;
const INDENT_PIXELS = 12;
/** The most marks of events that a bar shows. */
const MOST_TICKS = 100;
/** Sections of the critical path that are closer than this share of the view are drawn as one. */
const SMALLEST_GAP = 0.0015;
const STORED_WIDTH = "throughline.name-width";
const narrow = matchMedia("(max-width: 720px)");

export class Waterfall {
  constructor(parent, model, { onSelect }) {
    this.model = model;
    this.onSelect = onSelect;
    this.active = null;
    this.ruler = h("div", { class: "ruler" });
    this.element = h("div", { class: "waterfall", role: "treegrid", "aria-label": "Spans", tabindex: 0, "aria-readonly": "true" });
    parent.append(this.element);
    this.rows = new Rows({
      scroller: this.element,
      height: () => (narrow.matches ? 44 : 26),
      item: (place) => this.item(place),
      build: (place) => this.buildRow(place),
    });
    this.element.append(h("div", { role: "rowgroup", class: "head-group" }, this.buildHead()), this.rows.element);
    this.setColumns();
    this.layout = oncePerFrame(() => this.onView());
    this.resize = new ResizeObserver(this.layout);
    this.resize.observe(this.element);
    this.listeners = [["rows", () => this.onRows()], ["view", this.layout], ["select", () => this.onSelected()], ["data", () => { this.setColumns(); this.onRows(); }]];
    for (const [type, listener] of this.listeners) model.addEventListener(type, listener);
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.dragZoom();
    this.onRows();
    this.onView();
  }

  destroy() {
    for (const [type, listener] of this.listeners) this.model.removeEventListener(type, listener);
    this.resize.disconnect();
    this.layout.cancel();
    this.rows.destroy();
  }

  buildHead() {
    const grip = h("span", { class: "grip", title: "Drag to change the width" });
    grip.addEventListener("pointerdown", (event) => this.dragColumn(event, grip));
    return h("div", { class: "span-row span-head", role: "row", "aria-rowindex": 1 },
      h("span", { role: "columnheader", class: "name" }, h("span", {}, "Span"), h("span", { class: "tools" },
        button("", { class: "quiet", title: "Expand all ( [ )", "aria-label": "Expand all", on: { click: () => this.model.expandAll() } }, "⊞"),
        button("", { class: "quiet", title: "Collapse all ( ] )", "aria-label": "Collapse all", on: { click: () => this.model.collapseAll() } }, "⊟")), grip),
      h("span", { role: "columnheader", class: "number" }, "Duration"),
      h("span", { role: "columnheader", class: "lane", "aria-label": "Time" }, this.ruler),
      h("span", { role: "columnheader", class: "number token" }, "Tokens in"),
      h("span", { role: "columnheader", class: "number token" }, "out"),
      h("span", { role: "columnheader", class: "number money" }, "Cost"));
  }

  setColumns() {
    this.element.classList.toggle("no-tokens", !this.model.hasTokens);
    this.element.classList.toggle("no-cost", !this.model.hasCost);
    const width = Number(read(STORED_WIDTH));
    if (width > 0) this.element.style.setProperty("--name", `${width}px`);
  }

  item(place) {
    const entry = this.model.visible()[place];
    return typeof entry === "number" ? { key: entry, data: this.model.rows[entry] } : { key: `fold ${entry.fold}`, data: entry };
  }

  onRows() {
    this.place = null;
    const order = this.model.visible();
    this.rows.version += 1;
    this.element.setAttribute("aria-rowcount", order.length + 1);
    this.rows.setCount(order.length);
    this.markActive();
  }

  onView() {
    const width = this.ruler.clientWidth;
    if (width > 0) {
      const { from, to } = this.model.view;
      const { step, marks } = ticks(from, to, width);
      const pixels = (step / (to - from)) * width;
      this.element.style.setProperty("--step", `${pixels}px`);
      this.element.style.setProperty("--shift", `${((marks[0] - from) / step) * pixels}px`);
      replace(this.ruler, marks.map((at) => h("span", { class: "mark-time", style: { left: `${(100 * (at - from)) / (to - from)}%` } }, tickLabel(at, step))));
    }
    this.rows.refresh();
  }

  buildRow(place) {
    const entry = this.model.visible()[place];
    return typeof entry === "number" ? this.buildSpan(entry, place) : this.buildFold(entry, place);
  }

  buildSpan(index, place) {
    const { model } = this;
    const row = model.rows[index];
    const service = model.service(row);
    const parent = row.parent === undefined ? null : model.rows[row.parent];
    const foreign = !parent || parent.resource !== row.resource;
    const children = model.hasChildren(index);
    const shut = model.collapsed.has(row.id);
    const critical = model.critical(index);
    const failed = row.status === "error";
    const classes = ["span-row", serviceClass(service)];
    if (failed) classes.push("failed");
    if (model.matches) classes.push(model.matches.has(index) ? "match" : "dim");
    if (model.selected === row.id) classes.push("selected");
    const depth = Math.min(row.depth, DEEPEST_INDENT);
    return h("div", { class: classes.join(" "), role: "row", id: `span-${index}`, "data-index": index, "data-span": row.id, "aria-level": row.depth + 1, "aria-rowindex": place + 2, "aria-selected": String(model.selected === row.id), "aria-expanded": children ? String(!shut) : null },
      h("span", { role: "rowheader", class: "name", style: { "--depth": depth * INDENT_PIXELS } },
        h("span", { class: "guides" }),
        children
          ? h("span", { class: "twisty", title: `${shut ? "Expand" : "Collapse"} ${format.plural(model.end[index] - index - 1, "span")}` }, icon(shut ? "open" : "shut"))
          : h("span", { class: "twisty leaf" }),
        h("span", { class: "dot", title: critical.length ? "On the critical path" : null }, critical.length ? "●" : "", critical.length ? h("span", { class: "hidden" }, " on the critical path ") : null),
        roleIcon(row.role),
        row.depth > DEEPEST_INDENT && h("span", { class: "muted" }, `${row.depth}`),
        h("span", { class: "label", title: `${service}: ${format.label(row.name)}` },
          foreign && h("span", { class: "service-name" }, format.label(service, 60)),
          h("span", { class: "span-name" }, format.label(row.name) || "(no name)")),
        row.parent_id && h("span", { class: "mark", title: `Its parent ${format.label(row.parent_id, 32)} is not here` }, "no parent"),
        failed && h("span", { class: "failure", title: format.label(row.failure ?? "error") }, icon("error", "error"), format.label(row.failure ?? "error", 60)),
        shut && h("span", { class: "muted below" }, `+${format.count(model.end[index] - index - 1)}`)),
      h("span", { role: "gridcell", class: "number" }, format.duration(row.duration)),
      this.buildLane(row, critical),
      h("span", { role: "gridcell", class: "number token", title: row.role === "agent" ? "Sum of the model calls below" : null }, row.tokens ? format.tokens(row.tokens.input, row.tokens.estimated) : ""),
      h("span", { role: "gridcell", class: "number token" }, row.tokens ? format.tokens(row.tokens.output, row.tokens.estimated) : ""),
      h("span", { role: "gridcell", class: "number money" }, row.cost === undefined ? "" : format.cost(row.cost)));
  }

  buildLane(row, critical) {
    const { from, to } = this.model.view;
    const length = to - from;
    // Positions beyond the lane are cut: very large numbers of pixels are not drawn correctly.
    const at = (time) => Math.min(101, Math.max(-1, (100 * (time - from)) / length));
    const section = (className, start, end) => {
      const left = at(start);
      return h("span", { class: className, style: { left: `${left}%`, width: `${at(end) - left}%` } });
    };
    const { start, duration } = row;
    const visible = start <= to && start + duration >= from;
    const parts = [];
    if (visible) {
      parts.push(section("bar", start, start + duration));
      if (row.first_chunk !== undefined) {
        const wait = section("wait", start, row.first_chunk);
        wait.title = `First chunk after ${format.duration(row.first_chunk - start)}`;
        parts.push(wait);
      }
    }
    const gap = length * SMALLEST_GAP;
    const shown = critical.filter(([a, b]) => a <= to && b >= from);
    for (const [a, b] of join(shown, gap)) parts.push(section("critical", a, b));
    if (visible) {
      let last = -Infinity;
      let drawn = 0;
      for (const event of row.events) {
        const place = at(event.at);
        if (place < 0 || place > 100 || place - last < 0.3 || drawn >= MOST_TICKS) continue;
        last = place;
        drawn += 1;
        parts.push(h("span", { class: "tick", style: { left: `${place}%` }, title: `${format.label(event.name, 60)} at ${format.duration(event.at)}` }));
      }
    } else {
      parts.push(h("span", { class: `beyond ${start > to ? "right" : "left"}` }, start > to ? "›" : "‹"));
    }
    return h("span", { role: "gridcell", class: "lane" }, parts);
  }

  buildFold(fold, place) {
    let total = 0;
    for (const index of fold.indexes) total += this.model.rows[index].duration;
    const first = this.model.rows[fold.indexes[0]];
    return h("div", { class: `span-row fold ${serviceClass(this.model.service(first))}`, role: "row", id: `fold-${place}`, "data-fold": fold.fold, "aria-level": fold.depth + 1, "aria-rowindex": place + 2 },
      h("span", { role: "rowheader", class: "name", style: { "--depth": Math.min(fold.depth, DEEPEST_INDENT) * INDENT_PIXELS } },
        h("span", { class: "guides" }), h("span", { class: "twisty" }, icon("open")), h("span", { class: "dot" }),
        h("span", { class: "label muted" }, `${format.count(fold.indexes.length)} more like ${format.label(first.name, 60)}`)),
      h("span", { role: "gridcell", class: "number muted", title: "Sum of their durations" }, `Σ ${format.duration(total)}`),
      h("span", { role: "gridcell", class: "lane" }),
      h("span", { role: "gridcell", class: "number token" }), h("span", { role: "gridcell", class: "number token" }), h("span", { role: "gridcell", class: "number money" }));
  }

  click(event) {
    const element = event.target.closest(".span-row");
    if (!element || element.classList.contains("span-head")) return;
    if (element.dataset.fold !== undefined) return this.model.unfold(element.dataset.fold);
    const index = Number(element.dataset.index);
    if (event.target.closest(".twisty:not(.leaf)")) {
      this.setActive(index);
      return this.model.toggle(index);
    }
    this.setActive(index);
    this.onSelect(this.model.rows[index].id);
  }

  setActive(index) {
    this.active = this.model.rows[index]?.id ?? null;
    this.markActive();
  }

  markActive() {
    const index = this.model.index.get(this.active);
    for (const old of this.element.querySelectorAll(".active")) old.classList.remove("active");
    const row = index === undefined ? null : this.element.querySelector(`#span-${index}`);
    row?.classList.add("active");
    if (row) this.element.setAttribute("aria-activedescendant", row.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  onSelected() {
    if (this.model.selected) this.active = this.model.selected;
    this.rows.refresh();
    requestAnimationFrame(() => this.markActive());
  }

  /** Scrolls to a span and makes it the active row. */
  reveal(index) {
    this.model.open(index);
    this.active = this.model.rows[index].id;
    const place = this.model.visible().indexOf(index);
    if (place >= 0) this.rows.reveal(place, this.rows.height() + 4);
    const row = this.model.rows[index];
    const { from, to } = this.model.view;
    if (row.start > to || row.start + row.duration < from) {
      const length = to - from;
      this.model.setView(row.start + row.duration / 2 - length / 2, row.start + row.duration / 2 + length / 2);
    }
    this.rows.drawNow();
    this.markActive();
  }

  scrollBy(rows) {
    this.element.scrollBy({ top: rows * this.rows.height() });
  }

  /** The keys of a tree, while it has the focus. */
  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const order = this.model.visible();
    const index = this.model.index.get(this.active);
    const place = index === undefined ? -1 : order.indexOf(index);
    const move = (to) => {
      const next = order[Math.min(order.length - 1, Math.max(0, to))];
      if (next === undefined) return;
      if (typeof next === "number") this.moveTo(next);
      else this.model.unfold(next.fold);
    };
    const row = index === undefined ? null : this.model.rows[index];
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.rows.height()) - 2);
    const actions = {
      ArrowDown: () => move(place + 1),
      ArrowUp: () => move(place - 1),
      PageDown: () => move(place + page),
      PageUp: () => move(place - page),
      Home: () => move(0),
      End: () => move(order.length - 1),
      ArrowRight: () => {
        if (!row) return;
        if (this.model.collapsed.has(row.id)) this.model.toggle(index, false);
        else if (this.model.hasChildren(index)) move(place + 1);
      },
      ArrowLeft: () => {
        if (!row) return;
        if (this.model.hasChildren(index) && !this.model.collapsed.has(row.id)) this.model.toggle(index, true);
        else if (row.parent !== undefined) this.moveTo(row.parent);
      },
      Enter: () => row && this.onSelect(row.id),
      " ": () => row && this.onSelect(row.id),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  moveTo(index) {
    this.reveal(index);
    if (this.model.selected) this.onSelect(this.model.rows[index].id, { replace: true });
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    const box = this.ruler.getBoundingClientRect();
    if (event.clientX < box.left || event.clientX > box.right) return;
    event.preventDefault();
    this.model.zoom(Math.exp(event.deltaY / 300), (event.clientX - box.left) / box.width);
  }

  /** Dragging over the ruler selects a range of time. A double click shows the whole trace. */
  dragZoom() {
    this.ruler.addEventListener("dblclick", () => this.model.setView(0, this.model.duration));
    this.ruler.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      const box = this.ruler.getBoundingClientRect();
      const band = h("span", { class: "band" });
      this.ruler.append(band);
      this.ruler.setPointerCapture(event.pointerId);
      const first = event.clientX;
      const range = (x) => [first, x].sort((a, b) => a - b).map((each) => Math.min(1, Math.max(0, (each - box.left) / box.width)));
      const move = ({ clientX }) => {
        const [a, b] = range(clientX);
        band.style.left = `${100 * a}%`;
        band.style.width = `${100 * (b - a)}%`;
      };
      const up = ({ clientX }) => {
        band.remove();
        this.ruler.removeEventListener("pointermove", move);
        const [a, b] = range(clientX);
        const { from, to } = this.model.view;
        if ((b - a) * box.width > 4) this.model.setView(from + a * (to - from), from + b * (to - from));
      };
      this.ruler.addEventListener("pointermove", move);
      this.ruler.addEventListener("pointerup", up, { once: true });
    });
  }

  dragColumn(event, grip) {
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const left = this.element.getBoundingClientRect().left;
    const most = this.element.clientWidth - 200;
    const move = ({ clientX }) => {
      const width = Math.round(Math.min(most, Math.max(120, clientX - left)));
      this.element.style.setProperty("--name", `${width}px`);
      write(STORED_WIDTH, width);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("pointerup", () => grip.removeEventListener("pointermove", move), { once: true });
  }
}

/** A label of the ruler, in the unit of its step, so that all labels have the same. */
function tickLabel(at, step) {
  if (at === 0) return "0";
  for (const [size, unit] of [[6e10, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]]) {
    if (step >= size || (at >= size && step >= size / 100)) return `${Number((at / size).toFixed(2))} ${unit}`;
  }
  return `${Math.round(at)} ns`;
}

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is disabled. The width lasts as long as the page.
  }
}
