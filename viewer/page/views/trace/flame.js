// The flame graph by self time.

import { fmt, h, oncePerFrame, onResize, region, replace, serviceClass } from "../../lib/index.js"
import { flame } from "./merge.js"

const ROW_PIXELS = 22
// Frames narrower than this are not drawn. The table has their names.
const NARROWEST_PIXELS = 2
const MOST_FRAMES = 3000
const MOST_LEVELS = 300
// Ancestors drawn above the frame that fills the width.
const MOST_ABOVE = 8

export function flameGraph(parent, { model, select }, signal) {
	let root = null
	// The keys of the frame that fills the width, from the root: frames are rebuilt when spans arrive.
	let path = []
	const info = h("p.muted", { role: "status" })
	const frames = h("div.flame")
	const box = h("div.flame-box", region("Flame graph"), frames)
	parent.append(h("div.stage-bar", info), box)

	const describe = ({ service, name, count, self, width }) =>
		`${service === null ? "" : `${fmt.label(service, 60)}: `}${fmt.label(name, 100)} · ${fmt.plural(count, "span")} · self ${fmt.duration(self)} · with children ${fmt.duration(width)} · ${fmt.percent(width, root.width)} of all work`
	const focus = frame => {
		path = []
		for (let at = frame; at.parent; at = at.parent) path.unshift(at.key)
		draw()
	}

	function frameButton(frame, left, share, level, above) {
		const text = describe(frame)
		const chosen = frame.parent && share === 1 && !above
		return h("button.frame", {
			class: `${frame.service === null ? "" : serviceClass(frame.service)}${above ? " above" : ""}`,
			style: { left: `${100 * left}%`, width: `${100 * share}%`, top: `${level * ROW_PIXELS}px` },
			tip: text,
			click: () => (chosen && path.at(-1) === frame.key ? select(frame.first) : focus(frame)),
		}, h("span.frame-self", { style: { width: `${(100 * frame.self) / Math.max(1, frame.width)}%` } }), share * frames.clientWidth > 30 && h("span.frame-name", fmt.label(frame.name, 100)))
	}

	const draw = oncePerFrame(() => {
		let top = root
		for (const key of path) top = top.children.get(key) ?? top
		const above = []
		for (let at = top.parent; at && above.length < MOST_ABOVE; at = at.parent) above.unshift(at)
		const built = above.map((frame, level) => frameButton(frame, 0, 1, level, true))
		let deepest = above.length
		let hidden = 0
		const add = (frame, left, share, level) => {
			if (share * frames.clientWidth < NARROWEST_PIXELS || built.length >= MOST_FRAMES || level > MOST_LEVELS) {
				hidden += 1
				return
			}
			deepest = Math.max(deepest, level)
			built.push(frameButton(frame, left, share, level))
			let at = left
			for (const child of [...frame.children.values()].sort((a, b) => b.width - a.width)) {
				const part = (share * child.width) / Math.max(1, frame.width)
				add(child, at, part, level + 1)
				at += part
			}
		}
		add(top, 0, 1, above.length)
		frames.style.height = `${(deepest + 1) * ROW_PIXELS + 8}px`
		replace(frames, built)
		info.textContent = `${fmt.duration(root.width)} of work in ${fmt.plural(model.rows.length, "span")}. The width is self time: parallel spans add up. Select a frame to enlarge it, and again to open its first span.${hidden ? ` ${fmt.plural(hidden, "frame")} too small to show.` : ""}`
	}, signal)

	const build = () => {
		root = flame(model)
		draw()
	}
	onResize(box, draw, signal)
	model.on("data", build, signal)
	build()
}
