// What is shown of one trace: its rows in print order, what hides them, the visible time, and the selected span.

const SHORTEST_VIEW_NANOSECONDS = 10

// Fires `rows` (other rows are visible), `view` (the range of time changed), `select` and `data`.
export class TraceModel extends EventTarget {
	constructor(data) {
		super()
		Object.assign(this, { collapsed: new Set(), unfolded: new Set(), fold: false, matches: null, onlyMatches: false, minimum: 0, selected: null })
		this.setData(data)
	}

	// Takes a newer state of the trace. Collapsed rows, the selected span and a zoom stay.
	setData(data) {
		const whole = !this.view || (this.view.from === 0 && this.view.to === this.duration)
		this.data = data
		// The API leaves out empty lists.
		this.rows = data.spans.map(row => ({ critical: [], events: [], ...row }))
		this.index = new Map(this.rows.map((row, index) => [row.id, index]))
		this.duration = this.rows.reduce((end, row) => Math.max(end, row.start + row.duration), Math.max(1, data.summary.duration))
		this.end = subtreeEnds(this.rows)
		this.joined = new Map()
		this.order = null
		if (whole) this.view = { from: 0, to: this.duration }
		this.hasTokens = this.rows.some(row => row.tokens)
		this.hasCost = this.rows.some(row => row.cost != null)
		this.hasLike = this.rows.some(row => row.like != null)
		this.emit("data")
	}

	emit(type) {
		this.dispatchEvent(new Event(type))
	}

	on(types, work, signal) {
		for (const type of types.split(" ")) this.addEventListener(type, work, { signal })
	}

	service(row) {
		return this.data.resources[row.resource]?.service ?? "unknown"
	}

	below(index) {
		return this.end[index] - index - 1
	}

	// Returns the visible rows: an index, or `{ fold, indexes, depth }` for the rest of like siblings.
	visible() {
		if (this.order) return this.order
		const keep = this.kept()
		const order = []
		const folds = new Map()
		for (let index = 0; index < this.rows.length; ) {
			const row = this.rows[index]
			if (keep && !keep.has(index)) {
				index += 1
				continue
			}
			const group = this.groupOf(row)
			if (group !== null && !this.unfolded.has(group)) {
				const fold = folds.get(group)
				if (fold) {
					if (fold.indexes.push(index) === 1) order.push(fold)
					index = this.end[index]
					continue
				}
				folds.set(group, { fold: group, depth: row.depth, indexes: [] })
			}
			order.push(index)
			index = this.collapsed.has(row.id) ? this.end[index] : index + 1
		}
		this.order = order
		return order
	}

	groupOf({ like, parent }) {
		return this.fold && like != null ? `${parent ?? ""}:${like}` : null
	}

	// The rows that the filters keep, with their ancestors, or `null` without a filter.
	kept() {
		const matches = this.onlyMatches ? this.matches : null
		if (!matches && !this.minimum) return null
		const keep = new Set()
		this.rows.forEach((row, index) => {
			if ((matches && !matches.has(index)) || row.duration < this.minimum) return
			for (let at = index; at != null && !keep.has(at); at = this.rows[at].parent) keep.add(at)
		})
		return keep
	}

	// Sets `matches` (indexes, or `null`), `onlyMatches`, `minimum` or `fold`.
	change(values = {}) {
		Object.assign(this, values)
		this.order = null
		this.emit("rows")
	}

	collapse(indexes, shut) {
		for (const index of indexes) {
			if (!shut) this.collapsed.delete(this.rows[index].id)
			else if (this.below(index)) this.collapsed.add(this.rows[index].id)
		}
		this.change()
	}

	isShut(index) {
		return this.collapsed.has(this.rows[index].id)
	}

	// Collapses the deepest level that is open, or expands the highest that is shut.
	oneLevel(shut) {
		const rows = this.visible().filter(index => typeof index === "number" && this.below(index) && this.isShut(index) !== shut)
		const depths = rows.map(index => this.rows[index].depth)
		const level = depths.reduce((a, b) => (shut ? Math.max(a, b) : Math.min(a, b)), shut ? -1 : Infinity)
		this.collapse(rows.filter(index => this.rows[index].depth === level), shut)
	}

	open(index) {
		const above = []
		for (let at = this.rows[index].parent; at != null; at = this.rows[at].parent) if (this.isShut(at)) above.push(at)
		if (above.length) this.collapse(above, false)
		if (!this.fold || this.visible().includes(index)) return
		for (let at = index; at != null; at = this.rows[at].parent) this.unfolded.add(this.groupOf(this.rows[at]))
		this.change()
	}

	setView(from, to) {
		const length = Math.min(this.duration, Math.max(SHORTEST_VIEW_NANOSECONDS, to - from))
		const start = Math.min(Math.max(0, from), this.duration - length)
		this.view = { from: start, to: start + length }
		this.emit("view")
	}

	reset() {
		this.setView(0, this.duration)
	}

	// Zooms around a place between 0 (left) and 1 (right).
	zoom(factor, at = 0.5) {
		const length = this.view.to - this.view.from
		const next = Math.min(this.duration, Math.max(SHORTEST_VIEW_NANOSECONDS, length * factor))
		const from = this.view.from + (length - next) * at
		this.setView(from, from + next)
	}

	pan(share) {
		const by = (this.view.to - this.view.from) * share
		this.setView(this.view.from + by, this.view.to + by)
	}

	// The sections of a row on the critical path. A collapsed row has those of all rows below it.
	critical(index) {
		if (!this.isShut(index)) return this.rows[index].critical
		if (!this.joined.has(index)) this.joined.set(index, join(this.rows.slice(index, this.end[index]).flatMap(row => row.critical), 0))
		return this.joined.get(index)
	}
}

export function join(sections, gap) {
	const result = []
	for (const [from, to] of [...sections].sort((a, b) => a[0] - b[0])) {
		const last = result.at(-1)
		if (last && from <= last[1] + gap) last[1] = Math.max(last[1], to)
		else result.push([from, to])
	}
	return result
}

// For each row, the index after the last row below it.
function subtreeEnds(rows) {
	const ends = new Array(rows.length).fill(rows.length)
	const open = []
	rows.forEach((row, index) => {
		while (open.length && rows[open.at(-1)].depth >= row.depth) ends[open.pop()] = index
		open.push(index)
	})
	return ends
}
