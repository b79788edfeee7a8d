// The whole trace in small, with the visible range of time.

import { h, oncePerFrame, onResize, onThemeChange, resolve, serviceClass } from "../../lib/index.js"
import { selectRange } from "./time.js"

export function minimap(parent, model, signal) {
	const canvas = h("canvas", { "aria-hidden": "true" })
	const left = h("span.shade")
	const right = h("span.shade")
	const element = h("div.minimap", { title: "Drag to select a range of time. Double-click to show the whole trace." }, canvas, left, right)
	parent.append(element)

	const draw = oncePerFrame(() => {
		const { clientWidth: width, clientHeight: height } = element
		const ratio = devicePixelRatio || 1
		canvas.width = width * ratio
		canvas.height = height * ratio
		const context = canvas.getContext("2d")
		context.scale(ratio, ratio)
		const colours = model.data.resources.map(({ service }) => resolve("--service", element, serviceClass(service ?? "unknown")))
		const errors = resolve("--error", element)
		const rowHeight = Math.min(4, (height - 4) / model.rows.length)
		model.rows.forEach((row, index) => {
			context.fillStyle = row.status === "error" ? errors : colours[row.resource]
			context.fillRect((row.start / model.duration) * width, 2 + index * rowHeight, Math.max(0.75, (row.duration / model.duration) * width), Math.max(0.5, rowHeight * 0.8))
		})
	}, signal)
	const place = () => {
		left.style.right = `${100 - (100 * model.view.from) / model.duration}%`
		right.style.left = `${(100 * model.view.to) / model.duration}%`
	}
	onResize(element, draw, signal)
	onThemeChange(draw, signal)
	model.on("data", draw, signal)
	model.on("data view", place, signal)
	selectRange(element, model, () => ({ from: 0, to: model.duration }))
	place()
}
