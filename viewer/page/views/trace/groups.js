// The spans of a trace grouped by name, and the tokens by agent.

import { serviceClass } from "../../lib/colour.js";
import { button, h, replace } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { roleIcon } from "../../lib/icons.js";
import { sortableTable } from "../../lib/table.js";
import { byName } from "./merge.js";

const MOST_ROWS = 300;

export class Groups {
  constructor(parent, { model, search }) {
    this.model = model;
    this.search = search;
    this.box = h("div", { class: "groups" });
    parent.append(this.box);
    this.onData = () => this.draw();
    model.addEventListener("data", this.onData);
    this.draw();
  }

  destroy() {
    this.model.removeEventListener("data", this.onData);
  }

  draw() {
    const { model } = this;
    const groups = byName(model);
    const work = groups.reduce((sum, group) => sum + group.self, 0);
    const most = Math.max(1, ...groups.map(({ self }) => self));
    const number = (name, value, show, title) => ({ name, value, show, title, number: true });
    const columns = [
      { name: "Name", value: ({ name }) => name, show: (group) => h("span", { class: "named" }, roleIcon(group.role), button("", { class: "link", title: "Find these spans in the waterfall", on: { click: () => this.search(`"${group.name.replaceAll('"', "")}"`) } }, format.label(group.name, 120) || "(no name)")) },
      { name: "Service", value: ({ service }) => service, show: ({ service }) => h("span", { class: `service ${serviceClass(service)}` }, format.label(service, 60)) },
      number("Spans", ({ count }) => count, ({ count }) => format.count(count)),
      number("Total", ({ total }) => total, ({ total }) => format.duration(total)),
      number("Average", ({ total, count }) => total / count, ({ total, count }) => format.duration(total / count)),
      number("Longest", ({ longest }) => longest, ({ longest }) => format.duration(longest)),
      number("Self", ({ self }) => self, ({ self }) => h("span", { class: "took" }, h("span", { class: "share", style: { width: `${(100 * self) / most}%` } }), h("span", {}, format.duration(self))), "Time in the spans themselves, without their children"),
      number("Self %", ({ self }) => self, ({ self }) => format.percent(self, work), "Share of the self time of all spans"),
      number("Errors", ({ errors }) => errors, ({ errors }) => h("span", { class: errors ? "bad" : "none" }, format.count(errors))),
    ];
    if (model.hasTokens) {
      columns.push(
        number("Tokens in", ({ input }) => input, ({ input, calls }) => (calls ? format.count(input) : "")),
        number("out", ({ output }) => output, ({ output, calls }) => (calls ? format.count(output) : "")));
    }
    if (model.hasCost) columns.push(number("Cost", ({ cost }) => cost, ({ cost, calls }) => (calls ? format.cost(cost) : "")));
    const { roles } = model.data;
    replace(this.box,
      h("h2", {}, "Spans by name"),
      sortableTable({ caption: "Spans by name", columns, rows: groups, sort: 6, limit: MOST_ROWS }),
      roles.length > 0 && [
        h("h2", {}, "Tokens by agent"),
        sortableTable({ caption: "Tokens by agent", rows: roles, sort: 3, columns: [
          { name: "Agent", value: ({ name }) => name, show: ({ name, kind }) => [roleIcon(kind), " ", format.label(name, 100) || "(outside an agent)"] },
          number("Duration", ({ duration }) => duration, ({ duration }) => format.duration(duration)),
          number("Model calls", ({ calls }) => calls, ({ calls }) => format.count(calls)),
          number("Tokens in", ({ input }) => input, ({ input }) => format.count(input)),
          number("out", ({ output }) => output, ({ output }) => format.count(output)),
          number("Cost", ({ cost }) => cost, ({ cost }) => format.cost(cost)),
        ] }),
      ]);
  }
}
