// The waterfall: a row for each span, with its place in time.

import { cell, fmt, h, headRow, icon, oncePerFrame, onResize, replace, roleIcon, Rows, serviceClass } from "../../lib/index.js"
import { minimap } from "./minimap.js"
import { join } from "./model.js"
import { selectRange, tickLabel, ticks } from "./time.js"

// Indents do not grow beyond this depth, so that names stay readable in deep traces.
const DEEPEST_INDENT = 24
const INDENT_PIXELS = 12
const MOST_TICKS = 100
// Sections of the critical path closer than this share of the view are drawn as one.
const SMALLEST_GAP = 0.0015
const SCROLLED_ROWS = 8

// Returns `{ reveal(index), scroll(direction), active() }`.
export function waterfall(parent, { model, select }, signal) {
	minimap(parent, model, signal)
	let active = null
	const ruler = h("div.ruler")
	const all = () => model.rows.keys()
	const tools = h("span.tree-tools",
		h("button.quiet", { tip: "Expand all", click: () => model.collapse(all(), false) }, "⊞"),
		h("button.quiet", { tip: "Collapse all", click: () => model.collapse(all(), true) }, "⊟"))
	const element = h("div.waterfall", { role: "treegrid", label: "Spans", "aria-readonly": "true", tabindex: 0, click, keydown })
	const rows = new Rows({
		scroller: element,
		heights: [26, 44],
		item: place => {
			const entry = model.visible()[place]
			return typeof entry === "number" ? [entry, model.rows[entry]] : [`fold ${entry.fold}`, entry]
		},
		build: place => {
			const entry = model.visible()[place]
			return typeof entry === "number" ? buildSpan(entry, place) : buildFold(entry, place)
		},
		signal,
	})
	element.append(headRow("span-row span-head", [["Span", tools], "name"], ["Duration", "number"], [ruler, "lane"], ["Tokens in", "number token"], ["out", "number token"], ["Cost", "number money"]), rows.element)
	parent.append(element)
	// The corner of the heading can be dragged.
	const heading = element.querySelector(".name")
	onResize(heading, () => heading.style.width && element.style.setProperty("--name", heading.style.width), signal)

	function onRows() {
		element.classList.toggle("no-tokens", !model.hasTokens)
		element.classList.toggle("no-cost", !model.hasCost)
		element.setAttribute("aria-rowcount", model.visible().length + 1)
		rows.version += 1
		rows.setCount(model.visible().length)
		markActive()
	}

	const onView = oncePerFrame(() => {
		const { from, to } = model.view
		const width = ruler.clientWidth
		const { step, marks } = ticks(from, to, width)
		element.style.setProperty("--step", `${(step / (to - from)) * width}px`)
		element.style.setProperty("--shift", `${((marks[0] - from) / (to - from)) * width}px`)
		replace(ruler, marks.map(at => h("span.mark-time", { style: { left: `${(100 * (at - from)) / (to - from)}%` } }, tickLabel(at, step))))
		rows.refresh()
	}, signal)

	function nameCell(depth, ...content) {
		return h("span.name", { role: "rowheader", style: { "--depth": Math.min(depth, DEEPEST_INDENT) * INDENT_PIXELS } }, h("span.guides"), content)
	}

	function buildSpan(index, place) {
		const row = model.rows[index]
		const { depth, name, parent_id: lost } = row
		const service = model.service(row)
		const failure = row.status === "error" && fmt.label(row.failure || "error")
		const below = model.below(index)
		const shut = model.isShut(index)
		const critical = model.critical(index)
		const selected = model.selected === row.id
		const classes = [serviceClass(service), failure && "failed", model.matches && (model.matches.has(index) ? "match" : "dim"), selected && "selected"].filter(Boolean)
		return h("div.span-row", { class: classes.join(" "), role: "row", id: `span-${index}`, "data-index": index, "aria-level": depth + 1, "aria-rowindex": place + 2, "aria-selected": String(selected), "aria-expanded": below > 0 && String(!shut) },
			nameCell(depth,
				h("span.twisty", { class: below ? "" : "leaf", title: below ? fmt.plural(below, "span") + " below" : null }, below > 0 && icon(shut ? "open" : "shut")),
				h("span.dot", { title: critical.length ? "On the critical path" : null }, critical.length > 0 && ["●", h("span.hidden", " on the critical path ")]),
				roleIcon(row.role),
				h("span.label", { title: `${fmt.label(service)}: ${fmt.label(name)}` },
					(row.parent == null || model.rows[row.parent].resource !== row.resource) && h("span.service-name", fmt.label(service, 60)),
					h("span.span-name", fmt.name(name))),
				lost && h("span.mark", { title: `Its parent ${fmt.label(lost, 32)} is not here` }, "no parent"),
				failure && h("span.failure", { title: failure }, icon("error", "error"), failure),
				shut && h("span.muted.below", `+${fmt.count(below)}`)),
			cell("number", fmt.duration(row.duration)),
			buildLane(row, critical),
			sums(row))
	}

	// Without model calls there are none, because scrolling builds many rows.
	function sums({ tokens, cost }) {
		return [
			model.hasTokens && ["input", "output"].map(side => cell("number token", tokens && fmt.tokens(tokens[side], tokens.estimated))),
			model.hasCost && cell("number money", cost != null && fmt.cost(cost)),
		]
	}

	function buildLane({ start, duration, first_chunk: first, events }, critical) {
		const { from, to } = model.view
		const length = to - from
		// Positions beyond the lane are cut: very large numbers of pixels are not drawn correctly.
		const at = time => Math.min(101, Math.max(-1, (100 * (time - from)) / length))
		const section = (name, a, b, title) => h(`span.${name}`, { title, style: { left: `${at(a)}%`, width: `${at(b) - at(a)}%` } })
		const end = start + duration
		if (start > to || end < from) return cell("lane", h("span.beyond", { class: start > to ? "right" : "" }, start > to ? "›" : "‹"))
		const seen = critical.filter(([a, b]) => a <= to && b >= from)
		const marks = []
		let last = -Infinity
		for (const { name, at: time } of events) {
			const place = at(time)
			if (place < 0 || place > 100 || place - last < 0.3 || marks.length >= MOST_TICKS) continue
			last = place
			marks.push(h("span.tick", { style: { left: `${place}%` }, title: `${fmt.label(name, 60)} after ${fmt.duration(time - start)}` }))
		}
		return cell("lane",
			section("bar", start, end),
			first != null && section("wait", start, first, `First chunk after ${fmt.duration(first - start)}`),
			join(seen, length * SMALLEST_GAP).map(([a, b]) => section("critical", a, b, "Critical path")),
			marks)
	}

	function buildFold({ fold, depth, indexes }, place) {
		const { name, resource } = model.rows[indexes[0]]
		const total = indexes.reduce((sum, index) => sum + model.rows[index].duration, 0)
		return h("div.span-row.fold", { class: serviceClass(model.service({ resource })), role: "row", "data-fold": fold, "aria-level": depth + 1, "aria-rowindex": place + 2 },
			nameCell(depth, h("span.twisty", icon("open")), h("span.dot"), h("span.label.muted", `${fmt.count(indexes.length)} more like ${fmt.label(name, 60)}`)),
			cell("number muted", h("span", { title: "Sum of their durations" }, `Σ ${fmt.duration(total)}`)), cell("lane"), sums({}))
	}

	function unfold(group) {
		model.unfolded.add(group)
		model.change()
	}

	function click({ target }) {
		const row = target.closest(".span-row:not(.span-head)")
		if (!row) return
		if (row.dataset.fold != null) return unfold(row.dataset.fold)
		const index = Number(row.dataset.index)
		active = model.rows[index].id
		markActive()
		if (target.closest(".twisty:not(.leaf)")) model.collapse([index], !model.isShut(index))
		else select(active)
	}

	function markActive() {
		const index = model.index.get(active)
		for (const old of element.querySelectorAll(".active")) old.classList.remove("active")
		const row = index != null && element.querySelector(`#span-${index}`)
		if (!row) return element.removeAttribute("aria-activedescendant")
		row.classList.add("active")
		element.setAttribute("aria-activedescendant", row.id)
	}

	function reveal(index) {
		model.open(index)
		const { id, start, duration } = model.rows[index]
		active = id
		const { from, to } = model.view
		if (start > to || start + duration < from) model.pan((start + duration / 2 - (from + to) / 2) / (to - from))
		const place = model.visible().indexOf(index)
		if (place >= 0) rows.reveal(place, rows.height + 4)
		markActive()
	}

	function keydown(event) {
		if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return
		const order = model.visible()
		const index = model.index.get(active)
		const row = model.rows[index]
		const place = order.indexOf(index)
		const page = Math.max(1, Math.floor(element.clientHeight / rows.height) - 2)
		const go = to => {
			reveal(to)
			if (model.selected) select(model.rows[to].id, true)
		}
		const move = to => {
			const next = order[Math.min(order.length - 1, Math.max(0, to))]
			if (typeof next === "number") go(next)
			else if (next) unfold(next.fold)
		}
		const actions = {
			ArrowDown: () => move(place + 1),
			ArrowUp: () => move(place - 1),
			PageDown: () => move(place + page),
			PageUp: () => move(place - page),
			Home: () => move(0),
			End: () => move(order.length - 1),
			ArrowRight: () => row && (model.isShut(index) ? model.collapse([index], false) : model.below(index) && move(place + 1)),
			ArrowLeft: () => row && (model.below(index) && !model.isShut(index) ? model.collapse([index], true) : row.parent != null && go(row.parent)),
			Enter: () => row && select(row.id),
			" ": () => row && select(row.id),
		}
		if (!actions[event.key]) return
		event.preventDefault()
		actions[event.key]()
	}

	selectRange(ruler, model, () => model.view)
	onResize(element, onView, signal)
	model.on("rows data", onRows, signal)
	model.on("view data", onView, signal)
	model.on("select", () => {
		active = model.selected ?? active
		rows.version += 1
		rows.drawNow()
		markActive()
	}, signal)
	onRows()
	onView()
	return { reveal, scroll: direction => element.scrollBy({ top: direction * SCROLLED_ROWS * rows.height }), active: () => active }
}
