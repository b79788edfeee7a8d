// What the page says when there is nothing to show.

import { button, copyButton, h } from "./dom.js";
import { icon } from "./icons.js";

export function failure(what, error, retry) {
  return h("div", { class: "empty", role: "alert" },
    h("h2", {}, icon("error"), " ", what),
    h("p", {}, error.message),
    retry && h("p", {}, button("Try again", { on: { click: retry } })));
}

/** How to send traces to this viewer. */
export function emptyStore() {
  const own = new URL(document.baseURI);
  const settings = [
    ["A program in any language, OTLP over gRPC", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"],
    ["The same, OTLP over HTTP", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"],
    ["A service with Throughline, without a network", "OTEL_TRACES_EXPORTER=viewer"],
    ["A file that the exporter `file` wrote", "throughline-viewer open trace.jsonl"],
  ];
  return h("div", { class: "empty" },
    h("h2", {}, "No traces yet"),
    h("p", {}, `Traces appear here as they arrive at ${own.host}. To send some:`),
    h("dl", { class: "setup" }, settings.map(([title, text]) => [h("dt", {}, title), h("dd", {}, h("code", {}, text), copyButton(text, title))])));
}

export function loading(text = "Loading") {
  return h("p", { class: "empty loading", role: "status" }, `${text} …`);
}
