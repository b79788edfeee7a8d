// Two traces side by side, by the names of their spans.

import { address, empty, fmt, get, h, latest, numbers, reader, region, replace, selection, serviceName, sortableTable } from "../lib/index.js"

const FACTS = [
	["Duration", trace => trace.duration, fmt.duration],
	["Spans", trace => trace.spans, fmt.count],
	["Errors", trace => trace.errors, fmt.count],
	["Tokens in", trace => trace.tokens?.input, fmt.tokens],
	["Tokens out", trace => trace.tokens?.output, fmt.tokens],
	["Cost", trace => trace.cost?.usd, fmt.cost],
]

export function compareView(main, signal) {
	const fresh = latest(signal)
	const result = h("div")
	replace(main, h("div.page-head", h("h1", "Compare two traces")), result)

	return async query => {
		const both = fresh()
		const [first, second] = selection.get()
		const picked = { a: query.get("a") ?? first?.id, b: query.get("b") ?? second?.id }
		if (!picked.a || !picked.b) return replace(result, empty("Select two traces", "Select them in the ", h("a", { href: address("") }, "list of traces"), ", then choose Compare."))
		return reader(result, "comparison", async () => show(result, await get("compare", picked, both)))(false)
	}
}

function sideMark(side) {
	return h("span.side", { class: `side-${side}` }, side.toUpperCase())
}

function show(element, { a, b, names }) {
	const column = (side, trace) => h("th.number", { scope: "col" }, sideMark(side), " ", h("a", { href: address(`trace/${trace.id}`), title: fmt.exactTime(trace.start) }, fmt.name(trace.name, 40)))
	const more = row => row.b.self - row.a.self
	const most = names.reduce((largest, row) => Math.max(largest, Math.abs(more(row))), 1)
	const has = key => names.some(({ a, b }) => a[key] || b[key])
	const pair = (name, key, show) => ["a", "b"].map(side => numbers(`${name} ${side.toUpperCase()}`, row => (row[side].count ? row[side][key] : null), (value, row) => (value == null ? h("span.muted", "–") : show(value, row[side].estimated))))
	replace(element,
		h("div.table-box", region("The two traces"), h("table.data",
			h("caption.hidden", "The two traces"),
			h("thead", h("tr", h("td"), column("a", a), column("b", b), h("th.number", { scope: "col" }, "Difference"))),
			h("tbody", FACTS.filter(([, value]) => value(a) != null || value(b) != null).map(([name, value, show]) =>
				h("tr", h("th", { scope: "row" }, name), [a, b].map(trace => h("td.number", show(value(trace), trace.tokens?.estimated))), h("td.number", change(value(a), value(b), show))))))),
		h("h2", "By span name"),
		sortableTable({ caption: "Differences by span name", rows: names, sort: 2, limit: 300, columns: [
			{ name: "Name", value: ({ name }) => name, show: row => [fmt.name(row.name, 100), !(row.a.count && row.b.count) && h("span.mark", `only in ${row.a.count ? "A" : "B"}`)] },
			{ name: "Service", value: ({ service }) => service, show: ({ service }) => serviceName(service) },
			numbers("Self, B − A", row => Math.abs(more(row)), (_, row) => diverging(more(row), most), "Difference of the self times; the largest first"),
			...pair("Self", "self", fmt.duration),
			...pair("Total", "total", fmt.duration),
			...pair("Spans", "count", fmt.count),
			...[["Errors", "errors", fmt.count], ["In", "input", fmt.tokens], ["Out", "output", fmt.tokens], ["Cost", "cost", fmt.cost]].flatMap(([name, key, show]) => (has(key) ? pair(name, key, show) : [])),
		] }))
}

function signed(by, show) {
	return by === 0 ? h("span.muted", "=") : h("span", { class: by > 0 ? "bad" : "good" }, `${by > 0 ? "+" : "−"}${show(Math.abs(by))}`)
}

function change(a, b, show) {
	if (a == null || b == null) return "–"
	return [signed(b - a, show), a > 0 && b !== a && ` (${b > a ? "+" : "−"}${Math.abs((100 * (b - a)) / a).toFixed(0)} %)`]
}

function diverging(by, most) {
	const width = `${(50 * Math.abs(by)) / most}%`
	return h("span.diverge", h("span", { class: by > 0 ? "slower" : "faster", style: { width } }), signed(by, fmt.duration))
}
