// A list of log records with only the visible ones in the document.

import { serviceName } from "./colour.js"
import { h, replace } from "./dom.js"
import * as fmt from "./fmt.js"
import { address } from "./router.js"
import { cell, headRow, Rows } from "./rows.js"
import { attributeList } from "./values.js"

// The class of a severity number of OpenTelemetry: 1 to 24.
function severityClass(number = 0) {
	return number >= 17 ? "bad" : number >= 13 ? "warn" : number >= 9 ? "" : "muted"
}

// Shows log records. `when` is `[heading, text(log)]` of the first column, `trace` the id of the trace if all
// belong to one, `selected()` the span whose records are marked. Returns `{ set(logs), refresh() }`.
export function logList(parent, { when: [heading, whenText], trace, selected, signal }) {
	let logs = []
	const list = h("div.logs", { role: "table", label: "Logs", tabindex: 0 })
	const detail = h("div.log-detail", { hidden: true })
	parent.append(list, detail)

	const build = index => {
		const log = logs[index]
		const id = log.trace ?? trace
		const body = typeof log.body === "string" ? log.body : JSON.stringify(log.body ?? "")
		return h("div.log-row", { class: log.span && log.span === selected?.() ? "selected" : "", role: "row", "aria-rowindex": index + 2 },
			cell("when", h("span", { title: fmt.exactTime(log.time) }, whenText(log))),
			cell(`level ${severityClass(log.number)}`, fmt.label(log.severity || "–", 12)),
			cell("", log.service && serviceName(log.service)),
			cell("body", h("button.link", { title: "Show the whole record", click: () => show(log, body) }, fmt.label(body.split("\n", 1)[0], 400) || "(empty)")),
			cell("to-span", id && h("a", { href: address(`trace/${id}`, { span: log.span }), title: log.span ? "Open the span" : "Open the trace" }, h("code", (log.span ?? id).slice(0, 8)))))
	}
	const show = (log, body) => {
		detail.hidden = false
		replace(detail,
			h("div.bar", h("h2", `${log.severity || "Log"} · ${fmt.exactTime(log.time)}`), h("button.quiet", { click: () => (detail.hidden = true) }, "Close")),
			h("pre.block", { tabindex: 0 }, fmt.label(body, 65536)),
			attributeList(log.attributes ?? [], "record"))
		detail.querySelector("button").focus()
	}
	const rows = new Rows({ scroller: list, heights: [26, 46], item: index => [index, logs[index]], build, signal })
	list.append(headRow("log-row log-head", [heading], ["Level"], ["Service"], ["Message"], ["Span"]), rows.element)
	return {
		set(next) {
			logs = next
			list.setAttribute("aria-rowcount", logs.length + 1)
			rows.setCount(logs.length)
		},
		refresh: () => rows.refresh(),
	}
}
