// The traces selected for a comparison. They stay selected over searches and reloads of the tab.

const KEY = "throughline.compare"

// Returns the selected traces, at most two, as `{ id, name }`.
export function get() {
	try {
		return JSON.parse(sessionStorage.getItem(KEY)) ?? []
	} catch {
		return []
	}
}

export function set(traces) {
	try {
		sessionStorage.setItem(KEY, JSON.stringify(traces))
	} catch {
		// Storage is disabled.
	}
}

// Selects or deselects a trace. A third trace replaces the second.
export function select({ id, name }, selected) {
	const others = get().filter(trace => trace.id !== id)
	set(selected ? [...others.slice(0, 1), { id, name: name.slice(0, 200) }] : others)
}
