// Sums over the spans of a trace. Self times come from the API.

// A key of two texts that no other two texts have.
function pairKey(a, b) {
	return JSON.stringify([a, b])
}

// Adds a span to a sum. Tokens and costs count for model calls only, and not for a call inside another one.
function add(sum, { id, role, nested, duration, self, status, tokens, cost }) {
	sum.first ??= id
	sum.role ??= role
	sum.count += 1
	sum.total += duration
	sum.self += self
	sum.longest = Math.max(sum.longest, duration)
	if (status === "error") sum.errors += 1
	if (role !== "model" || nested) return
	// What is unknown in all calls stays absent.
	for (const [key, value] of Object.entries({ ...tokens, cost, unknown_calls: tokens ? null : 1 })) {
		if (value != null) sum[key] = (sum[key] ?? 0) + Number(value)
	}
}

// Groups spans by service, or by service and name, or by `values` of the rows. Returns `nodes`, and `edges` with the
// number of calls from one to another.
export function grouped(model, byService, values) {
	const nodes = new Map()
	const edges = new Map()
	const keys = model.rows.map((row, index) => (values ? values[index] ?? "" : byService ? model.service(row) : pairKey(model.service(row), row.name)))
	model.rows.forEach((row, index) => {
		const key = keys[index]
		const service = model.service(row)
		if (!nodes.has(key)) nodes.set(key, { key, service, name: values ? key : byService ? service : row.name, count: 0, total: 0, self: 0, longest: 0, errors: 0 })
		add(nodes.get(key), row)
		const from = keys[row.parent]
		if (from == null || (byService && from === key)) return
		const edge = pairKey(from, key)
		if (!edges.has(edge)) edges.set(edge, { from, to: key, count: 0, errors: 0 })
		edges.get(edge).count += 1
		if (row.status === "error") edges.get(edge).errors += 1
	})
	return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

// Returns the tree of a flame graph: spans with the same path of names are one frame. The width of a frame is
// its self time and that of its children, so that spans that ran at the same time add up and no frame is wider
// than its parent.
export function flame(model) {
	const frame = (key, name, service, parent, first) => ({ key, name, service, parent, first, self: 0, width: 0, count: 0, children: new Map() })
	const root = frame("", "all", null, null, null)
	const frames = []
	const created = []
	model.rows.forEach((row, index) => {
		const parent = row.parent == null ? root : frames[row.parent]
		const key = pairKey(model.service(row), row.name)
		if (!parent.children.has(key)) {
			parent.children.set(key, frame(key, row.name, model.service(row), parent, row.id))
			created.push(parent.children.get(key))
		}
		frames[index] = parent.children.get(key)
		frames[index].self += row.self
		frames[index].count += 1
	})
	// Children were created after their parents, so that in reverse order each sum is complete when it is added.
	for (const each of created.reverse()) {
		each.width += each.self
		each.parent.width += each.width
	}
	return root
}
