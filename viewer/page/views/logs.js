// The newest logs of all services.

import { address, bind, empty, fmt, get, h, latest, logList, navigate, onTraces, reader, replace, searchField, searchForm, serviceSelect } from "../lib/index.js"

const LIMIT = 1000

export function logsView(main, signal) {
	let query = new URLSearchParams()
	const fresh = latest(signal)
	const q = searchField("Search in logs")
	const [service, chooseService] = serviceSelect(signal)
	const number = h("span.muted", { role: "status" })
	const message = h("div")
	const box = h("div.logs-box", { hidden: true })
	const submit = () => navigate(address("logs", { q: q.value.trim(), service: service.value }), true)
	main.className = "logs-page"
	replace(main, h("h1.hidden", "Logs"),
		searchForm(submit, signal, q, service, number),
		message, box)
	const list = logList(box, { when: ["Time", log => fmt.shortTime(log.time)], signal })

	const load = reader(message, "logs", async () => {
		const filter = { q: query.get("q"), service: query.get("service") }
		const { logs } = await get("logs", { limit: LIMIT, ...filter }, fresh())
		box.hidden = logs.length === 0
		number.textContent = logs.length === LIMIT ? `newest ${fmt.count(LIMIT)}` : logs.length ? fmt.plural(logs.length, "record") : ""
		replace(message, logs.length === 0 && (filter.q || filter.service ? empty("No log matches", h("a", { href: address("logs") }, "Clear the search")) : empty("No logs yet", "Send logs over OTLP to see them here. With Throughline, add ", h("code", ".with(telemetry.log_layer())"), " to the subscriber.")))
		list.set(logs)
	}, () => (box.hidden = true))

	onTraces(load, signal)
	bind("Logs", [["/ ctrl+b", "Search", () => q.focus()]], signal)
	return next => {
		query = next
		if (q.value.trim() !== (query.get("q") ?? "")) q.value = query.get("q") ?? ""
		chooseService(query.get("service") ?? "")
		load(false)
	}
}
