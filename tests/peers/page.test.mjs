// The parts of the viewer's page that need no browser. Run by node's own test runner.

import assert from "node:assert/strict";
import { before, test } from "node:test";

const page = new URL("../../viewer/page/", import.meta.url);
let fmt, TraceModel, join, flame, grouped, layout, ticks, tickLabel;

before(async () => {
	// What the modules read of a browser when they are loaded.
	globalThis.matchMedia = () => ({ matches: false, addEventListener() {} });
	globalThis.document = { baseURI: "http://localhost/base/" };
	fmt = await import(new URL("lib/fmt.js", page));
	({ TraceModel, join } = await import(new URL("views/trace/model.js", page)));
	({ flame, grouped } = await import(new URL("views/trace/merge.js", page)));
	({ layout } = await import(new URL("views/trace/layout.js", page)));
	({ ticks, tickLabel } = await import(new URL("views/trace/time.js", page)));
});

/** Rows of a trace: `[parent, depth, start, duration, self, more]`. */
function trace(...rows) {
	const spans = rows.map(([parent, depth, start, duration, self, more = {}], index) => ({
		id: `s${index}`, ...(parent === null ? {} : { parent }), depth, start, duration, self, name: `n${index}`, resource: 0,
		status: "unset", role: "other", events: [], critical: [], ...more,
	}));
	const end = Math.max(...spans.map(({ start, duration }) => start + duration));
	return { summary: { duration: end }, resources: [{ service: "a" }, { service: "b" }], spans, roles: [] };
}

test("durations have three digits and the unit that fits", () => {
	const cases = [[0, "0 ns"], [999, "999 ns"], [1000, "1.00 µs"], [73_400_000, "73.4 ms"], [999_960, "1.00 ms"], [9_999_000, "10.0 ms"], [59_940_000_000, "59.9 s"], [59_999_000_000, "1m 00s"], [125e9, "2m 05s"], [3_725e9, "1h 02m"], [-5000, "−5.00 µs"], [undefined, "–"]];
	for (const [ns, text] of cases) assert.equal(fmt.duration(ns), text, `${ns} ns`);
});

test("counts, costs and sizes", () => {
	assert.equal(fmt.count(1234567), "1,234,567");
	assert.equal(fmt.count(undefined), "–", "unknown is not 0");
	assert.equal(fmt.tokens(12, true), "~12", "an estimate is marked");
	assert.equal(fmt.tokens(undefined, true), "–");
	for (const [usd, text] of [[0, "$0.0000"], [0.00255, "$0.0026"], [0.0000123, "$0.000012"], [1234.5, "$1234.50"], [undefined, "–"]]) assert.equal(fmt.cost(usd), text);
	for (const [value, text] of [[9999, "9,999"], [12_345, "12.3k"], [2_500_000, "2.50M"]]) assert.equal(fmt.short(value), text);
	assert.equal(fmt.bytes(67_108_864), "64.0 MiB");
	assert.equal(fmt.plural(1, "span"), "1 span");
	assert.equal(fmt.plural(0, "span"), "0 spans");
});

test("times keep their nanoseconds, and impossible ones are marked", () => {
	assert.equal(fmt.exactTime("1764500000123456789"), "2025-11-30T10:53:20.123456789Z");
	assert.equal(fmt.time("18446744073709551615999"), "out of range");
	assert.match(fmt.time("1764500000123456789"), /^2025-\d\d-\d\d \d\d:\d\d:20\.123$/);
	assert.match(fmt.shortTime("1764500000123456789"), /^\d\d-\d\d \d\d:\d\d:20$/, "a day that is not today");
	assert.match(fmt.shortTime(`${Date.now()}000000`), /^\d\d:\d\d:\d\d\.\d{3}$/, "today");
	assert.equal(fmt.label("x".repeat(300)).length, 201, "long names are cut");
});

test("collapsed rows hide what is below them and join its critical path", () => {
	const model = new TraceModel(trace([null, 0, 0, 100, 0], [0, 1, 0, 60, 0, { critical: [[0, 10]] }], [1, 2, 10, 50, 50, { critical: [[10, 60]] }], [0, 1, 60, 40, 40]));
	assert.deepEqual(model.visible(), [0, 1, 2, 3]);
	assert.equal(model.below(1), 1);
	model.collapse([1], true);
	assert.deepEqual(model.visible(), [0, 1, 3]);
	assert.deepEqual(model.critical(1), [[0, 60]]);
	model.open(2);
	assert.deepEqual(model.visible(), [0, 1, 2, 3], "a span that is opened is visible");
	model.oneLevel(true);
	assert.deepEqual(model.visible(), [0, 1, 3], "the deepest level is collapsed first");
	model.oneLevel(true);
	assert.deepEqual(model.visible(), [0]);
	model.oneLevel(false);
	assert.deepEqual(model.visible(), [0, 1, 3], "the highest level is expanded first");
});

test("filters keep matches and their ancestors", () => {
	const model = new TraceModel(trace([null, 0, 0, 100, 0], [0, 1, 0, 60, 10], [1, 2, 10, 5, 5], [0, 1, 60, 40, 40]));
	model.change({ matches: new Set([2]), onlyMatches: true });
	assert.deepEqual(model.visible(), [0, 1, 2]);
	model.change({ matches: null, onlyMatches: false, minimum: 40 });
	assert.deepEqual(model.visible(), [0, 1, 3]);
});

test("like siblings fold into the first and a row for the rest", () => {
	const like = { like: 1 };
	const model = new TraceModel(trace([null, 0, 0, 100, 0], [0, 1, 0, 10, 10, like], [0, 1, 10, 10, 0, like], [2, 2, 10, 5, 5], [0, 1, 20, 10, 10, like], [0, 1, 40, 40, 40]));
	model.change({ fold: true });
	const fold = { fold: "0:1", depth: 1, indexes: [2, 4] };
	assert.deepEqual(model.visible(), [0, 1, fold, 5]);
	model.open(3);
	assert.ok(model.visible().includes(3), "a folded span can be opened");
});

test("new spans keep the zoom, the selection and what is collapsed", () => {
	const first = trace([null, 0, 0, 100, 0], [0, 1, 0, 60, 60]);
	const model = new TraceModel(first);
	model.setData(trace([null, 0, 0, 200, 0], [0, 1, 0, 60, 60], [0, 1, 60, 140, 140]));
	assert.deepEqual(model.view, { from: 0, to: 200 }, "the whole time stays the whole time");
	model.setView(50, 100);
	model.setData(first);
	assert.deepEqual(model.view, { from: 50, to: 100 });
	model.zoom(1000);
	assert.deepEqual(model.view, { from: 0, to: 100 }, "a zoom ends at the whole time");
});

test("sections of the critical path join over small gaps only", () => {
	assert.deepEqual(join([[20, 30], [0, 10], [11, 15]], 1), [[0, 15], [20, 30]]);
});

test("flame graph adds up self times, so that parallel children are not wider than their parent", () => {
	const model = new TraceModel(trace([null, 0, 0, 100, 20], [0, 1, 0, 80, 80, { name: "x" }], [0, 1, 0, 80, 80, { name: "x" }]));
	const root = flame(model);
	const [top] = root.children.values();
	const [child] = top.children.values();
	assert.deepEqual([root.width, top.width, child.width, child.count], [180, 180, 160, 2]);
});

test("deep traces do not overflow", () => {
	const rows = Array.from({ length: 50_000 }, (_, depth) => [depth ? depth - 1 : null, depth, depth, 100_000 - depth, 1]);
	const model = new TraceModel(trace(...rows));
	assert.equal(flame(model).width, 50_000);
	assert.equal(model.below(0), 49_999);
});

test("groups count the tokens of model calls once", () => {
	const tokens = { tokens: { input: 10, output: 2 }, cost: 0.5 };
	const model = new TraceModel(trace([null, 0, 0, 9, 1, { role: "agent", ...tokens }], [0, 1, 0, 8, 8, { role: "model", resource: 1, ...tokens }]));
	const { nodes, edges } = grouped(model, true);
	assert.deepEqual(nodes.map(({ name, count, input }) => [name, count, input]), [["a", 1, undefined], ["b", 1, 10]]);
	assert.deepEqual(edges, [{ from: "a", to: "b", count: 1, errors: 0 }]);
	const byValue = grouped(model, false, [null, "v"]).nodes.map(({ name, count, input }) => [name, count, input]);
	assert.deepEqual(byValue, [["", 1, undefined], ["v", 1, 10]], "by an attribute that the first span does not have");
});

test("layout puts callers left of what they call, also with a cycle", () => {
	const nodes = ["a", "b", "c"].map((key) => ({ key }));
	const edges = [["a", "b"], ["b", "c"], ["c", "a"], ["a", "c"], ["b", "b"]].map(([from, to]) => ({ from, to }));
	const { places } = layout(nodes, edges, { width: 10, height: 10, across: 5, down: 5 });
	const [a, b, c] = nodes.map(({ key }) => places.get(key).x);
	assert.ok(a < b && b < c, `${a} < ${b} < ${c}`);
});

test("marks of time are round", () => {
	const { step, marks } = ticks(0, 252e6, 400);
	assert.deepEqual([step, marks], [1e8, [0, 1e8, 2e8]]);
	assert.equal(tickLabel(2e8, 1e8), "200 ms");
	assert.equal(tickLabel(1.5e9, 5e8), "1.5 s");
	assert.equal(tickLabel(100.05e9, 5e7), "100.05 s");
	const labels = (to, width) => {
		const { step, marks } = ticks(0, to, width);
		return marks.map(at => tickLabel(at, step)).join(", ");
	};
	assert.equal(labels(200e9, 720), "0, 30 s, 1m, 1m 30s, 2m, 2m 30s, 3m");
	assert.equal(labels(9000e9, 720), "0, 20m, 40m, 1h, 1h 20m, 1h 40m, 2h, 2h 20m");
});
