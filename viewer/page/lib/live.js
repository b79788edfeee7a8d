// The stream of changes. One connection for each visible tab: browsers allow six for an origin, and the next
// one would wait without an error. A hidden tab closes its connection and reads everything again when shown.

import { apiUrl, get, setReachable } from "./api.js"
import { throttle } from "./dom.js"

const RETRY_MILLISECONDS = 2000

// Fires `traces` (`detail` is the event's data), `state` (`detail` as of `/api/state`), and `resync` when
// changes may have been missed.
export const live = Object.assign(new EventTarget(), { state: null })
let source = null
let retry = 0
let interrupted = false

export function startLive() {
	document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()))
	addEventListener("pagehide", close)
	addEventListener("pageshow", event => event.persisted && open())
	refreshState()
	if (!document.hidden) open()
}

function refreshState() {
	get("state").then(state => emit("state", state), () => {})
}

function open() {
	clearTimeout(retry)
	if (source) return
	source = new EventSource(apiUrl("events"))
	source.onopen = () => {
		setReachable(true)
		if (interrupted) resync()
		interrupted = false
	}
	source.addEventListener("traces", event => {
		const data = JSON.parse(event.data)
		if (data.state) emit("state", data.state)
		emit("traces", data)
	})
	source.addEventListener("resync", resync)
	source.onerror = () => {
		interrupted = true
		setReachable(false)
		// The browser reconnects by itself after a network error, but not after an error of HTTP.
		if (source?.readyState !== EventSource.CLOSED) return
		source = null
		retry = setTimeout(open, RETRY_MILLISECONDS)
	}
}

function close() {
	clearTimeout(retry)
	source?.close()
	source = null
	interrupted = true
}

// Loads quietly when traces change, or may have changed, at most once a second. Returns the function that does so.
export function onTraces(load, signal) {
	const work = throttle(() => load(true), signal)
	for (const type of ["traces", "resync"]) live.addEventListener(type, work, { signal })
	return work
}

function resync() {
	refreshState()
	emit("resync")
}

function emit(type, detail) {
	if (type === "state") live.state = detail
	live.dispatchEvent(new CustomEvent(type, { detail }))
}
