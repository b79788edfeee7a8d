// What the page says when there is nothing to show.

import { live } from "./live.js"
import { copyButton, h, replace } from "./dom.js"
import { icon } from "./icons.js"

export function empty(title, ...text) {
	return h("div.empty", h("h2", title), h("p", text))
}

export function failure(what, error, retry) {
	return h("div.empty", { role: "alert" }, h("h2", icon("error"), ` The ${what} cannot be shown.`), h("p", error.message), h("p", h("button", { click: retry }, "Try again")))
}

// Returns a function that reads and shows something, or a failure in `message`. If the server is gone, a quiet reading
// changes nothing.
export function reader(message, what, read, hide = () => {}) {
	const load = quiet => read().catch(error => {
		if (quiet && error.status === 0) return
		hide()
		replace(message, failure(what, error, () => load(false)))
	})
	return load
}

export function loading() {
	return h("p.empty.loading", { role: "status" }, "Loading …")
}

export function emptyStore() {
	const list = h("dl.setup")
	const show = receivers => {
		const settings = receivers.map(address => {
			const grpc = address.startsWith("grpc")
			return [`A program in any language, OTLP over ${grpc ? "gRPC" : "HTTP"}`, `OTEL_EXPORTER_OTLP_ENDPOINT=${address.replace(/^grpc/, "http")} OTEL_EXPORTER_OTLP_PROTOCOL=${grpc ? "grpc" : "http/protobuf"}`]
		})
		settings.push(["A service with Throughline, without a network", "OTEL_TRACES_EXPORTER=viewer"], ["What the exporter “file” wrote", "throughline-viewer open trace.jsonl"])
		replace(list, settings.map(([title, text]) => [h("dt", title), h("dd", h("code", text), copyButton(text, title))]))
	}
	show(live.state?.receivers ?? [])
	live.addEventListener("state", ({ detail }) => show(detail.receivers), { once: true })
	return h("div.empty", h("h2", "No traces yet"), h("p", "Traces appear here as they arrive. To send some:"), list)
}
