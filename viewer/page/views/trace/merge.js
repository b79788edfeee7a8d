// Sums over the spans of a trace. Self times come from the API.

/** A key of two texts that no other two texts have. */
export function pairKey(a, b) {
  return JSON.stringify([a, b]);
}

function blank(values) {
  return { count: 0, total: 0, self: 0, longest: 0, errors: 0, input: 0, output: 0, cost: 0, calls: 0, ...values };
}

/** Adds a span to a sum. Tokens and costs count for model calls only: those of agents are sums of these. */
function add(sum, row) {
  sum.count += 1;
  sum.total += row.duration;
  sum.self += row.self;
  sum.longest = Math.max(sum.longest, row.duration);
  if (row.status === "error") sum.errors += 1;
  if (row.role !== "model") return;
  sum.calls += 1;
  sum.input += row.tokens?.input ?? 0;
  sum.output += row.tokens?.output ?? 0;
  sum.cost += row.cost ?? 0;
}

/** Returns the spans grouped by service and name. */
export function byName(model) {
  const groups = new Map();
  for (const row of model.rows) {
    const service = model.service(row);
    const key = pairKey(service, row.name);
    if (!groups.has(key)) groups.set(key, blank({ key, service, name: row.name, role: row.role, first: row.id }));
    add(groups.get(key), row);
  }
  return [...groups.values()];
}

/**
 * Returns the graph of who calls whom: `nodes`, and `edges` with the number of calls. Nodes are services, or
 * names within services.
 */
export function callGraph(model, byService) {
  const nodes = new Map();
  const edges = new Map();
  const keyOf = (row) => (byService ? model.service(row) : pairKey(model.service(row), row.name));
  for (const row of model.rows) {
    const key = keyOf(row);
    const service = model.service(row);
    if (!nodes.has(key)) nodes.set(key, blank({ key, service, name: byService ? service : row.name, role: byService ? "other" : row.role, first: row.id }));
    add(nodes.get(key), row);
    if (row.parent === undefined) continue;
    const from = keyOf(model.rows[row.parent]);
    if (byService && from === key) continue;
    const edge = pairKey(from, key);
    if (!edges.has(edge)) edges.set(edge, { from, to: key, count: 0, errors: 0 });
    edges.get(edge).count += 1;
    if (row.status === "error") edges.get(edge).errors += 1;
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/**
 * Returns the tree of a flame graph: spans with the same path of names are one frame. The width of a frame is
 * its self time and that of its children, so that spans that ran at the same time add up and no frame is wider
 * than its parent.
 */
export function flame(model) {
  const root = { name: "all", service: "", role: "other", self: 0, width: 0, count: 0, duration: 0, depth: 0, children: new Map(), parent: null };
  const frames = new Array(model.rows.length);
  const created = [];
  model.rows.forEach((row, index) => {
    const parent = row.parent === undefined ? root : frames[row.parent];
    const service = model.service(row);
    const key = pairKey(service, row.name);
    let frame = parent.children.get(key);
    if (!frame) {
      frame = { name: row.name, service, role: row.role, self: 0, width: 0, count: 0, duration: 0, depth: parent.depth + 1, children: new Map(), parent, first: row.id };
      parent.children.set(key, frame);
      created.push(frame);
    }
    frame.self += row.self;
    frame.count += 1;
    frame.duration += row.duration;
    frames[index] = frame;
  });
  // Children were created after their parents, so that in reverse order each sum is complete when it is added.
  for (const frame of created.reverse()) {
    frame.width += frame.self;
    frame.parent.width += frame.width;
  }
  return root;
}
