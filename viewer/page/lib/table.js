// A table that sorts by its columns.

import { h, region, replace } from "./dom.js"
import { count, plural } from "./fmt.js"

// A column of numbers: its name, the key of the value or a function, and how it is shown.
export function numbers(name, key, show, title) {
	const value = typeof key === "function" ? key : row => row[key]
	return { name, value, show: row => show(value(row), row), title, number: true }
}

export function errorCount(errors) {
	return h("span", { class: errors ? "bad" : "muted" }, count(errors))
}

export function missing(calls, what) {
	return calls > 0 && h("span.warn", { title: `${plural(calls, "model call")} with ${what}` }, "+?")
}

// A number over a bar that shows its share of the largest.
export function withBar(content, share) {
	return h("span.took", h("span.share", { style: { width: `${100 * Math.min(1, share)}%` } }), h("span", content))
}

// Shows rows in a table. A column is `{ name, value(row), show(row), title, number }`: `value` sorts, `show`
// returns the content. Clicking a heading sorts, descending first for numbers.
export function sortableTable({ caption, columns, rows, sort = 0, limit = Infinity }) {
	const table = h("table.data")
	let column = sort
	let down = Boolean(columns[sort].number)
	let most = limit

	function draw() {
		const { value } = columns[column]
		const sorted = [...rows].sort((a, b) => compare(value(a), value(b)) * (down ? -1 : 1))
		const focused = [...table.querySelectorAll("th button")].indexOf(document.activeElement)
		replace(table,
			h("caption.hidden", caption),
			h("thead", h("tr", columns.map(({ name, title, number }, index) =>
				h("th", { scope: "col", class: number ? "number" : "", title, "aria-sort": index === column && (down ? "descending" : "ascending") },
					h("button.sort", { click: () => sortBy(index) }, name))))),
			h("tbody", sorted.slice(0, most).map(row => h("tr", columns.map(({ show, number }, index) =>
				h(index ? "td" : "th", { scope: index ? null : "row", class: number ? "number" : "" }, show(row)))))),
			sorted.length > most && h("tfoot", h("tr", h("td", { colspan: columns.length }, h("button", { click: () => { most = Infinity; draw(); } }, `Show all ${sorted.length} rows`)))))
		if (focused >= 0) table.querySelectorAll("th button")[focused].focus()
	}

	function sortBy(index) {
		down = index === column ? !down : Boolean(columns[index].number)
		column = index
		draw()
	}

	draw()
	return h("div.table-box", region(caption), table)
}

// Absent values are the smallest.
function compare(a, b) {
	if (a === b) return 0
	return a == null || (b != null && a < b) ? -1 : 1
}
