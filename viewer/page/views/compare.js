// Two traces side by side, by the names of their spans.

import { get } from "../lib/api.js";
import { serviceClass } from "../lib/colour.js";
import { button, h, replace } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { failure, loading } from "../lib/messages.js";
import { address, navigate } from "../lib/router.js";
import * as selection from "../lib/selection.js";
import { sortableTable } from "../lib/table.js";

const NONE = { count: 0, total: 0, self: 0, input: 0, output: 0, cost: 0, errors: 0 };
const OFFERED = 100;

export class CompareView {
  constructor(main, query) {
    this.main = main;
    this.controller = null;
    main.classList.add("page");
    this.update(query);
  }

  destroy() {
    this.controller?.abort();
  }

  async update(query) {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    const [first, second] = selection.get();
    const a = query.get("a") ?? first?.id ?? "";
    const b = query.get("b") ?? second?.id ?? "";
    this.picked = { a, b };
    this.result = h("div", {}, a && b ? loading() : null);
    this.picker = h("div", { class: "compare-pick" });
    replace(this.main, h("div", { class: "page-head" }, h("h1", {}, "Compare two traces")), this.picker, this.result);
    this.offer(controller.signal);
    if (!a || !b) {
      replace(this.result, h("div", { class: "empty" }, h("h2", {}, "Select two traces"), h("p", {}, "Choose them above, or select two in the ", h("a", { href: address("") }, "list of traces"), ".")));
      return;
    }
    try {
      const data = await get("compare", { a, b }, controller.signal);
      this.show(data);
    } catch (error) {
      if (error.name !== "AbortError") replace(this.result, failure("These traces cannot be compared.", error, () => this.update(query)));
    }
  }

  async offer(signal) {
    let traces = [];
    try {
      ({ traces } = await get("traces", { limit: OFFERED }, signal));
    } catch {
      // The fields below stay, with the selected traces only.
    }
    if (signal.aborted) return;
    const field = (side) => {
      const options = traces.map((trace) => h("option", { value: trace.id }, `${format.time(trace.start)}  ${format.label(trace.name, 60)}  ${format.duration(trace.duration)}`));
      if (this.picked[side] && !traces.some(({ id }) => id === this.picked[side])) options.unshift(h("option", { value: this.picked[side] }, format.label(this.picked[side], 40)));
      const select = h("select", { "aria-label": `Trace ${side.toUpperCase()}` }, h("option", { value: "" }, "Choose a trace"), options);
      select.value = this.picked[side];
      select.addEventListener("change", () => navigate(address("compare", { ...this.picked, [side]: select.value })));
      return h("label", {}, h("span", { class: `side side-${side}` }, side.toUpperCase()), select);
    };
    replace(this.picker, field("a"), field("b"), button("Swap", { on: { click: () => navigate(address("compare", { a: this.picked.b, b: this.picked.a })) } }));
  }

  show({ a, b, names }) {
    const facts = [
      ["Duration", (trace) => trace.duration, format.duration],
      ["Spans", (trace) => trace.spans, format.count],
      ["Errors", (trace) => trace.errors, format.count],
      ["Tokens in", (trace) => trace.tokens?.input, format.count],
      ["Tokens out", (trace) => trace.tokens?.output, format.count],
      ["Cost", (trace) => trace.cost?.usd, format.cost],
    ].filter(([, value]) => value(a) !== undefined || value(b) !== undefined);
    const title = (side, trace) => h("th", { scope: "col", class: "number" }, h("span", { class: `side side-${side}` }, side.toUpperCase()), " ", h("a", { href: address(`trace/${trace.id}`), title: format.exactTime(trace.start) }, format.label(trace.name, 40) || "(no name)"));
    const rows = names.map((row) => ({ ...row, inA: Boolean(row.a), inB: Boolean(row.b), a: { ...NONE, ...row.a }, b: { ...NONE, ...row.b } }));
    const most = Math.max(1, ...rows.map((row) => Math.abs(row.b.self - row.a.self)));
    const number = (name, value, show, title) => ({ name, value, show, title, number: true });
    const pair = (name, key, show) => [
      number(`${name} A`, (row) => row.a[key], (row) => (row.inA ? show(row.a[key]) : h("span", { class: "none" }, "–"))),
      number(`${name} B`, (row) => row.b[key], (row) => (row.inB ? show(row.b[key]) : h("span", { class: "none" }, "–"))),
    ];
    const hasTokens = rows.some((row) => row.a.input || row.b.input || row.a.output || row.b.output);
    const hasCost = rows.some((row) => row.a.cost || row.b.cost);
    replace(this.result,
      h("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "The two traces" }, h("table", { class: "data compare-facts" },
        h("caption", { class: "hidden" }, "The two traces"),
        h("thead", {}, h("tr", {}, h("td", {}), title("a", a), title("b", b), h("th", { scope: "col", class: "number" }, "Difference"))),
        h("tbody", {}, facts.map(([name, value, show]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, show(value(a))), h("td", { class: "number" }, show(value(b))), h("td", { class: "number" }, change(value(a), value(b), show))))))),
      h("h2", {}, "By span name"),
      sortableTable({
        caption: "Differences by span name",
        rows,
        sort: 2,
        descending: true,
        limit: 300,
        rowClass: (row) => (row.inA && row.inB ? null : row.inB ? "only-b" : "only-a"),
        columns: [
          { name: "Name", value: ({ name }) => name, show: (row) => [format.label(row.name, 100) || "(no name)", !(row.inA && row.inB) && h("span", { class: "mark" }, row.inB ? "only in B" : "only in A")] },
          { name: "Service", value: ({ service }) => service, show: ({ service }) => h("span", { class: `service ${serviceClass(service)}` }, format.label(service, 40)) },
          number("Self, B − A", (row) => Math.abs(row.b.self - row.a.self), (row) => bar(row.b.self - row.a.self, most), "Difference of the self times; the largest first"),
          ...pair("Self", "self", format.duration),
          ...pair("Total", "total", format.duration),
          ...pair("Spans", "count", format.count),
          ...pair("Errors", "errors", format.count),
          ...(hasTokens ? [number("Tokens A", (row) => row.a.input + row.a.output, (row) => tokens(row.a)), number("Tokens B", (row) => row.b.input + row.b.output, (row) => tokens(row.b))] : []),
          ...(hasCost ? pair("Cost", "cost", (value) => (value ? format.cost(value) : "")) : []),
        ],
      }));
  }
}

function tokens({ input, output }) {
  return input || output ? `${format.count(input)} / ${format.count(output)}` : "";
}

function signed(value, show) {
  if (value === 0) return "=";
  return value > 0 ? `+${show(value)}` : `−${show(-value)}`;
}

function change(a, b, show) {
  if (a === undefined || b === undefined) return "–";
  const by = b - a;
  const share = a > 0 && by !== 0 ? ` (${by > 0 ? "+" : "−"}${Math.abs((100 * by) / a).toFixed(0)} %)` : "";
  return h("span", { class: by > 0 ? "more-of" : by < 0 ? "less-of" : "none" }, signed(by, show), share);
}

function bar(by, most) {
  const width = `${(50 * Math.abs(by)) / most}%`;
  return h("span", { class: "diverge" }, h("span", { class: `part ${by > 0 ? "slower" : "faster"}`, style: by > 0 ? { left: "50%", width } : { right: "50%", width } }), h("span", { class: by > 0 ? "more-of" : by < 0 ? "less-of" : "none" }, signed(by, format.duration)));
}
