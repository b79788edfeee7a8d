// The list of traces: search, latency over time, and the traces or groups of them, live.

import { address, axis, bind, cell, chart, empty, emptyStore, errorCount, fmt, get, h, headRow, icon, latest, limitField, live, missing, navigate, reader, replace, Rows, searchField, searchForm, selection, serviceName, serviceSelect, sortableTable, throttle, timeAxis } from "../lib/index.js"
import { sumColumns } from "./tokens.js"

const MOST = 1000
const MOST_DECADES = 5
const FILTERS = ["q", "service", "status", "min_ms", "max_ms", "attribute", "from", "to", "sort", "by"]

// What was shown last, so that going back shows it at once and at the same place.
let memory = null

export function tracesView(main, signal) {
	let data = null
	let query = new URLSearchParams()
	const fresh = latest(signal)
	let longest = 1

	const select = (label, options) => h("select", { label }, options.map(([value, name]) => h("option", { value }, name)))
	const [service, chooseService] = serviceSelect(signal)
	const fields = {
		q: searchField('Search: words, "a phrase", -without, key=value', { label: "Search traces" }),
		service,
		status: select("Status", [["", "Any status"], ["error", "With errors"], ["ok", "Without errors"]]),
		min_ms: limitField("≥ ms", "Shortest duration in milliseconds"),
		max_ms: limitField("≤ ms", "Longest duration in milliseconds"),
		sort: select("Order", [["", "Newest first"], ["slowest", "Slowest first"], ["tokens", "Most tokens"], ["cost", "Highest cost"]]),
		by: searchField("Group by attribute"),
	}
	const chips = h("div.chips")
	const plot = h("div.latency")
	const figure = h("figure.latency-box", { hidden: true }, plot, h("figcaption.muted", "Latency of the traces over time. Drag to select a time and a range of durations."))
	const summary = h("p.muted", { role: "status" })
	const compare = h("div.compare-bar")
	const body = h("div.trace-list", { role: "table", label: "Traces", hidden: true })
	const message = h("div")
	const submit = () => {
		const values = valuesOf(query)
		for (const name in fields) values[name] = fields[name].value.trim()
		// While a word is typed, the history keeps one entry.
		const url = address("", values)
		if (url !== location.pathname + location.search) navigate(url, true)
	}
	replace(main,
		h("h1.hidden", "Traces"),
		searchForm(submit, signal, ...Object.values(fields)),
		chips,
		figure, h("div.list-bar", summary, compare), body, message)
	const rows = new Rows({ scroller: main, heights: [34, 58], item: index => [data.traces[index].id, data.traces[index]], build, signal })
	replace(body, headRow("trace-row trace-head", [h("span.hidden", "Compare"), "select"], ["Start"], ["Name"], ["Services", "wide"], ...["Duration", "Spans", "Errors", "Tokens in", "Tokens out", "Cost"].map(name => [name, "number"])), rows.element)
	const setPoints = chart(plot, latencyOptions, signal)
	const reload = throttle(() => load(true), signal)

	const filtered = () => FILTERS.some(name => query.get(name))
	const parameters = () => Object.fromEntries(FILTERS.map(name => [name, query.getAll(name)]))

	function setFields() {
		chooseService(query.get("service") ?? "")
		for (const name in fields) {
			const value = query.get(name) ?? ""
			if (fields[name].value.trim() !== value) fields[name].value = value
		}
		const all = valuesOf(query)
		const moment = ns => (/^\d{1,19}$/.test(ns ?? "") ? fmt.time(ns) : "…")
		const chip = (text, without) => h("span.chip", text, h("button.quiet", { tip: `Remove the filter ${text}`, click: () => navigate(address("", { ...all, ...without })) }, icon("close")))
		replace(chips,
			(all.from || all.to) && chip(`${moment(all.from)} – ${moment(all.to)}`, { from: null, to: null }),
			query.getAll("attribute").map(one => chip(fmt.label(one, 80), { attribute: all.attribute.filter(other => other !== one) })))
	}

	const clear = () => {
		data = null
		rows.setCount(0)
		body.hidden = figure.hidden = true
		replace(summary)
	}
	const load = reader(message, "traces", async () => {
		if (query.get("by")) showGroups(await get("groups", parameters(), fresh()))
		else show(await get("traces", { ...parameters(), limit: MOST }, fresh()), true)
	}, clear)

	function showGroups({ groups, matched }) {
		const by = query.get("by")
		clear()
		summary.textContent = `${fmt.plural(groups.length, "group")} of ${fmt.plural(matched, "trace")}`
		replace(message, sortableTable({ caption: `Traces by ${by}`, rows: groups, sort: 1, limit: 100, columns: [
			{ name: fmt.label(by, 60), value: ({ value }) => value, show: ({ value }) => (value == null ? h("span.muted", "(none)") : h("a", { href: address("", { ...valuesOf(query), by: null, attribute: [...query.getAll("attribute"), `${by}=${value}`] }) }, fmt.label(value, 100) || "(empty)")) },
			...sumColumns(groups, "traces"),
		] }))
	}

	// Adds changed traces. With a filter, only the server knows which of them match.
	function merge(changed) {
		if (!data || filtered()) return reload()
		const byId = new Map(changed.map(trace => [trace.id, trace]))
		const others = data.traces.filter(({ id }) => !byId.has(id))
		const added = others.length + changed.length - data.traces.length
		const traces = [...others, ...changed].sort((a, b) => (BigInt(a.start) < BigInt(b.start) ? 1 : -1)).slice(0, MOST)
		const points = [...data.points.filter(([, , , id]) => !byId.has(id)), ...changed.map(({ start, duration, errors, id }) => [start, duration, errors > 0, id])]
		show({ traces, points, matched: data.matched + added, stored: data.stored + added }, true)
		// The counts are exact again after a moment: the store may have removed old traces.
		if (added) reload()
	}

	function show(next, anchored) {
		data = next
		const { traces, matched, stored, points } = data
		longest = traces.reduce((most, { duration }) => Math.max(most, duration), 1)
		body.hidden = matched === 0
		figure.hidden = points.length === 0
		body.setAttribute("aria-rowcount", matched + 1)
		rows.setCount(traces.length, anchored)
		summary.textContent = matched === 0 ? "" : filtered() ? `${fmt.count(matched)} of ${fmt.plural(stored, "trace")}` : fmt.plural(stored, "trace")
		if (stored === 0) {
			if (!message.querySelector(".setup")) replace(message, emptyStore())
		} else replace(message,
			matched === 0 && empty("No trace matches", `${fmt.plural(stored, "trace")} stored, none of them matches. `, h("a", { href: address("") }, "Clear the search")),
			matched > MOST && traces.length >= MOST && h("p.empty", `The first ${fmt.count(MOST)} of ${fmt.count(matched)} traces. Search for a service, a duration or a time to see others.`))
		const sorted = points.map(([start, duration, failed]) => [fmt.millis(start) / 1000, Math.max(duration / 1e6, 0.001), failed]).sort((a, b) => a[0] - b[0])
		setPoints([sorted.map(([x]) => x), sorted.map(([, y, failed]) => (failed ? null : y)), sorted.map(([, y, failed]) => (failed ? y : null))])
	}

	function build(index) {
		const trace = data.traces[index]
		const { tokens, cost, errors, services, orphans, models = [] } = trace
		const name = fmt.name(trace.name)
		const check = h("input", { type: "checkbox", tip: `Compare ${name}`, change: () => {
			selection.select(trace, check.checked)
			showSelection()
		} })
		check.checked = selection.get().some(({ id }) => id === trace.id)
		return h("div.trace-row", { class: errors ? "failed" : "", role: "row", "aria-rowindex": index + 2 },
			cell("select", check),
			cell("when", h("span", { title: fmt.exactTime(trace.start) }, fmt.shortTime(trace.start))),
			cell("what", h("a", { href: address(`trace/${trace.id}`) }, name),
				!trace.complete && h("span.mark.running", { title: "Spans are still running, or the root has not arrived" }, "running"),
				orphans > 0 && h("span.mark", { title: `The parents of ${fmt.plural(orphans, "span")} are not here` }, "incomplete"),
				models.length > 0 && h("span.models", models.map(model => fmt.label(model, 40)).join(", "))),
			cell("services wide", services.slice(0, 2).map(each => serviceName(each.name, `${fmt.label(each.name)}: ${fmt.plural(each.spans, "span")}`)), services.length > 2 && h("span.muted", `+${services.length - 2}`)),
			cell("number took", h("span.share", { style: { width: `${(100 * trace.duration) / longest}%` } }), h("span", fmt.duration(trace.duration))),
			cell("number spans", fmt.count(trace.spans)),
			cell("number errors", errorCount(errors)),
			cell("number in", tokens && fmt.tokens(tokens.input, tokens.estimated), missing(tokens?.unknown_calls, "unknown tokens")),
			cell("number out", tokens && fmt.tokens(tokens.output, tokens.estimated)),
			cell("number cost", cost && fmt.cost(cost.usd), missing(cost?.unpriced_calls, "no price")))
	}

	function showSelection() {
		const [a, b] = selection.get()
		replace(compare, a && [
			h("span", !b && "Select a second trace to compare with ", fmt.label(a.name, 40), b && ` and ${fmt.label(b.name, 40)}`),
			b && h("a.action", { href: address("compare", { a: a.id, b: b.id }) }, "Compare"),
			h("button.quiet", { click: () => { selection.set([]); showSelection(); } }, "Clear"),
		])
		rows.refresh()
	}

	function latencyOptions(colours, uPlot) {
		const dots = colour => ({ paths: () => null, points: { show: true, size: 5, width: 0, fill: colour, stroke: colour } })
		return {
			padding: [8, 24, 0, 0],
			cursor: { drag: { x: true, y: true, uni: 20, setScale: false }, points: { show: false } },
			scales: {
				x: { range: (_, min, max) => { const space = Math.max((max - min) * 0.02, 0.5); return min === null ? [0, 1] : [min - space, max + space]; } },
				y: { distr: 3, range: (_, min, max) => (min === null ? [1, 10] : uPlot.rangeLog(min, max, 10, false)) },
			},
			series: [{}, dots(colours.accent), dots(colours.error)],
			axes: [timeAxis(colours), axis(colours, { size: 58, filter: decades, grid: { stroke: colours.line, width: 1, filter: decades }, ticks: { show: false }, values: (_, values) => values.map(value => value && fmt.duration(value * 1e6).replace(/\.0+ /, " ")) })],
			hooks: { setSelect: [brush] },
		}
	}

	// Turns a selected rectangle into limits. A side of the whole plot is no limit.
	function brush(chart) {
		const { left, top, width, height } = chart.select
		if (width < 4 && height < 4) return
		chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
		const values = valuesOf(query)
		const nanos = x => `${BigInt(Math.round(chart.posToVal(x, "x") * 1e6)) * 1000n}`
		const millis = y => Number(chart.posToVal(y, "y").toPrecision(3))
		if (width >= 4 && width < chart.over.clientWidth) Object.assign(values, { from: nanos(left), to: nanos(left + width) })
		if (height >= 4 && height < chart.over.clientHeight) Object.assign(values, { min_ms: millis(top + height), max_ms: millis(top) })
		navigate(address("", values))
	}

	live.addEventListener("traces", ({ detail }) => merge(detail.traces), { signal })
	live.addEventListener("resync", reload, { signal })
	bind("List of traces", [["/ ctrl+b", "Search", () => fields.q.focus()], ["Escape", "Clear the search", () => navigate(address(""))]], signal)
	signal.addEventListener("abort", () => (memory = data && { search: query.toString(), data, place: main.scrollTop }))
	showSelection()
	return next => {
		query = next
		setFields()
		const known = data === null && memory?.search === query.toString() ? memory : null
		if (known) {
			show(known.data, false)
			main.scrollTop = known.place
		}
		load(Boolean(known))
	}
}

function valuesOf(query) {
	return Object.fromEntries([...query.keys()].map(name => [name, name === "attribute" ? query.getAll(name) : query.get(name)]))
}

// Keeps some powers of ten of an axis.
function decades(_, values) {
	const powers = values.map(value => Math.log10(value))
	const step = Math.ceil((powers.at(-1) - powers[0]) / MOST_DECADES)
	return values.map((value, index) => (Math.abs(powers[index] / step - Math.round(powers[index] / step)) < 1e-9 ? value : null))
}
