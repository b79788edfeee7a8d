// Tokens over time, and by model, agent and provider.

import { address, axis, chart, choice, empty, errorCount, fmt, get, h, missing, navigate, numbers, onTraces, reader, replace, sortableTable, timeAxis, withBar } from "../lib/index.js"

// The page also moves on when nothing arrives.
const TICK_MILLISECONDS = 10000
const RANGES = [["15", "15 min"], ["60", "1 h"], ["360", "6 h"], ["1440", "24 h"], ["all", "All"]]
const USUAL_RANGE = "60"
const POINTS = 240
const SMALLEST_STEP_SECONDS = 5

export function tokensView(main, signal) {
	let minutes = USUAL_RANGE
	let text = null
	const ranges = h("div")
	const source = h("p.muted")
	const message = h("div")
	const tables = h("div.token-tables")
	const charts = [["Tokens in all", "prompt_size by direction, since the start"], ["Tokens in 10 minutes", "increase of prompt_size over 10 minutes"]].map(([title, note], filled) => {
		const legend = h("dl.chart-legend")
		const plot = h("div.plot")
		let data = [[], [], []]
		// The values at the cursor, or the last ones.
		const tell = ({ cursor: { idx, left } }) => {
			const at = typeof idx === "number" && left >= 0 ? idx : data[0].length - 1
			const [time, input, output] = data.map(values => values[at] ?? 0)
			replace(legend, [["Time", time ? new Date(time * 1000).toTimeString().slice(0, 8) : "–"], ["Input", fmt.count(input)], ["Output", fmt.count(output)]].map(([name, value]) => [h("dt", h("span.swatch", { class: `part-${name.toLowerCase()}` }), name), h("dd", value)]))
		}
		const set = chart(plot, colours => options(colours, filled, tell), signal)
		const figure = h("figure", h("figcaption", h("h2", title), h("p.muted", note), legend), plot)
		return { figure, show: (times, { input = [], output = [] }) => {
			data = [times, input, output]
			set(data)
			tell({ cursor: {} })
		} }
	})
	const content = h("div", { hidden: true }, h("div.charts", charts.map(({ figure }) => figure)), tables)
	replace(main, h("div.page-head", h("h1", "Tokens"), ranges, source), message, content)

	const load = reader(message, "tokens", async () => {
		const seconds = Number(minutes) * 60
		const now = BigInt(Date.now()) * 1000000n
		const range = seconds > 0 ? { from: `${now - BigInt(Math.round(seconds)) * 1000000000n}`, to: `${now}`, step: Math.max(SMALLEST_STEP_SECONDS, Math.round(seconds / POINTS)) } : {}
		show(await get("tokens", range, signal))
	}, () => (content.hidden = true))

	function show(data) {
		const { times, by_model: models, by_agent: agents, by_provider: providers } = data
		const none = !times.length && !models.length
		content.hidden = none
		source.textContent = data.source === "metrics" ? "From the metric prompt_size." : "From the spans in the store: no metric prompt_size was received."
		replace(message, none && empty("No model calls in this time", "Tokens appear here when a model call ends. With Throughline, add ", h("code", "LlmLayer"), " to the client of the model's provider."))
		const x = times.map(time => fmt.millis(time) / 1000)
		charts[0].show(x, data.prompt_size)
		charts[1].show(x, data.increase_10m)
		const next = JSON.stringify([models, agents, providers])
		if (next === text) return
		text = next
		replace(tables, groupTable("By model", models, ["model", "provider"]), groupTable("By agent", agents, ["agent"]), groupTable("By provider", providers, ["provider"]))
	}

	const refresh = onTraces(load, signal)
	const timer = setInterval(() => document.hidden || refresh(), TICK_MILLISECONDS)
	signal.addEventListener("abort", () => clearInterval(timer))
	return query => {
		minutes = RANGES.some(([value]) => value === query.get("minutes")) ? query.get("minutes") : USUAL_RANGE
		replace(ranges, choice("Time", RANGES, minutes, value => navigate(address("tokens", { minutes: value === USUAL_RANGE ? null : value }))))
		load(false)
	}
}

function options(colours, filled, tell) {
	const line = (colour, dash) => ({ stroke: colour, width: 1.5, dash, points: { size: 4, fill: colour, stroke: colour }, fill: filled ? `color-mix(in srgb, ${colour} 12%, transparent)` : undefined })
	return {
		padding: [10, 12, 0, 0],
		cursor: { drag: { x: false, y: false } },
		scales: { y: { range: (_, min, max) => [0, Math.max(10, (max ?? 0) * 1.08)] } },
		series: [{}, line(colours.accent), line(colours.second, [5, 3])],
		axes: [timeAxis(colours), axis(colours, { size: 58, values: (_, values) => values.map(fmt.short) })],
		hooks: { setCursor: [tell] },
	}
}

function groupTable(caption, rows, keys) {
	return rows.length > 0 && h("section", h("h2", caption), sortableTable({ caption: `Tokens ${caption.toLowerCase()}`, rows, sort: keys.length + 2, limit: 100, columns: [
		...keys.map(key => ({ name: key[0].toUpperCase() + key.slice(1), value: row => row[key] ?? row.name, show: row => fmt.label(row[key] ?? row.name, 100) || "unknown" })),
		...sumColumns(rows, "calls"),
	] }))
}

// The columns of the sums of groups of calls, or of traces.
export function sumColumns(rows, what) {
	const all = ({ input = 0, output = 0 }) => input + output
	const most = rows.reduce((largest, row) => Math.max(largest, all(row)), 1)
	return [
		numbers(what[0].toUpperCase() + what.slice(1), what, fmt.count),
		numbers("Errors", "errors", errorCount),
		numbers("Tokens in", "input", (input, row) => withBar([fmt.tokens(input, row.estimated), missing(row.unknown_calls, "unknown tokens")], all(row) / most)),
		numbers("out", "output", (output, row) => fmt.tokens(output, row.estimated)),
		numbers("Cost", "cost", fmt.cost),
		numbers("Median", "p50", fmt.duration, `Half of the ${what} took at most this time`),
		numbers("95 %", "p95", fmt.duration, `95 % of the ${what} took at most this time`),
	]
}
