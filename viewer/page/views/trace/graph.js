// The call graph: services, or spans merged by name, and who calls whom.

import { choice, fmt, h, icon, region, replace, roleIcon, serviceClass, svg } from "../../lib/index.js"
import { layout } from "./layout.js"
import { grouped } from "./merge.js"

// More nodes are not readable. The table shows all.
const MOST_NODES = 120
const NODE = { width: 210, height: 62, across: 90, down: 18 }

export function callGraph(parent, { model, search }, signal) {
	let byService = model.data.resources.length > 1
	const bar = h("div.stage-bar")
	const canvas = h("div.graph")
	parent.append(bar, h("div.graph-box", region("Call graph"), canvas))
	const draw = () => replace(bar,
		choice("Nodes", [[true, "Services"], [false, "Spans by name"]], byService, value => { byService = value; draw(); }),
		drawGraph(canvas, grouped(model, byService), search))
	draw()
	model.on("data", draw, signal)
}

// Draws a graph as of `grouped`, and returns a note on what it shows. `choose` gets the name of a chosen node.
export function drawGraph(canvas, whole, choose) {
	const largest = [...whole.nodes].sort((a, b) => b.total - a.total).slice(0, MOST_NODES)
	const nodes = whole.nodes.filter(node => largest.includes(node))
	const names = new Map(nodes.map(({ key, name }) => [key, fmt.label(name, 40)]))
	const edges = whole.edges.filter(({ from, to }) => names.has(from) && names.has(to))
	const { places, width, height } = layout(nodes, edges, NODE)
	const most = nodes.reduce((longest, { self }) => Math.max(longest, self), 1)
	canvas.style.width = `${width}px`
	canvas.style.height = `${height}px`
	replace(canvas,
		svg("svg", { width, height, "aria-hidden": "true" },
			svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 1 7 4 0 7z", class: "arrow" })),
			edges.map(edge => edgeElement(edge, places.get(edge.from), places.get(edge.to)))),
		nodes.map(node => nodeElement(node, places.get(node.key), node.self / most, edges.filter(({ from }) => from === node.key).map(({ to, count }) => `${names.get(to)} ${count} times`), choose)))
	return h("p.muted", whole.nodes.length > MOST_NODES ? `The ${MOST_NODES} with the most time of ${fmt.count(whole.nodes.length)}.` : `${fmt.plural(nodes.length, "node")}, ${fmt.plural(edges.length, "kind")} of calls`)
}

function nodeElement({ service, name, role, count, total, self, errors }, { x, y }, share, calls, choose) {
	const text = `${service === name ? "" : `${fmt.label(service, 60)}: `}${fmt.label(name, 100)} · ${fmt.plural(count, "span")} · total ${fmt.duration(total)} · self ${fmt.duration(self)}${errors ? ` · ${fmt.plural(errors, "error")}` : ""}${calls.length ? ` · calls ${calls.join(", ")}` : ""}`
	return h("button.node", { class: `${serviceClass(service)}${errors ? " failed" : ""}`, title: text, style: { left: `${x}px`, top: `${y}px`, width: `${NODE.width}px`, height: `${NODE.height}px` }, click: () => choose(name) },
		h("span.node-name", service !== name && roleIcon(role), h("span", fmt.name(name, 60)), errors > 0 && h("span.bad", icon("error"), fmt.count(errors))),
		h("span.node-facts", h("span", `${fmt.count(count)} ×`), h("span", fmt.duration(total)), h("span.muted", `self ${fmt.duration(self)}`)),
		h("span.node-self", h("span", { style: { width: `${100 * share}%` } })))
}

// Edges run from left to right; those of a cycle run below the nodes.
function edgeElement({ count, errors }, a, b) {
	const { width, height } = NODE
	const [y1, y2] = [a.y + height / 2, b.y + height / 2]
	let path
	let middle
	if (b.x > a.x) {
		const [x1, x2] = [a.x + width, b.x - 2]
		const bend = Math.max(30, (x2 - x1) / 2)
		path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
		middle = [(x1 + x2) / 2, (y1 + y2) / 2 - 4]
	} else {
		const [x1, x2, low] = [a.x + width * 0.7, b.x + width * 0.3, Math.max(a.y, b.y) + height]
		path = `M${x1} ${a.y + height}C${x1} ${low + 40} ${x2} ${low + 40} ${x2} ${b.y + height + 2}`
		middle = [(x1 + x2) / 2, low + 28]
	}
	return svg("g", { class: errors ? "edge failed" : "edge" },
		svg("path", { d: path, "marker-end": "url(#arrow)", "stroke-width": Math.min(4, 1 + Math.log10(count)) }),
		count > 1 && svg("text", { x: middle[0], y: middle[1] }, `${fmt.count(count)} ×`))
}
