// The logs of a trace, in order.

import { get, pathPart } from "../../lib/api.js";
import { h, replace, throttle } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { LogList } from "../../lib/loglist.js";
import { failure } from "../../lib/messages.js";

const REFRESH_MILLISECONDS = 1000;

export class TraceLogs {
  constructor(parent, { model }, id) {
    this.model = model;
    this.id = id;
    this.message = h("div", {});
    this.box = h("div", { class: "logs-box" });
    parent.append(this.message, this.box);
    this.list = new LogList(this.box, {
      place: (log) => (log.at === undefined ? format.time(log.time) : format.duration(log.at)),
      placeTitle: "After",
      trace: id,
      highlight: () => model.selected,
    });
    this.controller = new AbortController();
    this.refresh = throttle(REFRESH_MILLISECONDS, () => this.load());
    this.onSelect = () => this.list.rows.refresh();
    model.addEventListener("data", this.refresh);
    model.addEventListener("select", this.onSelect);
    this.load();
  }

  destroy() {
    this.controller.abort();
    this.refresh.cancel();
    this.list.destroy();
    this.model.removeEventListener("data", this.refresh);
    this.model.removeEventListener("select", this.onSelect);
  }

  async load() {
    try {
      const { logs } = await get(`traces/${pathPart(this.id)}/logs`, {}, this.controller.signal);
      this.box.hidden = logs.length === 0;
      replace(this.message, logs.length === 0 && h("div", { class: "empty" }, h("h2", {}, "No logs in this trace"), h("p", {}, "Logs that are recorded inside a span appear here: send them over OTLP, with Throughline by ", h("code", {}, ".with(telemetry.log_layer())"), ".")));
      this.list.set(logs);
    } catch (error) {
      if (error.name !== "AbortError") replace(this.message, failure("The logs cannot be shown.", error, () => this.load()));
    }
  }
}
