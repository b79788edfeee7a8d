// Places the nodes of a directed graph in columns, so that most edges go from left to right.

const SWEEPS = 8
const MARGIN = 24

// Returns `{ places, width, height }`, where `places` maps a key to `{ x, y }`. A node stands one column to the
// right of the rightmost node that leads to it, without the edges that close a cycle. Within a column, nodes are
// sorted by the average place of their neighbours, which removes most crossings (Sugiyama's method).
export function layout(nodes, edges, { width, height, across, down }) {
	const next = new Map(nodes.map(({ key }) => [key, []]))
	const previous = new Map(nodes.map(({ key }) => [key, []]))
	for (const { from, to } of forwardEdges(nodes, edges)) {
		next.get(from).push(to)
		previous.get(to).push(from)
	}
	const stacks = columns(nodes, next, previous)
	const place = new Map()
	const number = stack => stack.forEach((key, index) => place.set(key, index - (stack.length - 1) / 2))
	stacks.forEach(number)
	for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
		const neighbours = sweep % 2 ? next : previous
		for (const stack of sweep % 2 ? [...stacks].reverse() : stacks) {
			const wanted = new Map(stack.map(key => {
				const keys = neighbours.get(key)
				return [key, keys.length ? keys.reduce((sum, each) => sum + place.get(each), 0) / keys.length : place.get(key)]
			}))
			stack.sort((a, b) => wanted.get(a) - wanted.get(b))
			number(stack)
		}
	}
	const tall = count => count * (height + down) - down
	const total = tall(Math.max(1, ...stacks.map(({ length }) => length)))
	const places = new Map()
	stacks.forEach((stack, column) => stack.forEach((key, row) =>
		places.set(key, { x: MARGIN + column * (width + across), y: MARGIN + (total - tall(stack.length)) / 2 + row * (height + down) })))
	return { places, width: 2 * MARGIN + stacks.length * (width + across) - across, height: 3 * MARGIN + total }
}

// The edges without those that lead back to a node on the way to it.
function forwardEdges(nodes, edges) {
	const state = new Map()
	const forward = []
	const visit = key => {
		state.set(key, "open")
		for (const edge of edges.filter(({ from }) => from === key)) {
			if (state.get(edge.to) === "open") continue
			forward.push(edge)
			if (!state.has(edge.to)) visit(edge.to)
		}
		state.set(key, "done")
	}
	for (const { key } of nodes) if (!state.has(key)) visit(key)
	return forward
}

function columns(nodes, next, previous) {
	const column = new Map(nodes.map(({ key }) => [key, 0]))
	const waiting = new Map(nodes.map(({ key }) => [key, previous.get(key).length]))
	const ready = nodes.map(({ key }) => key).filter(key => waiting.get(key) === 0)
	while (ready.length) {
		const key = ready.pop()
		for (const to of next.get(key)) {
			column.set(to, Math.max(column.get(to), column.get(key) + 1))
			waiting.set(to, waiting.get(to) - 1)
			if (waiting.get(to) === 0) ready.push(to)
		}
	}
	const stacks = []
	for (const { key } of nodes) (stacks[column.get(key)] ??= []).push(key)
	return stacks
}
