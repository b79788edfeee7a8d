// A list of log records, oldest or newest first, with only the visible ones in the document.

import { serviceClass } from "./colour.js";
import { button, h, replace } from "./dom.js";
import * as format from "./format.js";
import { address } from "./router.js";
import { Rows } from "./rows.js";
import { attributeList } from "./values.js";

/** The class of a severity number of OpenTelemetry: 1 to 24. */
function severityClass(number) {
  if (number >= 17) return "bad";
  if (number >= 13) return "warn";
  return number >= 9 ? "" : "muted";
}

export class LogList {
  /** `place(log)` is the text of its first column, `trace` the id of the trace if all belong to one. */
  constructor(parent, { place, placeTitle, trace, highlight }) {
    this.place = place;
    this.trace = trace;
    this.highlight = highlight;
    this.logs = [];
    this.element = h("div", { class: "logs", role: "table", "aria-label": "Logs", tabindex: 0 });
    this.detail = h("div", { class: "log-detail", hidden: true });
    parent.append(this.element, this.detail);
    const narrow = matchMedia("(max-width: 720px)");
    this.rows = new Rows({
      scroller: this.element,
      height: () => (narrow.matches ? 46 : 26),
      item: (index) => ({ key: `${index}`, data: this.logs[index] }),
      build: (index) => this.buildRow(index),
    });
    this.element.append(
      h("div", { role: "rowgroup", class: "head-group" }, h("div", { class: "log-row log-head", role: "row", "aria-rowindex": 1 },
        [placeTitle, "Level", "Service", "Message", "Span"].map((name) => h("span", { role: "columnheader" }, name)))),
      this.rows.element);
  }

  set(logs) {
    this.logs = logs;
    this.element.setAttribute("aria-rowcount", logs.length + 1);
    this.rows.version += 1;
    this.rows.setCount(logs.length);
  }

  buildRow(index) {
    const log = this.logs[index];
    const trace = log.trace ?? this.trace;
    const body = typeof log.body === "string" ? log.body : JSON.stringify(log.body ?? "");
    const link = trace && log.span;
    return h("div", { class: `log-row ${log.span && log.span === this.highlight?.() ? "selected" : ""}`, role: "row", "aria-rowindex": index + 2 },
      h("span", { role: "cell", class: "when", title: format.exactTime(log.time) }, this.place(log)),
      h("span", { role: "cell", class: `level ${severityClass(log.number ?? 0)}` }, format.label(log.severity || "–", 12)),
      h("span", { role: "cell" }, log.service && h("span", { class: `service ${serviceClass(log.service)}` }, format.label(log.service, 40))),
      h("span", { role: "cell", class: "body" }, button("", { class: "link", title: "Show the whole record", on: { click: () => this.show(log, body) } }, format.label(body.split("\n", 1)[0], 400) || "(empty)")),
      h("span", { role: "cell", class: "to-span" }, link ? h("a", { href: address(`trace/${trace}`, { span: log.span }), "aria-label": "Open the span" }, h("code", {}, format.label(log.span, 8).replace("…", ""))) : trace ? h("a", { href: address(`trace/${trace}`) }, "trace") : ""));
  }

  show(log, body) {
    this.detail.hidden = false;
    replace(this.detail,
      h("div", { class: "bar" }, h("h2", {}, `${log.severity ?? "Log"} · ${format.exactTime(log.time)}`), button("Close", { class: "quiet", on: { click: () => (this.detail.hidden = true) } })),
      h("pre", { class: "block", tabindex: 0 }, format.label(body, 65536)),
      log.attributes?.length ? attributeList(log.attributes, { name: "attributes of the record" }) : h("p", { class: "muted" }, "No attributes."));
    this.detail.querySelector("button").focus();
  }

  destroy() {
    this.rows.destroy();
  }
}
