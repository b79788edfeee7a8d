// The call graph: services, or spans merged by name, and who calls whom.

import { serviceClass } from "../../lib/colour.js";
import { button, h, replace, svg } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { icon, roleIcon } from "../../lib/icons.js";
import { layout } from "./layout.js";
import { callGraph } from "./merge.js";

/** More nodes are not readable. The table shows all. */
const MOST_NODES = 120;
const NODE = { width: 210, height: 62, across: 90, down: 18 };

export class Graph {
  constructor(parent, { model, search }) {
    this.model = model;
    this.search = search;
    this.byService = model.data.resources.length > 1;
    this.choice = h("div", { class: "choice", role: "group", "aria-label": "Nodes" });
    this.note = h("p", { class: "muted" });
    this.canvas = h("div", { class: "graph" });
    this.box = h("div", { class: "graph-box", tabindex: 0, role: "region", "aria-label": "Call graph" }, this.canvas);
    parent.append(h("div", { class: "stage-bar" }, this.choice, this.note), this.box);
    this.onData = () => this.draw();
    model.addEventListener("data", this.onData);
    this.draw();
  }

  destroy() {
    this.model.removeEventListener("data", this.onData);
  }

  draw() {
    const option = (byService, name) => button(name, { "aria-pressed": String(this.byService === byService), on: { click: () => { this.byService = byService; this.draw(); } } });
    replace(this.choice, option(true, "Services"), option(false, "Spans by name"));
    const whole = callGraph(this.model, this.byService);
    const nodes = [...whole.nodes].sort((a, b) => b.total - a.total).slice(0, MOST_NODES);
    const shown = new Set(nodes.map(({ key }) => key));
    const edges = whole.edges.filter(({ from, to }) => shown.has(from) && shown.has(to));
    const kept = whole.nodes.filter(({ key }) => shown.has(key));
    this.note.textContent = whole.nodes.length > MOST_NODES ? `The ${MOST_NODES} with the most time of ${format.count(whole.nodes.length)}. The table shows all.` : `${format.plural(kept.length, "node")}, ${format.plural(edges.length, "kind")} of calls`;
    const { places, width, height } = layout(kept, edges, NODE);
    const most = Math.max(1, ...kept.map(({ self }) => self));
    const work = this.model.rows.reduce((sum, { self }) => sum + self, 0);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    replace(this.canvas,
      svg("svg", { width, height, "aria-hidden": "true" },
        svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0 1 7 4 0 7z", class: "arrow" }))),
        edges.map((edge) => this.buildEdge(edge, places))),
      kept.map((node) => this.buildNode(node, places.get(node.key), most, work, edges)));
  }

  buildNode(node, place, most, work, edges) {
    const calls = edges.filter(({ from }) => from === node.key).map(({ to, count }) => `${format.label(nameInKey(to), 40)} ${count} times`);
    const title = `${node.service}: ${format.label(node.name, 100)} · ${format.plural(node.count, "span")} · total ${format.duration(node.total)} · self ${format.duration(node.self)} (${format.percent(node.self, work)})${node.errors ? ` · ${format.plural(node.errors, "error")}` : ""}`;
    return button("", {
      class: `node ${serviceClass(node.service)}${node.errors ? " failed" : ""}`,
      title,
      "aria-label": calls.length ? `${title}. Calls ${calls.join(", ")}` : title,
      style: { left: `${place.x}px`, top: `${place.y}px`, width: `${NODE.width}px`, height: `${NODE.height}px` },
      on: { click: () => this.search(`"${(this.byService ? node.service : node.name).replaceAll('"', "")}"`) },
    },
    h("span", { class: "node-name" }, !this.byService && roleIcon(node.role), h("span", {}, format.label(node.name, 60) || "(no name)"), node.errors > 0 && h("span", { class: "bad" }, icon("error"), format.count(node.errors))),
    h("span", { class: "node-facts" }, h("span", {}, `${format.count(node.count)} ×`), h("span", {}, format.duration(node.total)), h("span", { class: "muted" }, `self ${format.duration(node.self)}`)),
    h("span", { class: "node-self" }, h("span", { style: { width: `${(100 * node.self) / most}%` } })));
  }

  buildEdge({ from, to, count, errors }, places) {
    const a = places.get(from);
    const b = places.get(to);
    const y1 = a.y + NODE.height / 2;
    const y2 = b.y + NODE.height / 2;
    const forward = b.x > a.x;
    const x1 = forward ? a.x + NODE.width : a.x + NODE.width / 2;
    const x2 = forward ? b.x - 2 : b.x + NODE.width / 2;
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const path = forward
      ? `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
      : from === to
        ? `M${a.x + NODE.width - 40} ${a.y}C${a.x + NODE.width - 40} ${a.y - 26} ${a.x + NODE.width + 26} ${a.y - 10} ${a.x + NODE.width} ${y1 - 12}`
        : `M${x1} ${a.y + NODE.height}C${x1} ${a.y + NODE.height + 40} ${x2} ${b.y + NODE.height + 40} ${x2} ${b.y + NODE.height + 2}`;
    const middle = forward ? { x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 4 } : { x: (x1 + x2) / 2 + (from === to ? NODE.width / 2 : 0), y: from === to ? a.y - 12 : Math.max(a.y, b.y) + NODE.height + 28 };
    return svg("g", { class: errors ? "edge failed" : "edge" },
      svg("path", { d: path, "marker-end": "url(#arrow)", style: { "stroke-width": Math.min(4, 1 + Math.log10(count)) } }),
      (count > 1 || errors > 0) && svg("text", { x: middle.x, y: middle.y }, `${format.count(count)} ×`));
  }
}

/** The name in a key of the graph: a service, or a pair of service and name. */
function nameInKey(key) {
  return key.startsWith("[") ? JSON.parse(key)[1] : key;
}
