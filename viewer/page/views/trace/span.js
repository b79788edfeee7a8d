// The panel of the selected span.

import { get, pathPart } from "../../lib/api.js";
import { serviceClass } from "../../lib/colour.js";
import { button, copyButton, h, replace } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { icon, roleIcon } from "../../lib/icons.js";
import { failure, loading } from "../../lib/messages.js";
import { address } from "../../lib/router.js";
import { attributeList } from "../../lib/values.js";
import { modelCall } from "./conversation.js";

const STORED_WIDTH = "throughline.panel-width";
const NARROWEST = 280;

export class SpanPanel {
  constructor(element, context, trace) {
    this.element = element;
    this.context = context;
    this.trace = trace;
    this.controller = null;
    this.id = null;
    this.body = h("div", { class: "panel-body", tabindex: 0, role: "region", "aria-label": "Details of the span" });
    this.title = h("div", { class: "panel-title" });
    this.grip = h("div", { class: "panel-grip", title: "Drag to change the width" });
    this.grip.addEventListener("pointerdown", (event) => this.drag(event));
    replace(element, this.grip, this.title, this.body);
    this.setWidth(Number(stored()));
    this.onData = () => this.id && this.load(this.id, { quiet: true });
    context.model.addEventListener("data", this.onData);
  }

  destroy() {
    this.controller?.abort();
    this.context.model.removeEventListener("data", this.onData);
  }

  show(id) {
    this.controller?.abort();
    this.id = id;
    this.element.hidden = !id;
    if (id) this.load(id, {});
    else this.body.replaceChildren();
  }

  async load(id, { quiet }) {
    const controller = new AbortController();
    this.controller = controller;
    const row = this.context.model.rows[this.context.model.index.get(id)];
    if (!quiet) this.head(row?.name ?? id, row);
    const slow = quiet ? 0 : setTimeout(() => replace(this.body, loading()), 150);
    try {
      const span = await get(`traces/${pathPart(this.trace)}/spans/${pathPart(id)}`, {}, controller.signal);
      const text = JSON.stringify(span);
      if (quiet && text === this.text) return;
      this.text = text;
      this.head(span.name, row, span);
      this.fill(span, row);
      if (!quiet) this.body.scrollTop = 0;
    } catch (error) {
      if (error.name !== "AbortError" && !quiet) replace(this.body, failure("This span cannot be shown.", error, () => this.load(id, {})));
    } finally {
      clearTimeout(slow);
    }
  }

  head(name, row, span) {
    replace(this.title,
      h("div", { class: "panel-name" }, row && roleIcon(row.role), h("h2", {}, format.label(name) || "(no name)")),
      h("span", { class: "panel-tools" },
        button("", { class: "quiet wide-only", "aria-label": "Wider", title: "Wider, or back", on: { click: () => this.element.classList.toggle("whole") } }, icon("wide")),
        span && copyButton(() => JSON.stringify(span, null, 2), "the span as JSON"),
        button("", { class: "quiet", "aria-label": "Close the span", title: "Close (esc)", on: { click: () => this.context.select(null) } }, icon("close"))));
  }

  fill(span, row) {
    const { model } = this.context;
    const service = row ? model.service(row) : "";
    const source = { trace: this.trace, span: span.id };
    const fact = (name, value, title) => h("div", { title }, h("dt", {}, name), h("dd", {}, value));
    const failed = span.status.code === "error";
    const critical = row?.critical.reduce((sum, [from, to]) => sum + to - from, 0) ?? 0;
    replace(this.body,
      failed && h("p", { class: "failure-text" }, icon("error", "error"), " ", format.label(span.status.message || row?.failure || "The span ended with an error.", 2000)),
      h("dl", { class: "facts" },
        fact("Service", h("span", { class: `service ${serviceClass(service)}` }, format.label(service, 60))),
        fact("Start", row ? `+${format.duration(row.start)}` : format.time(span.start), format.exactTime(span.start)),
        fact("Duration", format.duration(span.duration)),
        fact("Self", format.duration(span.self), "Time in the span itself, without its children"),
        critical > 0 && fact("Critical path", format.duration(critical), "Time of the span on the critical path"),
        fact("Kind", span.kind),
        span.status.code !== "unset" && fact("Status", h("span", { class: failed ? "bad" : null }, span.status.code))),
      span.model_call && modelCall(span.model_call, span, row),
      span.roll_up && this.rollUp(span.roll_up),
      this.section("Attributes", span.attributes.length, span.attributes.length ? attributeList(span.attributes, { name: "attributes of the span", source }) : h("p", { class: "muted" }, "No attributes."), span.dropped.attributes),
      (span.events.length > 0 || span.dropped.events > 0) && this.section("Events", span.events.length, h("ol", { class: "events" }, span.events.map((event) => this.event(event, span))), span.dropped.events),
      (span.links.length > 0 || span.dropped.links > 0) && this.section("Links", span.links.length, h("ol", { class: "events" }, span.links.map((link) => this.link(link))), span.dropped.links),
      this.section("Resource", span.resource.length, attributeList(span.resource, { name: "attributes of the resource" }), 0, false),
      h("dl", { class: "facts ids" },
        fact("Span id", [h("code", {}, format.label(span.id, 32)), copyButton(span.id, "the span id")]),
        span.parent_id && fact("Parent", model.index.has(span.parent_id) ? button("", { class: "link", on: { click: () => this.context.select(span.parent_id) } }, h("code", {}, span.parent_id)) : [h("code", {}, format.label(span.parent_id, 32)), " is not here"]),
        fact("Scope", `${format.label(span.scope.name, 80)} ${format.label(span.scope.version ?? "", 20)}`)));
  }

  section(name, count, content, dropped = 0, open = true) {
    return h("details", { class: "section", open },
      h("summary", {}, h("h3", {}, name), h("span", { class: "muted" }, format.count(count)), dropped > 0 && h("span", { class: "warn" }, `${format.count(dropped)} dropped`)),
      content);
  }

  event(event, span) {
    const at = Number(BigInt(event.time) - BigInt(span.start));
    const exception = event.attributes.find(({ key }) => key === "exception.message");
    return h("li", {}, h("details", {},
      h("summary", {}, h("span", { class: "at" }, `+${format.duration(at)}`), h("span", { class: exception ? "bad" : null }, format.label(event.name, 100)), exception && h("span", { class: "muted" }, format.label(exception.value, 100))),
      event.attributes.length ? attributeList(event.attributes, { name: "attributes of the event" }) : h("p", { class: "muted" }, "No attributes.")));
  }

  link(link) {
    const ids = h("code", {}, `${format.label(link.trace, 32)} · ${format.label(link.span, 16)}`);
    return h("li", {}, link.stored ? h("a", { href: address(`trace/${pathPart(link.trace)}`, { span: link.span }) }, ids) : [ids, h("span", { class: "muted" }, " not stored here")],
      link.attributes.length > 0 && attributeList(link.attributes, { name: "attributes of the link" }));
  }

  rollUp(roll) {
    const row = (child) => h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "named" }, roleIcon(child.role), button("", { class: "link", on: { click: () => this.context.select(child.id) } }, format.label(child.name, 80)))),
      h("td", { class: "number" }, format.duration(child.duration)),
      h("td", { class: "number" }, child.input === undefined ? "" : format.count(child.input)),
      h("td", { class: "number" }, child.output === undefined ? "" : format.count(child.output)));
    return h("section", { class: "section" },
      h("h3", {}, "Model calls below"),
      h("dl", { class: "facts" },
        [["Calls", format.count(roll.calls)], ["Tokens in", format.count(roll.input)], ["Tokens out", format.count(roll.output)], roll.cost !== undefined && ["Cost", format.cost(roll.cost)]]
          .filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      roll.children.length > 0 && h("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "Children" }, h("table", { class: "data" },
        h("caption", { class: "hidden" }, "Children of the span"),
        h("thead", {}, h("tr", {}, ["Child", "Duration", "Tokens in", "out"].map((name, index) => h("th", { scope: "col", class: index ? "number" : null }, name)))),
        h("tbody", {}, roll.children.map(row)))));
  }

  setWidth(width) {
    if (width > 0) this.element.style.setProperty("--width", `${width}px`);
  }

  drag(event) {
    event.preventDefault();
    this.grip.setPointerCapture(event.pointerId);
    const right = this.element.getBoundingClientRect().right;
    const move = ({ clientX }) => {
      const width = Math.round(Math.min(innerWidth - NARROWEST, Math.max(NARROWEST, right - clientX)));
      this.setWidth(width);
      try {
        localStorage.setItem(STORED_WIDTH, width);
      } catch {
        // Storage is disabled. The width lasts as long as the page.
      }
    };
    this.grip.addEventListener("pointermove", move);
    this.grip.addEventListener("pointerup", () => this.grip.removeEventListener("pointermove", move), { once: true });
  }
}

function stored() {
  try {
    return localStorage.getItem(STORED_WIDTH);
  } catch {
    return null;
  }
}
