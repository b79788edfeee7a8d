// Values of attributes, with their types.

import { apiUrl } from "./api.js"
import { copyButton, h, replace, searchField } from "./dom.js"
import * as fmt from "./fmt.js"

// Longer texts are cut: they make pages slow, also if hidden.
const SHOWN_CHARACTERS = 2000
// Longer lists have a field to filter them.
const UNFILTERED_ATTRIBUTES = 5
const LINE_CHARACTERS = 60

function text(value) {
	return typeof value === "string" ? value : JSON.stringify(value, null, 2)
}

// Shows a text, cut if it is long. `build` makes the element of the shown part.
export function longText(value, build = shown => h("span.text", shown)) {
	if (value.length <= SHOWN_CHARACTERS) return build(value)
	const box = h("div")
	const show = whole => replace(box, build(whole ? value : `${value.slice(0, SHOWN_CHARACTERS)}…`),
		h("button.more", { click: () => show(!whole) }, whole ? "Show less" : `Show all ${fmt.count(value.length)} characters`))
	show(false)
	return box
}

// Parses a text that holds a JSON object or array. Returns `undefined` if it does not.
export function parsed(value) {
	if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined
	try {
		return JSON.parse(value)
	} catch {
		return undefined
	}
}

// Shows JSON in lines, or a text as it is.
export function block(value) {
	return longText(text(parsed(value) ?? value), part => h("pre.block", part))
}

function valueElement(value) {
	if (value === "") return h("span.muted", "(empty)")
	const line = typeof value === "string" ? value : JSON.stringify(value)
	if (line.includes("\n") || (line.length > LINE_CHARACTERS && (typeof value === "object" || parsed(value) != null))) return block(value)
	return longText(line)
}

// Shows attributes as a list. `owner` says whose they are. A cut value links to the whole below the path `source`.
export function attributeList(attributes, owner, source) {
	if (!attributes.length) return h("p.muted", "No attributes.")
	const sorted = [...attributes].sort((a, b) => (a.key < b.key ? -1 : 1))
	const list = h("dl.attributes")
	const draw = words => {
		const shown = sorted.filter(({ key, value }) => `${key}=${text(value)}`.toLowerCase().includes(words.toLowerCase()))
		replace(list, shown.map(({ key, type, value, cut }) => h("div.attribute",
			h("dt", fmt.label(key, 300) || "(empty key)", type !== "string" && h("span.type", type)),
			h("dd", { class: `value-${type}` }, valueElement(value),
				cut && h("p.muted", "Cut at 64 KiB. ", source && h("a", { href: apiUrl([...source, "attributes", key]), target: "_blank", rel: "noopener" }, "Open the whole value")),
				copyButton(() => text(value), `the value of ${fmt.label(key, 60)}`)))))
		if (!shown.length) replace(list, h("div", h("dt.muted", "No attribute matches."), h("dd")))
	}
	draw("")
	if (attributes.length <= UNFILTERED_ATTRIBUTES) return list
	const input = searchField(`Filter ${fmt.count(attributes.length)} attributes`, { label: `Filter the attributes of the ${owner}`, input: () => draw(input.value.trim()) })
	return h("div", input, list)
}
