// The flame graph by self time.

import { serviceClass } from "../../lib/colour.js";
import { button, h, oncePerFrame, replace } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { flame } from "./merge.js";

const ROW_PIXELS = 22;
/** Frames narrower than this are not drawn. They are listed in the table. */
const NARROWEST_PIXELS = 2;
const MOST_FRAMES = 3000;
/** Levels drawn below the frame that fills the width. */
const MOST_LEVELS = 300;
/** Ancestors drawn above it. */
const MOST_ABOVE = 8;

export class Flame {
  constructor(parent, { model, select }) {
    this.model = model;
    this.select = select;
    this.path = [];
    this.info = h("p", { class: "flame-info muted", role: "status" });
    this.frames = h("div", { class: "flame" });
    this.box = h("div", { class: "flame-box", tabindex: 0, role: "region", "aria-label": "Flame graph" }, this.frames);
    parent.append(h("div", { class: "stage-bar" }, this.info), this.box);
    this.draw = oncePerFrame(() => this.drawNow());
    this.observer = new ResizeObserver(this.draw);
    this.observer.observe(this.box);
    this.onData = () => {
      this.root = flame(model);
      this.draw();
    };
    model.addEventListener("data", this.onData);
    this.onData();
  }

  destroy() {
    this.observer.disconnect();
    this.draw.cancel();
    this.model.removeEventListener("data", this.onData);
  }

  /** The frame that fills the width. It is found again by its path, because the data may have changed. */
  focus() {
    let frame = this.root;
    for (const key of this.path) {
      const child = frame.children.get(key);
      if (!child) break;
      frame = child;
    }
    return frame;
  }

  describe(frame) {
    return `${frame.service ? `${format.label(frame.service, 60)}: ` : ""}${format.label(frame.name, 100)} · ${format.plural(frame.count, "span")} · self ${format.duration(frame.self)} · with children ${format.duration(frame.width)} · ${format.percent(frame.width, this.root.width)} of the trace's work`;
  }

  hint() {
    this.info.textContent = `${format.duration(this.root.width)} of work in ${format.plural(this.model.rows.length, "span")}. The width is self time, so parallel spans add up. Select a frame to enlarge it, and again to open its first span.`;
  }

  drawNow() {
    const width = this.frames.clientWidth;
    if (!width) return;
    const focus = this.focus();
    const total = Math.max(1, focus.width);
    const built = [];
    const pathOf = (frame) => {
      const keys = [];
      for (let at = frame; at.parent; at = at.parent) keys.unshift([...at.parent.children].find(([, child]) => child === at)[0]);
      return keys;
    };
    let deepest = 0;
    let hidden = 0;
    const add = (frame, left, share, depth) => {
      if (share * width < NARROWEST_PIXELS || built.length >= MOST_FRAMES || depth > MOST_LEVELS) {
        hidden += 1;
        return;
      }
      deepest = Math.max(deepest, depth);
      const text = this.describe(frame);
      const self = frame.width > 0 ? frame.self / frame.width : 0;
      built.push(button("", {
        class: `frame ${frame.service ? serviceClass(frame.service) : "root"}`,
        style: { left: `${100 * left}%`, width: `${100 * share}%`, top: `${depth * ROW_PIXELS}px` },
        title: text,
        "aria-label": text,
        on: {
          click: () => {
            if (frame === focus && frame.first) return this.select(frame.first);
            this.path = pathOf(frame);
            this.drawNow();
          },
          mouseenter: () => (this.info.textContent = text),
          focus: () => (this.info.textContent = text),
        },
      }, h("span", { class: "frame-self", style: { width: `${100 * self}%` } }), share * width > 30 && h("span", { class: "frame-name" }, format.label(frame.name, 100))));
      let at = left;
      const children = [...frame.children.values()].sort((a, b) => b.width - a.width);
      for (const child of children) {
        const part = (share * child.width) / Math.max(1, frame.width);
        add(child, at, part, depth + 1);
        at += part;
      }
    };
    const ancestors = [];
    for (let at = focus.parent; at && ancestors.length < MOST_ABOVE; at = at.parent) ancestors.unshift(at);
    ancestors.forEach((frame, depth) => {
      built.push(button("", { class: `frame above ${frame.service ? serviceClass(frame.service) : "root"}`, style: { left: 0, width: "100%", top: `${depth * ROW_PIXELS}px` }, title: this.describe(frame), on: { click: () => { this.path = pathOf(frame); this.drawNow(); } } }, h("span", { class: "frame-name" }, format.label(frame.name, 100))));
    });
    deepest = ancestors.length;
    add(focus, 0, focus.width / total, ancestors.length);
    this.frames.style.height = `${(deepest + 1) * ROW_PIXELS + 8}px`;
    replace(this.frames, built);
    this.hint();
    if (hidden) this.info.append(` ${format.plural(hidden, "frame")} too narrow to show.`);
  }
}
