// The panel of the selected span.

import { address, attributeList, copyButton, facts, failure, fmt, get, h, icon, latest, loading, missing, numbers, region, replace, roleIcon, serviceName, sortableTable } from "../../lib/index.js"
import { modelCall } from "./conversation.js"

// Returns a function that shows the span of an id in an element, or nothing.
export function spanPanel(element, { model, id: trace, select }, signal) {
	const fresh = latest(signal)
	let shown = null
	let text = ""
	const title = h("div.panel-title")
	const body = h("div.panel-body", region("Details of the span"))
	replace(element, title, body)

	async function load(id, quiet) {
		const row = model.rows[model.index.get(id)]
		if (!quiet) head(row?.name ?? id, row)
		const slow = setTimeout(() => quiet || replace(body, loading()), 150)
		try {
			const span = await get(["traces", trace, "spans", id], {}, fresh())
			const next = JSON.stringify(span)
			if (quiet && next === text) return
			text = next
			head(span.name, row)
			fill(span, row)
			if (!quiet) body.scrollTop = 0
		} catch (error) {
			if (!quiet) replace(body, failure("span", error, () => load(id, false)))
		} finally {
			clearTimeout(slow)
		}
	}

	function head(name, row) {
		replace(title,
			h("div.panel-name", row && roleIcon(row.role), h("h2", fmt.name(name))),
			h("span.panel-tools",
				copyButton(() => JSON.stringify(JSON.parse(text), null, 2), "the span as JSON"),
				h("button.quiet", { tip: "Close the span", click: () => select(null) }, icon("close"))))
	}

	function fill(span, row) {
		const { status, attributes, events, links, resource, dropped, scope } = span
		const failed = status.code === "error"
		const critical = row?.critical.reduce((sum, [from, to]) => sum + to - from, 0) ?? 0
		replace(body,
			failed && h("p.failure-text", icon("error", "error"), " ", fmt.label(status.message || row?.failure || "The span ended with an error.", 2000)),
			facts(
				row && ["Service", serviceName(model.service(row))],
				["Start", row ? `+${fmt.duration(row.start)}` : fmt.time(span.start), fmt.exactTime(span.start)],
				["Duration", fmt.duration(span.duration)],
				["Self", fmt.duration(span.self), "Time in the span itself, without its children"],
				critical > 0 && ["Critical path", fmt.duration(critical), "Time of the span itself on the critical path"],
				["Kind", span.kind],
				status.code !== "unset" && ["Status", h("span", { class: failed ? "bad" : "" }, status.code)]),
			span.model_call && modelCall(span.model_call, attributes),
			span.roll_up && rollUp(span.roll_up),
			section("Attributes", attributes.length, attributeList(attributes, "span", ["traces", trace, "spans", span.id]), dropped.attributes),
			(events.length > 0 || dropped.events > 0) && section("Events", events.length, h("ol.events", events.map(event => eventElement(event, span.start))), dropped.events),
			(links.length > 0 || dropped.links > 0) && section("Links", links.length, h("ol.events", links.map(linkElement)), dropped.links),
			section("Resource", resource.length, attributeList(resource, "resource"), 0, false),
			facts(
				["Span id", [h("code", fmt.label(span.id, 32)), copyButton(span.id, "the span id")]],
				span.parent_id && ["Parent", model.index.has(span.parent_id) ? h("button.link", { click: () => select(span.parent_id) }, h("code", span.parent_id)) : [h("code", fmt.label(span.parent_id, 32)), " is not here"]],
				["Scope", `${fmt.label(scope.name, 80)} ${fmt.label(scope.version, 20)}`]))
	}

	function section(name, count, content, dropped, open = true) {
		return h("details.section", { open },
			h("summary", h("h3", name), h("span.muted", fmt.count(count)), dropped > 0 && h("span.warn", `${fmt.count(dropped)} dropped`)),
			content)
	}

	function eventElement({ name, time, attributes }, start) {
		const exception = attributes.find(({ key }) => key === "exception.message")
		return h("li", h("details",
			h("summary", h("span.at", `+${fmt.duration(Number(BigInt(time) - BigInt(start)))}`), h("span", { class: exception ? "bad" : "" }, fmt.label(name, 100)), exception && h("span.muted", fmt.label(exception.value, 100))),
			attributeList(attributes, "event")))
	}

	function linkElement({ trace: to, span, stored, attributes }) {
		const ids = h("code", `${fmt.label(to, 32)} · ${fmt.label(span, 16)}`)
		return h("li", stored ? h("a", { href: address(`trace/${encodeURIComponent(to)}`, { span }) }, ids) : [ids, h("span.muted", " not stored here")],
			attributes.length > 0 && attributeList(attributes, "link"))
	}

	function rollUp({ calls, input, output, estimated, unknown_calls: unknown, cost, children }) {
		const tokens = (value, row) => (value == null ? "" : fmt.tokens(value, row.estimated))
		return h("section.section",
			h("h3", "Model calls below"),
			facts(["Calls", fmt.count(calls)], ["Tokens in", [fmt.tokens(input, estimated), missing(unknown, "unknown tokens")]], ["Tokens out", fmt.tokens(output, estimated)], cost != null && ["Cost", fmt.cost(cost)]),
			children.length > 0 && sortableTable({ caption: "Children of the span", rows: children.map((child, order) => ({ ...child, order })), limit: 50, columns: [
				{ name: "Child", value: ({ order }) => order, show: ({ id, name, role }) => h("span.named", roleIcon(role), h("button.link", { click: () => select(id) }, fmt.name(name, 80))) },
				numbers("Duration", "duration", fmt.duration),
				numbers("Tokens in", "input", tokens),
				numbers("out", "output", tokens),
			] }))
	}

	model.on("data", () => shown && load(shown, true), signal)
	return id => {
		shown = id
		element.hidden = !id
		if (id) load(id, false)
		else fresh()
	}
}
