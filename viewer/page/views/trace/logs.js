// The logs of a trace, in order.

import { empty, fmt, get, h, logList, reader, replace, throttle } from "../../lib/index.js"

export function traceLogs(parent, { model, id }, signal) {
	const message = h("div")
	const box = h("div.logs-box", { hidden: true })
	parent.append(message, box)
	const when = log => (log.at == null ? fmt.time(log.time) : fmt.duration(log.at))
	const list = logList(box, { when: ["After", when], trace: id, selected: () => model.selected, signal })
	const load = reader(message, "logs", async () => {
		const { logs } = await get(["traces", id, "logs"], {}, signal)
		box.hidden = logs.length === 0
		replace(message, logs.length === 0 && empty("No logs in this trace", "Logs that are recorded inside a span appear here. Send them over OTLP; with Throughline, by ", h("code", ".with(telemetry.log_layer())"), "."))
		list.set(logs)
	})
	model.on("data", throttle(() => load(true), signal), signal)
	model.on("select", list.refresh, signal)
	load()
}
