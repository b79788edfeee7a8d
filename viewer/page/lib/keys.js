// Keyboard shortcuts, and the dialog that lists them.

import { h } from "./dom.js"
import { icon } from "./icons.js"

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "esc" }
const groups = new Map()

// Adds shortcuts under a heading until the signal ends: `[keys, text, run]`, with keys as in `event.key`, separated by
// spaces. In a field, only those with `ctrl+` work. If `run` returns `false`, the browser gets the key.
export function bind(heading, shortcuts, signal) {
	groups.set(heading, shortcuts)
	signal?.addEventListener("abort", () => groups.get(heading) === shortcuts && groups.delete(heading))
}

export function listen() {
	document.addEventListener("keydown", event => {
		if (event.defaultPrevented || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return
		if (!event.ctrlKey && event.target.matches?.("input:not([type=checkbox]), select, textarea")) return
		const key = (event.ctrlKey ? "ctrl+" : "") + event.key
		const found = [...groups.values()].flat().find(([keys]) => keys.split(" ").includes(key))
		if (found && found[2]() !== false) event.preventDefault()
	})
}

export function showHelp() {
	const dialog = h("dialog.help", { label: "Keyboard shortcuts", close: () => dialog.remove(), click: event => event.target === dialog && dialog.close() },
		h("div.bar", h("h2", "Keyboard shortcuts"), h("button.quiet", { tip: "Close", click: () => dialog.close() }, icon("close"))),
		[...groups].reverse().map(([heading, shortcuts]) => [h("h3", heading), h("dl", shortcuts.map(([keys, text]) => [
			h("dt", keys.split(" ").map(key => [h("kbd", NAMES[key] ?? key), " "])), h("dd", text)]))]))
	document.body.append(dialog)
	dialog.showModal()
}
