// Addresses of the page, relative to its base.

const base = new URL(document.baseURI).pathname
let render = () => {}

// Returns the path below the base, without a slash at its start, and the query.
export function current() {
	const { pathname, search } = location
	const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname.slice(1)
	return { path: path.replace(/^\/+|\/+$/g, ""), query: new URLSearchParams(search) }
}

// Returns a query with its `?`. Empty values are left out.
export function search(query = {}) {
	const all = Object.entries(query).flatMap(([name, value]) => [value].flat().filter(Boolean).map(one => [name, one]))
	return all.length ? `?${new URLSearchParams(all)}` : ""
}

export function address(path, query) {
	return `${base}${path}${search(query)}`
}

// Shows an address. With `replaced`, the history gets no new entry.
export function navigate(url, replaced = false) {
	if (url !== location.pathname + location.search) history[replaced ? "replaceState" : "pushState"](null, "", url)
	render()
}

// Calls `show` now, when the user goes back or forward, and when a link is followed.
export function startRouter(show) {
	render = show
	addEventListener("popstate", () => render())
	document.addEventListener("click", event => {
		const link = event.target.closest?.("a[href]")
		if (!link || event.defaultPrevented || link.target || link.hasAttribute("download")) return
		if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
		const url = new URL(link.href)
		if (url.origin !== location.origin || !url.pathname.startsWith(base)) return
		event.preventDefault()
		navigate(url.pathname + url.search)
	})
	render()
}
