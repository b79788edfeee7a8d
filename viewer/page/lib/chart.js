// Charts by uPlot, which is a classic script and is loaded when the first chart is needed.

import { onThemeChange, resolve } from "./colour.js"
import { h, onResize } from "./dom.js"

let loading = null

function load() {
	loading ??= new Promise((done, failed) => {
		const script = h("script", { src: "assets/vendor/uplot/uPlot.iife.min.js", load: () => done(window.uPlot), error: () => failed(new Error("The chart library could not be loaded.")) })
		document.head.append(script)
	})
	return loading
}

// Shows a chart in an element that has a size. `options(colours, uPlot)` returns uPlot's options without the
// size. The chart follows the size and the theme. Returns a function that sets the data.
export function chart(element, options, signal) {
	let plot = null
	let data = null
	const create = () => {
		if (signal.aborted || !data || !window.uPlot) return
		plot?.destroy()
		const colours = {}
		for (const name of ["muted", "line", "accent", "second", "error"]) colours[name] = resolve(`--${name}`, element)
		plot = new window.uPlot({ width: element.clientWidth, height: element.clientHeight, legend: { show: false }, ...options(colours, window.uPlot) }, data, element)
		plot.root.setAttribute("aria-hidden", "true")
	}
	load().then(() => {
		create()
		onResize(element, () => {
			const { clientWidth: width, clientHeight: height } = element
			if (plot && width && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height })
		}, signal)
	}, error => element.replaceChildren(h("p.muted", error.message)))
	onThemeChange(create, signal)
	signal.addEventListener("abort", () => plot?.destroy())
	return next => {
		data = next
		if (plot) plot.setData(next)
		else create()
	}
}

export function axis(colours, more) {
	const lines = { stroke: colours.line, width: 1 }
	return { stroke: colours.muted, font: "11px system-ui, sans-serif", grid: lines, ticks: { ...lines, size: 4 }, ...more }
}

export function timeAxis(colours) {
	const forms = [[86400, "{MMM} {D}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}:{ss}"], [0.001, ":{ss}.{fff}"]]
	return axis(colours, { size: 26, space: 70, values: forms.map(([step, form]) => [step, form, null, null, null, null, null, null, 1]) })
}
