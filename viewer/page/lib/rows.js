// A list that keeps only the visible rows in the document. All rows have the same height.

import { h, oncePerFrame, onResize } from "./dom.js"

// Rows kept in the document above and below the visible ones.
const OVERSCAN = 8
const FOCUSABLE = "a, button, input"

export const narrow = matchMedia("(max-width: 720px)")

export function cell(className, ...children) {
	return h("span", { role: "cell", class: className }, children)
}

export function headRow(className, ...headings) {
	return h("div.head-group", { role: "rowgroup" }, h("div", { class: className, role: "row", "aria-rowindex": 1 },
		headings.map(([name, kind]) => h("span", { role: "columnheader", class: kind ?? "" }, name))))
}

export class Rows {
	// `scroller` holds the rows, perhaps below other content; `heights` are of a row on wide and on narrow screens.
	// `item(index)` returns `[key, data]`: a row is built again if these or the version change.
	constructor({ scroller, heights, item, build, signal }) {
		Object.assign(this, { scroller, heights, item, build, count: 0, version: 0, shown: new Map() })
		this.element = h("div.rows", { role: "rowgroup" })
		this.draw = oncePerFrame(() => this.drawNow(), signal)
		scroller.addEventListener("scroll", this.draw, { passive: true, signal })
		narrow.addEventListener("change", () => this.setCount(this.count), { signal })
		onResize(scroller, this.draw, signal)
	}

	get height() {
		return this.heights[narrow.matches ? 1 : 0]
	}

	// Sets the number of rows. With `anchored`, the first visible row stays where it is.
	setCount(count, anchored = false) {
		const [from] = this.range()
		const top = anchored && from > 0 && [...this.shown.values()].find(({ index }) => index === from)
		this.count = count
		this.element.style.height = `${count * this.height}px`
		for (let index = 0; top && index < count; index += 1) {
			if (this.item(index)[0] !== top.key) continue
			this.scroller.scrollTop += (index - from) * this.height
			break
		}
		this.drawNow()
	}

	refresh() {
		this.version += 1
		this.draw()
	}

	// The distance from the top of the scroller's content to the first row.
	offset() {
		const { scroller, element } = this
		return element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop
	}

	range() {
		const { scrollTop, clientHeight } = this.scroller
		const top = scrollTop - this.offset()
		return [Math.floor(top / this.height), Math.ceil((top + clientHeight) / this.height)]
	}

	// Scrolls so that a row is visible, in the middle if it was not.
	reveal(index, margin) {
		const top = this.offset() + index * this.height
		const { scrollTop, clientHeight } = this.scroller
		if (top >= scrollTop + margin && top + this.height <= scrollTop + clientHeight) return
		this.scroller.scrollTop = Math.max(0, top - clientHeight / 2)
		this.drawNow()
	}

	drawNow() {
		if (!this.element.isConnected) return
		const { height, version } = this
		const [from, to] = this.range()
		const focus = this.focused()
		const kept = new Map()
		for (let index = Math.max(0, from - OVERSCAN); index < Math.min(this.count, to + OVERSCAN); index += 1) {
			const [key, data] = this.item(index)
			let row = this.shown.get(key)
			if (!row || row.data !== data || row.version !== version || row.height !== height) {
				row?.element.remove()
				row = { key, data, height, version, element: this.build(index) }
			}
			if (row.index !== index) {
				row.index = index
				row.element.style.transform = `translateY(${index * height}px)`
				row.element.style.height = `${height}px`
			}
			this.shown.delete(key)
			kept.set(key, row)
		}
		for (const row of this.shown.values()) row.element.remove()
		// The document's order is the rows' order, for readers and for the tab key.
		let before = this.element.firstChild
		for (const { element } of kept.values()) {
			if (element === before) before = before.nextSibling
			else this.element.insertBefore(element, before)
		}
		this.shown = kept
		if (focus) kept.get(focus.key)?.element.querySelectorAll(FOCUSABLE)[focus.nth]?.focus({ preventScroll: true })
	}

	// The element inside a row that has the focus, so that it keeps it when its row is built again.
	focused() {
		const active = document.activeElement
		for (const { key, element } of this.element.contains(active) ? this.shown.values() : []) {
			const nth = [...element.querySelectorAll(FOCUSABLE)].indexOf(active)
			if (nth >= 0) return { key, nth }
		}
		return null
	}
}
