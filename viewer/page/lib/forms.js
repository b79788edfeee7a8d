// What forms of search have in common.

import { debounce, h, replace } from "./dom.js"
import { label } from "./fmt.js"
import { icon } from "./icons.js"
import { live } from "./live.js"

export function searchForm(submit, signal, first, ...others) {
	return h("form.search", { role: "search", submit: event => { event.preventDefault(); submit(); }, input: debounce(submit, signal) },
		h("div.search-bar", h("div.search-box", icon("search"), first), others))
}

// Returns the field that chooses a service, and a function that chooses a service, also one without spans.
export function serviceSelect(signal) {
	const field = h("select", { label: "Service" })
	let names = []
	const choose = wanted => {
		const all = [...new Set([...names, wanted])].filter(Boolean).sort()
		if (all.length + 1 !== field.options.length) replace(field, h("option", { value: "" }, "All services"), all.map(name => h("option", { value: name }, label(name, 60))))
		field.value = wanted
	}
	const know = services => {
		names = services
		choose(field.value)
	}
	live.addEventListener("state", ({ detail }) => know(detail.services), { signal })
	know(live.state?.services ?? [])
	return [field, choose]
}
