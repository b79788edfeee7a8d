// Places on an axis of time, and dragging over it to select a range.

import { h } from "../../lib/index.js"

const PIXELS_BETWEEN_MARKS = 90
const SHORTEST_DRAG_PIXELS = 4
// From a second on, steps are parts of minutes, hours and days.
const LONG_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400].map(seconds => seconds * 1e9)

// Returns round times between two times, and their step: below a second 1, 2 or 5 times a power of ten.
export function ticks(from, to, width) {
	const rough = Math.max(1, (to - from) / Math.max(1, width / PIXELS_BETWEEN_MARKS))
	const power = 10 ** Math.floor(Math.log10(rough))
	const step = (rough > 5e8 && LONG_STEPS.find(step => step >= rough)) || power * [1, 2, 5, 10].find(factor => factor * power >= rough)
	const marks = []
	for (let at = Math.ceil(from / step) * step; at <= to; at += step) marks.push(at)
	return { step, marks: marks.length ? marks : [from] }
}

// A label of a mark, as fine as the step.
export function tickLabel(at, step) {
	if (at === 0) return "0"
	if (step >= 1e9 && at >= 6e10) return [[Math.floor(at / 3.6e12), "h"], [Math.floor(at / 6e10) % 60, "m"], [Math.round(at / 1e9) % 60, "s"]].filter(([number]) => number).map(part => part.join("")).join(" ")
	const unit = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]].find(([size]) => step >= size || (at >= size && step >= size / 100))
	return unit ? `${Number((at / unit[0]).toFixed(2))} ${unit[1]}` : `${Math.round(at)} ns`
}

// Selects a range by dragging over an element with the times of `range()`. A double click resets.
export function selectRange(element, model, range) {
	element.addEventListener("dblclick", () => model.reset())
	element.addEventListener("pointerdown", event => {
		if (event.button !== 0) return
		event.preventDefault()
		const { left, width } = element.getBoundingClientRect()
		const between = ({ clientX }) => [event.clientX, clientX].sort((a, b) => a - b).map(x => Math.min(1, Math.max(0, (x - left) / width)))
		const band = h("span.band")
		const life = new AbortController()
		const on = (type, work) => element.addEventListener(type, work, { signal: life.signal })
		element.setPointerCapture(event.pointerId)
		element.append(band)
		on("pointermove", move => {
			const [a, b] = between(move)
			band.style.left = `${100 * a}%`
			band.style.width = `${100 * (b - a)}%`
		})
		on("pointerup", last => {
			const [a, b] = between(last)
			const { from, to } = range()
			if ((b - a) * width > SHORTEST_DRAG_PIXELS) model.setView(from + a * (to - from), from + b * (to - from))
		})
		// After a release, and also if the browser takes the pointer, such as to scroll.
		on("lostpointercapture", () => {
			life.abort()
			band.remove()
		})
	})
}
