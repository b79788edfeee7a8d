// The page: header, navigation, notices, and the view that the address names.

import { address, bind, connection, current, empty, fmt, h, icon, listen, live, nextTheme, replace, showHelp, startLive, startRouter, theme } from "./lib/index.js"
import { compareView } from "./views/compare.js"
import { logsView } from "./views/logs.js"
import { servicesView } from "./views/services.js"
import { tokensView } from "./views/tokens.js"
import { traceView } from "./views/trace.js"
import { tracesView } from "./views/traces.js"

// A view takes the element, a signal that ends it, and its id. It returns a function of the query.
const ROUTES = [
	[/^$/, tracesView, "Traces"],
	[/^services$/, servicesView, "Services"],
	[/^tokens$/, tokensView, "Tokens"],
	[/^logs$/, logsView, "Logs"],
	[/^compare$/, compareView, "Compare"],
	[/^trace\/([^/]+)$/, traceView],
	[/^/, notFound],
]

const main = document.querySelector("main")
const notice = document.querySelector(".notice")
let life = null
let update = null
let shown = null

function header() {
	const store = h("span.store")
	live.addEventListener("state", ({ detail }) => replace(store, storeState(detail)))
	const themeButton = h("button.quiet", { click: () => { nextTheme(); showTheme(); } }, icon("theme"))
	const showTheme = () => {
		themeButton.title = `Theme: ${theme()}`
		themeButton.setAttribute("aria-label", themeButton.title)
	}
	showTheme()
	replace(document.querySelector("header"),
		h("a.brand", { href: address(""), label: "Throughline" }, h("img", { src: "assets/icon.svg", alt: "", width: 20, height: 20 }), h("span", "Throughline")),
		h("nav", { label: "Pages" }, ROUTES.slice(0, 5).map(([, , name]) => {
			const path = name === "Traces" ? "" : name.toLowerCase()
			return h("a", { href: address(path), "data-path": path }, name)
		})),
		store, themeButton, h("button.quiet", { tip: "Keyboard shortcuts", click: showHelp }, "?"))
}

function storeState({ traces, spans, bytes: used, max_bytes: most, dropped, rejected }) {
	const lost = dropped.spans + dropped.logs + dropped.points
	return [
		h("span.wide", { title: "What is stored, the memory in use, and its limit. The oldest traces are removed first." },
			`${fmt.plural(traces, "trace")} · ${fmt.plural(spans, "span")} · ${fmt.bytes(used)} of ${fmt.bytes(most)}`,
			dropped.traces_evicted > 0 && ` · ${fmt.plural(dropped.traces_evicted, "old trace")} removed`),
		lost > 0 && h("span.warn", { title: `Dropped: ${fmt.plural(dropped.spans, "span")}, ${fmt.plural(dropped.logs, "log")}, ${fmt.plural(dropped.points, "metric point")}` }, ` ${fmt.count(lost)} dropped`),
		rejected > 0 && h("span.warn", { title: "What was received and was not valid OTLP" }, ` ${fmt.count(rejected)} rejected`),
	]
}

function notFound(element) {
	document.title = "Throughline"
	replace(element, empty("No such page", h("a", { href: address("") }, "See all traces"), "."))
	return () => {}
}

function show() {
	const { path, query } = current()
	if (shown === path) return update(query)
	life?.abort()
	life = new AbortController()
	const [pattern, view, name] = ROUTES.find(([pattern]) => pattern.test(path))
	for (const link of document.querySelectorAll("nav a")) {
		if (link.dataset.path === path || (link.dataset.path === "" && path.startsWith("trace/"))) link.setAttribute("aria-current", "page")
		else link.removeAttribute("aria-current")
	}
	if (name) document.title = `${name} · Throughline`
	const first = shown === null
	shown = path
	replace(main)
	main.className = "page"
	update = view(main, life.signal, path.match(pattern)[1])
	update(query)
	if (!first) main.focus({ preventScroll: true })
}

header()
connection.addEventListener("change", () => {
	notice.classList.toggle("shown", !connection.reachable)
	replace(notice, !connection.reachable && `The viewer at ${document.baseURI} does not answer. This page shows what it read before, and tries again.`)
})
document.querySelector(".skip").addEventListener("click", event => {
	event.preventDefault()
	main.focus()
})
bind("Everywhere", [["?", "Show the keyboard shortcuts", showHelp]])
listen()
startLive()
startRouter(show)
