// The newest logs of all services.

import { get } from "../lib/api.js";
import { debounce, h, replace, throttle } from "../lib/dom.js";
import * as format from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { bind } from "../lib/keys.js";
import { live } from "../lib/live.js";
import { LogList } from "../lib/loglist.js";
import { failure } from "../lib/messages.js";
import { address, location, rewrite } from "../lib/router.js";

const LIMIT = 1000;
const REFRESH_MILLISECONDS = 1000;
const TYPING_MILLISECONDS = 250;

export class LogsView {
  constructor(main, query) {
    this.controller = null;
    main.classList.add("logs-page");
    this.q = h("input", { type: "search", placeholder: "Search in logs", "aria-label": "Search in logs", spellcheck: "false", autocomplete: "off", maxlength: 1000 });
    this.service = h("select", { "aria-label": "Service" }, h("option", { value: "" }, "All services"));
    this.count = h("span", { class: "muted", role: "status" });
    this.message = h("div", {});
    this.box = h("div", { class: "logs-box" });
    this.typed = debounce(TYPING_MILLISECONDS, () => {
      rewrite(address("logs", { q: this.q.value.trim(), service: this.service.value }));
      this.update(location().query);
    });
    replace(main,
      h("h1", { class: "hidden" }, "Logs"),
      h("form", { class: "search", role: "search", on: { submit: (event) => event.preventDefault(), input: () => this.typed() } },
        h("div", { class: "search-bar" }, h("div", { class: "search-box" }, icon("search"), this.q), this.service, this.count)),
      this.message, this.box);
    this.list = new LogList(this.box, { place: (log) => format.time(log.time), placeTitle: "Time" });
    this.refresh = throttle(REFRESH_MILLISECONDS, () => this.load());
    this.onState = ({ detail }) => this.setServices(detail.services);
    live.addEventListener("traces", this.refresh);
    live.addEventListener("resync", this.refresh);
    live.addEventListener("state", this.onState);
    this.unbind = bind("Logs", [{ keys: ["/", "ctrl+b"], text: "Search", always: true, run: (event) => (event.target.matches("input, select") ? false : this.q.focus()) }]);
    get("state").then(({ services }) => this.setServices(services), () => {});
    this.update(query);
  }

  destroy() {
    this.controller?.abort();
    this.refresh.cancel();
    this.typed.cancel();
    this.list.destroy();
    this.unbind();
    live.removeEventListener("traces", this.refresh);
    live.removeEventListener("resync", this.refresh);
    live.removeEventListener("state", this.onState);
  }

  setServices(services) {
    const wanted = this.query?.get("service") ?? "";
    const names = [...new Set([...services, ...(wanted ? [wanted] : [])])].sort();
    if (names.length === this.service.options.length - 1 && this.service.value === wanted) return;
    replace(this.service, h("option", { value: "" }, "All services"), names.map((name) => h("option", { value: name }, format.label(name, 60))));
    this.service.value = wanted;
  }

  update(query) {
    this.query = query;
    const q = query.get("q") ?? "";
    if (this.q.value.trim() !== q) this.q.value = q;
    if (query.get("service")) this.setServices([...this.service.options].slice(1).map(({ value }) => value));
    this.load();
  }

  async load() {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      const { logs } = await get("logs", { limit: LIMIT, q: this.query.get("q"), service: this.query.get("service") }, controller.signal);
      const filtered = this.query.get("q") || this.query.get("service");
      this.box.hidden = logs.length === 0;
      this.count.textContent = logs.length ? (logs.length === LIMIT ? `newest ${format.count(LIMIT)}` : format.plural(logs.length, "record")) : "";
      replace(this.message, logs.length === 0 && h("div", { class: "empty" }, h("h2", {}, filtered ? "No log matches" : "No logs yet"), h("p", {}, filtered ? "Clear the search to see all logs." : ["Send logs over OTLP to see them here. With Throughline, add ", h("code", {}, ".with(telemetry.log_layer())"), " to the subscriber."])));
      this.list.set(logs);
    } catch (error) {
      if (error.name === "AbortError" || (error.status === 0 && this.list.logs.length)) return;
      this.box.hidden = true;
      replace(this.message, failure("The logs cannot be shown.", error, () => this.load()));
    }
  }
}
