// Reads the JSON API, and knows whether the server answers.

import { search } from "./router.js"

class ApiError extends Error {
	constructor(message, status) {
		super(message)
		this.status = status
	}
}

// Fires `change` when the server starts or stops to answer.
export const connection = Object.assign(new EventTarget(), { reachable: true })

export function setReachable(reachable) {
	if (connection.reachable === reachable) return
	connection.reachable = reachable
	connection.dispatchEvent(new Event("change"))
}

// Returns the URL of a path of the API, from its parts.
export function apiUrl(parts, query) {
	return new URL(`api/${[parts].flat().map(encodeURIComponent).join("/")}${search(query)}`, document.baseURI).href
}

// Returns a function that ends its last signal and returns a new one: only the last request counts.
export function latest(signal) {
	let last = new AbortController()
	return () => {
		last.abort()
		last = new AbortController()
		return AbortSignal.any([last.signal, signal])
	}
}

// Reads JSON. Throws `ApiError`; its status is 0 if the server is gone. An aborted request never settles.
export async function get(parts, query, signal) {
	let response
	let body
	try {
		response = await fetch(apiUrl(parts, query), { signal })
		body = await response.json()
	} catch {
		if (signal?.aborted) return new Promise(() => {})
		if (response) throw new ApiError(`The answer of ${response.url} is not JSON (status ${response.status}).`, response.status)
		setReachable(false)
		throw new ApiError(`The viewer at ${document.baseURI} does not answer. Is the process still running?`, 0)
	}
	setReachable(true)
	if (!response.ok) throw new ApiError(body.error ?? `Status ${response.status}`, response.status)
	return body
}
