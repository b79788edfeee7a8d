// Colours of services, and the theme.

import { h, keep } from "./dom.js"
import { label } from "./fmt.js"

const COLOURS = 12
const THEMES = ["auto", "light", "dark"]
const taken = new Map()
const system = matchMedia("(prefers-color-scheme: dark)")
const themes = new EventTarget()

// Returns the class that sets `--service`. A service has the same colour on all pages of a tab, and two share one
// only if there are more than 12.
export function serviceClass(service) {
	let slot = taken.get(service)
	if (slot == null) {
		let hash = 0
		for (const character of service.slice(0, 64)) hash = (hash * 31 + character.codePointAt(0)) >>> 0
		slot = hash % COLOURS
		const used = new Set(taken.values())
		for (let step = 0; used.has(slot) && step < COLOURS; step += 1) slot = (slot + 5) % COLOURS
		taken.set(service, slot)
	}
	return `c${slot}`
}

export function serviceName(service, title) {
	return h("span.service", { class: serviceClass(service), title }, label(service, 60) || "(no name)")
}

// Returns a custom property as a colour that a canvas understands.
export function resolve(name, parent, className = "") {
	const probe = h("span", { class: className, style: { color: `var(${name})` } })
	parent.append(probe)
	const value = getComputedStyle(probe).color
	probe.remove()
	return value
}

export function onThemeChange(work, signal) {
	system.addEventListener("change", work, { signal })
	themes.addEventListener("change", work, { signal })
}

export function theme() {
	return document.documentElement.dataset.theme ?? "auto"
}

export function nextTheme() {
	const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]
	if (next === "auto") delete document.documentElement.dataset.theme
	else document.documentElement.dataset.theme = next
	keep("theme", next)
	themes.dispatchEvent(new Event("change"))
}
