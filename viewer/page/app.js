// The page: header, navigation, notices, and the view that the address names.

import { connection, isReachable } from "./lib/api.js";
import { nextTheme, theme } from "./lib/colour.js";
import { button, h, replace } from "./lib/dom.js";
import { bytes, count, plural } from "./lib/format.js";
import { icon } from "./lib/icons.js";
import { bind, listen, showHelp } from "./lib/keys.js";
import { live, start as startLive } from "./lib/live.js";
import { address, location, navigate, start as startRouter } from "./lib/router.js";
import { CompareView } from "./views/compare.js";
import { LogsView } from "./views/logs.js";
import { TokensView } from "./views/tokens.js";
import { TraceView } from "./views/trace.js";
import { TracesView } from "./views/traces.js";

const ROUTES = [
  [/^$/, TracesView, "Traces"],
  [/^trace\/([^/]+)$/, TraceView, "Trace"],
  [/^tokens$/, TokensView, "Tokens"],
  [/^logs$/, LogsView, "Logs"],
  [/^compare$/, CompareView, "Compare"],
];
const LINKS = [["", "Traces"], ["tokens", "Tokens"], ["logs", "Logs"], ["compare", "Compare"]];

const main = document.querySelector("main");
const notice = document.querySelector(".notice");
let view = null;
let shown = "";

function header() {
  const state = h("span", { class: "store" });
  live.addEventListener("state", ({ detail }) => showState(state, detail));
  const themeButton = button("", { class: "quiet" });
  const showTheme = () => {
    const name = theme();
    replace(themeButton, icon({ auto: "auto", light: "sun", dark: "moon" }[name]));
    themeButton.setAttribute("aria-label", `Theme: ${name}`);
    themeButton.title = `Theme: ${name}`;
  };
  themeButton.addEventListener("click", () => {
    nextTheme();
    showTheme();
  });
  showTheme();
  replace(
    document.querySelector("header"),
    h("a", { class: "brand", href: address("") }, h("img", { src: "assets/icon.svg", alt: "", width: 20, height: 20 }), h("span", {}, "Throughline")),
    h("nav", { "aria-label": "Pages" }, LINKS.map(([path, name]) => h("a", { href: address(path), "data-path": path }, name))),
    state,
    themeButton,
    button("?", { class: "quiet", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts", on: { click: showHelp } }),
  );
}

function showState(element, state) {
  const lost = state.dropped.spans + state.dropped.logs + state.dropped.points;
  const parts = [
    h("span", { class: "wide-only" }, `${plural(state.traces, "trace")} · ${plural(state.spans, "span")} · `),
    h("span", { class: "wide-only", title: "Memory in use, and its limit. The oldest traces are removed first." }, `${bytes(state.bytes)} of ${bytes(state.max_bytes)}`),
  ];
  if (state.dropped.traces_evicted) {
    parts.push(h("span", { class: "wide-only" }, ` · ${plural(state.dropped.traces_evicted, "old trace")} removed`));
  }
  if (lost) {
    parts.push(h("span", { class: "warn", title: `Dropped: ${plural(state.dropped.spans, "span")}, ${plural(state.dropped.logs, "log")}, ${plural(state.dropped.points, "metric point")}` }, ` ${count(lost)} dropped`));
  }
  if (state.rejected) parts.push(h("span", { class: "warn", title: "Requests or items that were not valid OTLP" }, ` ${count(state.rejected)} rejected`));
  replace(element, parts);
}

function showConnection() {
  notice.classList.toggle("shown", !isReachable());
  replace(notice, isReachable() ? null : [icon("error"), ` The viewer at ${document.baseURI} does not answer. This page shows what it read before, and tries again.`]);
}

function show() {
  const { path, query } = location();
  const route = ROUTES.map(([pattern, View, name]) => [path.match(pattern), View, name]).find(([match]) => match);
  for (const link of document.querySelectorAll("nav a")) {
    const current = link.dataset.path === path || (link.dataset.path === "" && path.startsWith("trace/"));
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view && shown === path) return view.update(query);
  view?.destroy();
  const first = shown === "" && view === null;
  shown = path;
  if (!route) {
    view = { update() {}, destroy() {} };
    document.title = "Not found · Throughline";
    replace(main, h("div", { class: "empty" }, h("h1", {}, "No such page"), h("p", {}, "There is nothing at this address. ", h("a", { href: address("") }, "See all traces"), ".")));
    return;
  }
  const [match, View, name] = route;
  document.title = `${name} · Throughline`;
  main.replaceChildren();
  main.className = "";
  view = new View(main, query, match[1] && decodeURIComponent(match[1]));
  if (!first) main.focus({ preventScroll: true });
}

header();
connection.addEventListener("change", showConnection);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
bind("Anywhere", [
  { keys: ["?"], text: "Show the keyboard shortcuts", run: showHelp },
  { keys: ["g t"], text: "Go to the traces", run: () => navigate(address("")) },
  { keys: ["g k"], text: "Go to the tokens", run: () => navigate(address("tokens")) },
  { keys: ["g l"], text: "Go to the logs", run: () => navigate(address("logs")) },
]);
listen();
startLive();
startRouter(show);
