// The spans of a trace grouped by name or by an attribute, and the tokens by agent.

import { debounce, errorCount, fmt, get, h, latest, missing, numbers, reader, replace, roleIcon, searchField, serviceName, sortableTable, withBar } from "../../lib/index.js"
import { grouped } from "./merge.js"

const MOST_ROWS = 300

export function groups(parent, { model, id, search }, signal) {
	const box = h("div.groups")
	const fresh = latest(signal)
	let key = ""
	let values = null
	const field = searchField("Group by attribute", { input: debounce(() => load(false), signal) })
	parent.append(h("div.stage-bar", field), box)
	const load = reader(box, "groups", async () => {
		key = field.value.trim()
		values = key ? (await get(["traces", id, "values"], { key }, fresh())).values : null
		draw()
	})
	const known = show => (value, row) => (value == null ? "" : show(value, row.estimated))
	const show = known(fmt.tokens)
	const tokens = [numbers("Tokens in", "input", (value, row) => [show(value, row), missing(row.unknown_calls, "unknown tokens")]), numbers("out", "output", show)]
	const cost = numbers("Cost", "cost", known(fmt.cost))
	const draw = () => {
		const { nodes } = grouped(model, false, values)
		const title = `Spans by ${values ? fmt.label(key, 60) : "name"}`
		const work = nodes.reduce((sum, { self }) => sum + self, 0)
		const most = nodes.reduce((longest, { self }) => Math.max(longest, self), 1)
		const { roles } = model.data
		replace(box,
			h("h2", title),
			sortableTable({ caption: title, rows: nodes, sort: values ? 5 : 6, limit: MOST_ROWS, columns: [
				{ name: values ? "Value" : "Name", value: ({ name }) => name, show: ({ name, role }) => (name || !values ? h("span.named", !values && roleIcon(role), h("button.link", { title: "Find these spans in the waterfall", click: () => search(name, key) }, fmt.name(name, 120))) : h("span.muted", "(none)")) },
				...(values ? [] : [{ name: "Service", value: ({ service }) => service, show: ({ service }) => serviceName(service) }]),
				numbers("Spans", "count", fmt.count),
				numbers("Total", "total", fmt.duration),
				numbers("Average", ({ total, count }) => total / count, fmt.duration),
				numbers("Longest", "longest", fmt.duration),
				numbers("Self", "self", self => withBar(fmt.duration(self), self / most), "Time in the spans themselves, without their children"),
				numbers("Self %", "self", self => fmt.percent(self, work), "Share of the self time of all spans"),
				numbers("Errors", "errors", errorCount),
				...(model.hasTokens ? tokens : []),
				...(model.hasCost ? [cost] : []),
			] }),
			roles.length > 0 && [h("h2", "Tokens by agent"), sortableTable({ caption: "Tokens by agent", rows: roles, sort: 3, columns: [
				{ name: "Agent", value: ({ name }) => name, show: ({ name, kind }) => h("span.named", roleIcon(kind), h("span", fmt.label(name, 100) || "(outside an agent)")) },
				numbers("Duration", "duration", known(fmt.duration)),
				numbers("Model calls", "calls", fmt.count),
				...tokens,
				cost,
			] })])
	}
	model.on("data", () => load(true), signal)
	draw()
}
