// The services of all traces, and who calls whom.

import { address, empty, get, h, navigate, onTraces, reader, region, replace } from "../lib/index.js"
import { drawGraph } from "./trace/graph.js"

export function servicesView(main, signal) {
	const note = h("span")
	const message = h("div")
	const canvas = h("div.graph")
	const box = h("div.graph-box", region("Calls between services"), canvas)
	let text = ""
	replace(main, h("div.page-head", h("h1", "Services"), note), message, box)
	const load = reader(message, "services", async () => {
		const data = await get("services", {}, signal)
		const nodes = data.services.map(service => ({ key: service.name, service: service.name, ...service }))
		box.hidden = !nodes.length
		replace(message, !nodes.length && empty("No services yet", "They appear here with their first spans."))
		// Drawn only if something changed: nodes keep the focus.
		if (!nodes.length || text === JSON.stringify(data)) return
		text = JSON.stringify(data)
		replace(note, drawGraph(canvas, { nodes, edges: data.calls }, service => navigate(address("", { service }))))
	})
	onTraces(load, signal)
	return () => load(false)
}
