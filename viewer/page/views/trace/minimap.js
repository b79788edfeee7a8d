// The whole trace in small, with the visible range of time.

import { onThemeChange, resolve, serviceClass } from "../../lib/colour.js";
import { h, oncePerFrame } from "../../lib/dom.js";

export class Minimap {
  constructor(parent, model) {
    this.model = model;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.left = h("span", { class: "shade left" });
    this.right = h("span", { class: "shade right" });
    this.handles = ["from", "to"].map((side) => h("span", { class: `handle ${side}`, "data-side": side }));
    this.band = h("span", { class: "band", hidden: true });
    this.element = h("div", { class: "minimap", title: "Drag to select a range of time. Double-click to show the whole trace." }, this.canvas, this.left, this.right, this.handles, this.band);
    parent.append(this.element);
    this.draw = oncePerFrame(() => this.drawNow());
    this.observer = new ResizeObserver(this.draw);
    this.observer.observe(this.element);
    this.unwatch = onThemeChange(this.draw);
    this.onView = () => this.place();
    model.addEventListener("view", this.onView);
    model.addEventListener("data", this.draw);
    this.element.addEventListener("dblclick", () => model.setView(0, model.duration));
    this.element.addEventListener("pointerdown", (event) => this.drag(event));
    this.place();
  }

  destroy() {
    this.observer.disconnect();
    this.unwatch();
    this.draw.cancel();
    this.model.removeEventListener("view", this.onView);
    this.model.removeEventListener("data", this.draw);
  }

  drawNow() {
    const { model, canvas } = this;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const colours = new Map();
    const colour = (service) => {
      if (!colours.has(service)) {
        const probe = h("span", { class: serviceClass(service) });
        this.element.append(probe);
        colours.set(service, resolve("--service", probe));
        probe.remove();
      }
      return colours.get(service);
    };
    const errors = resolve("--error", this.element);
    const rowHeight = Math.min(4, (height - 4) / model.rows.length);
    model.rows.forEach((row, index) => {
      context.fillStyle = row.status === "error" ? errors : colour(model.service(row));
      const x = (row.start / model.duration) * width;
      const y = 2 + index * rowHeight;
      context.fillRect(x, y, Math.max(0.75, (row.duration / model.duration) * width), Math.max(0.5, rowHeight * 0.8));
    });
  }

  place() {
    const { from, to } = this.model.view;
    const percent = (time) => `${(100 * time) / this.model.duration}%`;
    this.left.style.width = percent(from);
    this.right.style.left = percent(to);
    this.handles[0].style.left = percent(from);
    this.handles[1].style.left = percent(to);
  }

  drag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const box = this.element.getBoundingClientRect();
    const time = ({ clientX }) => Math.min(1, Math.max(0, (clientX - box.left) / box.width)) * this.model.duration;
    const side = event.target.dataset.side;
    const first = time(event);
    const { from, to } = this.model.view;
    this.element.setPointerCapture(event.pointerId);
    const move = (next) => {
      const at = time(next);
      if (side === "from") this.model.setView(Math.min(at, to - 1), to);
      else if (side === "to") this.model.setView(from, Math.max(at, from + 1));
      else {
        const [a, b] = [first, at].sort((x, y) => x - y);
        this.band.hidden = false;
        this.band.style.left = `${(100 * a) / this.model.duration}%`;
        this.band.style.width = `${(100 * (b - a)) / this.model.duration}%`;
      }
    };
    const up = (next) => {
      this.element.removeEventListener("pointermove", move);
      this.band.hidden = true;
      const [a, b] = [first, time(next)].sort((x, y) => x - y);
      if (!side && ((b - a) / this.model.duration) * box.width > 4) this.model.setView(a, b);
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", up, { once: true });
  }
}
