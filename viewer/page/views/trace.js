// One trace: its facts, the views of it, the search in it, and the selected span.

import { address, apiUrl, bind, copyButton, current, debounce, facts, failure, fmt, get, h, icon, latest, limitField, live, loading, missing, navigate, replace, searchField, serviceName, throttle } from "../lib/index.js"
import { flameGraph } from "./trace/flame.js"
import { callGraph } from "./trace/graph.js"
import { groups } from "./trace/groups.js"
import { traceLogs } from "./trace/logs.js"
import { TraceModel } from "./trace/model.js"
import { spanPanel } from "./trace/span.js"
import { waterfall } from "./trace/waterfall.js"

const VIEWS = [["", "Waterfall", waterfall], ["graph", "Graph", callGraph], ["flame", "Flame", flameGraph], ["table", "Table", groups], ["logs", "Logs", traceLogs]]
const PAN = 0.15
const ZOOM = 0.7

export function traceView(main, signal, id) {
	let model = null
	let view = null
	const viewLife = latest(signal)
	let viewName = null
	const fresh = latest(signal)
	let findText = ""
	let showSpan = null

	const head = h("div.trace-facts")
	const tabs = h("nav.tabs", { label: "Views of the trace" })
	const stage = h("div.stage")
	const aside = h("aside.span-panel", { label: "Selected span", hidden: true })
	const found = h("span.found.muted", { role: "status" })
	const typed = debounce(() => navigate(url({ q: input.value.trim() }), true), signal)
	const input = searchField("Find in this trace", { input: typed, keydown: event => {
		if (event.key !== "Enter" && event.key !== "Escape") return
		event.preventDefault()
		if (event.key === "Enter") return next(event.shiftKey ? -1 : 1)
		input.value = ""
		typed()
		input.blur()
	} })
	const check = (name, title, change) => h("label.check", { title }, h("input", { type: "checkbox", change: ({ target }) => change(target.checked) }), name)
	const likeFilter = h("span")
	const tools = h("div.tools", { role: "search" },
		h("div.search-box", icon("search"), input, found),
		h("button.quiet", { tip: "Previous match", click: () => next(-1) }, "↑"),
		h("button.quiet", { tip: "Next match", click: () => next(1) }, "↓"),
		check("Only matches", "Show the matches and their ancestors", onlyMatches => model.change({ onlyMatches })),
		limitField("≥ ms", "Shortest duration of a span in milliseconds", { input: ({ target }) => model.change({ minimum: Math.max(0, Number(target.value) || 0) * 1e6 }) }),
		likeFilter)
	const context = {
		id,
		// Selects a span. Moving by keys replaces the address, so that "back" leaves in one step.
		select: (span, replaced) => navigate(url({ span }), replaced),
		search: (text, key) => navigate(url({ q: `${key ? `${key}=` : ""}"${text.replaceAll('"', "")}"`, view: "" })),
	}

	function url(values) {
		const { query } = current()
		return address(`trace/${id}`, { view: query.get("view"), q: query.get("q"), span: query.get("span"), ...values })
	}

	async function load() {
		const slow = setTimeout(() => model || replace(main, loading()), 150)
		try {
			const data = await get(["traces", id], {}, signal)
			if (model) model.setData(data)
			else {
				model = new TraceModel(data)
				context.model = model
				showSpan = spanPanel(aside, context, signal)
				main.className = "trace-page"
				replace(main, head, h("div.trace-bar", tabs, tools), h("div.split", stage, aside))
				bind("Trace", shortcuts(), signal)
			}
			replace(head, summary())
			head.lastChild.tabIndex = 0
			if (model.hasLike && !likeFilter.firstChild) replace(likeFilter, check("Fold repeats", "Show one of many like siblings", fold => { model.unfolded.clear(); model.change({ fold }); }))
			if (findText) find(findText)
			update(current().query)
		} catch (error) {
			if (model) return
			replace(main, failure("trace", error, load), h("p.empty", h("a", { href: address("") }, "See all traces")))
		} finally {
			clearTimeout(slow)
		}
	}

	function update(query) {
		if (!model) return
		const name = VIEWS.some(([each]) => each === query.get("view")) ? query.get("view") : ""
		replace(tabs, VIEWS.map(([each, title]) => h("a", { href: url({ view: each }), "aria-current": each === name && "page" }, title)))
		if (name !== viewName) {
			viewName = name
			replace(stage)
			stage.className = `stage stage-${name || "waterfall"}`
			tools.hidden = name !== ""
			view = VIEWS.find(([each]) => each === name)[2](stage, context, viewLife())
		}
		const q = query.get("q") ?? ""
		if (input.value.trim() !== q) input.value = q
		if (q !== findText) find(q)
		const span = query.get("span")
		if (span !== model.selected) {
			model.selected = span
			showSpan(span)
			if (model.index.has(span)) view?.reveal?.(model.index.get(span))
			model.emit("select")
			showFound()
		}
		document.title = `${fmt.label(model.data.summary.name, 60)} · Throughline`
	}

	function summary() {
		const { name, complete, orphans, start, duration, spans, errors, tokens, cost, models = [], conversation, services } = model.data.summary
		return [
			h("div.trace-title",
				h("h1", fmt.name(name)),
				!complete && h("span.mark.running", "running"),
				orphans > 0 && h("span.mark", { title: "The parent may have been dropped by sampling, or belong to a service that sends its spans elsewhere." }, `incomplete: ${fmt.plural(orphans, "span")} without the parent`),
				h("code.muted.wide", fmt.label(id, 32)), copyButton(id, "the trace id"),
				h("a.icon-link", { href: apiUrl(["export", id]), download: `${id}.json`, tip: "Download the trace as OTLP/JSON" }, icon("download"))),
			facts(
				["Start", fmt.time(start), fmt.exactTime(start)],
				["Duration", fmt.duration(duration)],
				["Spans", fmt.count(spans)],
				["Errors", h("span", { class: errors ? "bad" : "" }, fmt.count(errors))],
				tokens && ["Tokens in", [fmt.tokens(tokens.input, tokens.estimated), missing(tokens.unknown_calls, "unknown tokens")]],
				tokens && ["Tokens out", fmt.tokens(tokens.output, tokens.estimated), tokens.estimated ? "Partly estimated" : null],
				cost && ["Cost", [fmt.cost(cost.usd), missing(cost.unpriced_calls, "no price")]],
				models.length > 0 && ["Models", models.map(model => fmt.label(model, 40)).join(", ")],
				conversation && ["Conversation", h("a", { href: address("", { attribute: `gen_ai.conversation.id=${conversation}` }), title: "All traces of this conversation" }, fmt.label(conversation, 24))],
				["Services", services.map(each => serviceName(each.name, fmt.plural(each.spans, "span")))]),
		]
	}

	async function find(text) {
		findText = text
		const life = fresh()
		if (!text) {
			found.textContent = ""
			return model.change({ matches: null })
		}
		try {
			const { spans } = await get(["traces", id, "find"], { q: text }, life)
			model.change({ matches: new Set(spans) })
			showFound()
		} catch (error) {
			found.textContent = error.status ? "not understood" : "no answer"
			found.title = error.message
		}
	}

	function showFound() {
		if (!model.matches) return
		const place = [...model.matches].indexOf(model.index.get(model.selected))
		found.title = ""
		found.textContent = place < 0 ? `${fmt.count(model.matches.size)} found` : `${place + 1} of ${fmt.count(model.matches.size)}`
	}

	// Selects the next match, or the next visible span if nothing is searched.
	function next(step) {
		const all = model.matches ? [...model.matches] : model.visible().filter(entry => typeof entry === "number")
		if (!all.length) return
		const place = all.indexOf(model.index.get(model.selected ?? view?.active?.()))
		context.select(model.rows[all[place < 0 && step < 0 ? all.length - 1 : (place + step + all.length) % all.length]].id, true)
	}

	function shortcuts() {
		const inRows = [
			["/ ctrl+b", "Find in this trace", () => input.select()],
			["s", "Scroll down", () => view.scroll(1)],
			["w", "Scroll up", () => view.scroll(-1)],
			["a ArrowLeft", "Move to earlier times", () => model.pan(-PAN)],
			["d ArrowRight", "Move to later times", () => model.pan(PAN)],
			["ArrowUp", "Zoom in", () => model.zoom(ZOOM)],
			["ArrowDown", "Zoom out", () => model.zoom(1 / ZOOM)],
			["0", "Show the whole time", () => model.reset()],
			["]", "Collapse all", () => model.collapse(model.rows.keys(), true)],
			["[", "Expand all", () => model.collapse(model.rows.keys(), false)],
			["p", "Collapse one level", () => model.oneLevel(true)],
			["o", "Expand one level", () => model.oneLevel(false)],
		]
		return [
			...inRows.map(([keys, text, run]) => [keys, text, () => (viewName === "" ? run() : false)]),
			["f", "Next match, or next span", () => next(1)],
			["b", "Previous match, or previous span", () => next(-1)],
			...VIEWS.map(([each, title], place) => [`${place + 1}`, `Show: ${title}`, () => navigate(url({ view: each }))]),
			["Escape", "Close the span; then back to all traces", () => (model.selected ? context.select(null) : navigate(address("")))],
		]
	}

	const refresh = throttle(load, signal)
	live.addEventListener("traces", ({ detail }) => detail.traces.some(trace => trace.id === id && (!model || trace.spans !== model.rows.length || trace.complete !== model.data.summary.complete)) && refresh(), { signal })
	live.addEventListener("resync", refresh, { signal })
	load()
	return update
}
