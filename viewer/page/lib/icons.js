// Small pictures, drawn as lines in the colour of the text.

import { svg } from "./dom.js"

const PATHS = {
	agent: "M8 1.8v2M3.5 5.2h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM5.8 8.2v1.6M10.2 8.2v1.6",
	model: "M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8 6.4 6.4z",
	tool: "M9.6 6.4 3 13M13.6 4.6a3.4 3.4 0 0 1-4.7 3.7A3.4 3.4 0 0 1 11.4 2.4L9.8 4l.4 1.8 1.8.4z",
	workflow: "M4 4.5h4a3 3 0 0 1 3 3v1M4 2.8v10.4M2.4 2.8h3.2M9.4 8.5h3.2v4H9.4z",
	http: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM2 8h12M8 1.8c-4 4-4 8.4 0 12.4M8 1.8c4 4 4 8.4 0 12.4",
	rpc: "M2 5.5h10M9.5 3 12 5.5 9.5 8M14 10.5H4M6.5 8 4 10.5 6.5 13",
	db: "M3 4c0-2.7 10-2.7 10 0v8c0 2.7-10 2.7-10 0zM3 4c0 2.7 10 2.7 10 0M3 8c0 2.7 10 2.7 10 0",
	other: "M8 5.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z",
	error: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.8v3.8M8 10.8v.6",
	open: "M6 3.5 10.5 8 6 12.5",
	shut: "M3.5 6 8 10.5 12.5 6",
	close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
	search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14",
	theme: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M8 5l4.5-1M8 8h6M8 11l4.5 1",
	download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
}

const NAMES = { model: "model call", http: "HTTP", rpc: "RPC", db: "database", other: null }

// Returns a picture. With a title, readers hear it; else they skip it.
export function icon(name, title) {
	return svg(
		"svg",
		{ class: "icon", viewBox: "0 0 16 16", ...(title ? { role: "img", "aria-label": title } : { "aria-hidden": "true" }) },
		title && svg("title", {}, title),
		svg("path", { d: PATHS[name] ?? PATHS.other }),
	)
}

export function roleIcon(role) {
	return icon(role, role in NAMES ? NAMES[role] : role)
}
