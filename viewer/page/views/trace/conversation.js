// A model call: what was sent and answered, how much of it, how fast, and at what price.

import { button, copyButton, h, replace } from "../../lib/dom.js";
import * as format from "../../lib/format.js";
import { icon } from "../../lib/icons.js";
import { attributeList, block, longText } from "../../lib/values.js";
import { formatted } from "./prose.js";

/** In a longer conversation, the messages between the first and the last ones are folded. */
const MOST_MESSAGES = 14;
const FIRST_MESSAGES = 2;
const LAST_MESSAGES = 8;

const PROVENANCE = {
  reported: "The provider reported these counts.",
  partial: "The provider reported some counts, or the response is incomplete.",
  estimated: "The counts are estimates: the provider reported none.",
  unknown: "The counts are unknown.",
};

/** Parts of the input and of the output, by their name in the usage. The rest is plain text. */
const INPUT_PARTS = [["cache_read", "read from the cache"], ["cache_write", "written to the cache"], ["audio_input", "audio"], ["image_input", "images"], ["tool_use_input", "tools"]];
const OUTPUT_PARTS = [["reasoning", "reasoning"], ["audio_output", "audio"], ["image_output", "images"]];

/** Shows a model call as sections of the panel. */
export function modelCall(call, span, row) {
  return [
    h("section", { class: "section" },
      h("h3", {}, "Model call"),
      h("dl", { class: "facts" }, facts(call)),
      usage(call.usage),
      timing(call, span)),
    parameters(call),
    h("section", { class: "section conversation" },
      h("div", { class: "bar" }, h("h3", {}, "Conversation"), call.conversation.length > 0 && copyButton(() => JSON.stringify(call.conversation, null, 2), "the conversation")),
      call.content === "none" || call.conversation.length === 0 ? noContent() : messages(call.conversation, row)),
  ];
}

function facts(call) {
  const fact = (name, value, title) => h("div", { title }, h("dt", {}, name), h("dd", {}, value));
  const { cost } = call;
  const models = call.response_model && call.response_model !== call.request_model ? `${format.label(call.request_model ?? "?", 60)} → ${format.label(call.response_model, 60)}` : format.label(call.request_model ?? call.response_model ?? "unknown", 60);
  return [
    fact("Model", models, "The model that was requested, and the one that answered if it differs"),
    call.provider && fact("Provider", format.label(call.provider, 40)),
    call.operation && fact("Operation", format.label(call.operation, 40)),
    call.finish_reasons?.length > 0 && fact("Finish reason", h("span", { class: call.finish_reasons.some((reason) => /^(length|content_filter|max_tokens|error|safety)$/i.test(reason)) ? "warn" : null }, call.finish_reasons.map((reason) => format.label(reason, 40)).join(", "))),
    cost?.usd !== undefined
      ? fact("Cost", format.cost(cost.usd), `$${cost.usd}`)
      : cost?.unpriced?.length > 0 && fact("Cost", h("span", { class: "warn" }, "unknown"), `No price for: ${cost.unpriced.join(", ")}`),
    cost?.reported !== undefined && fact("Cost, reported", format.cost(cost.reported), "The cost that the provider reported"),
    call.tools_offered > 0 && fact("Tools offered", format.count(call.tools_offered)),
  ];
}

function parameters(call) {
  if (!call.parameters?.length) return null;
  return h("details", { class: "section" }, h("summary", {}, h("h3", {}, "Parameters"), h("span", { class: "muted summary-line" }, call.parameters.map(({ key, value }) => `${key.replace(/^gen_ai\.request\./, "")} ${format.label(typeof value === "string" ? value : JSON.stringify(value), 24)}`).join(" · "))), attributeList(call.parameters, { name: "parameters" }));
}

function split(total, parts, usage, rest) {
  const shown = parts.filter(([name]) => usage[name] > 0).map(([name, title]) => ({ name, title, tokens: usage[name] }));
  const known = shown.reduce((sum, { tokens }) => sum + tokens, 0);
  const other = Math.max(0, total - known);
  return other > 0 || shown.length === 0 ? [{ name: rest, title: shown.length ? "other" : "", tokens: other }, ...shown] : shown;
}

function usage(usage) {
  const estimated = usage.provenance === "estimated";
  const note = h("span", { class: `mark provenance-${usage.provenance}`, title: PROVENANCE[usage.provenance] }, usage.provenance);
  if (usage.input === undefined && usage.output === undefined) {
    return h("p", { class: "usage-none" }, "Tokens ", note, " ", h("span", { class: "muted" }, PROVENANCE[usage.provenance] ?? ""));
  }
  const sides = [["input", "Input", INPUT_PARTS], ["output", "Output", OUTPUT_PARTS]].filter(([name]) => usage[name] !== undefined);
  const total = Math.max(1, sides.reduce((sum, [name]) => sum + usage[name], 0));
  const bar = [];
  const legend = [];
  for (const [side, title, parts] of sides) {
    const pieces = split(usage[side], parts, usage, side);
    for (const piece of pieces) bar.push(h("span", { class: `part part-${piece.name}`, style: { "flex-grow": piece.tokens / total } }));
    legend.push(h("div", { class: "legend-side" },
      h("dt", {}, h("span", { class: `swatch part-${side}` }), title),
      h("dd", { class: "number strong" }, format.tokens(usage[side], estimated)),
      pieces.filter(({ title: each }) => each).map((piece) => [h("dt", { class: "sub" }, h("span", { class: `swatch part-${piece.name}` }), piece.title), h("dd", { class: "number" }, format.tokens(piece.tokens, estimated))])));
  }
  return h("div", { class: `usage${estimated ? " estimated" : ""}` },
    h("div", { class: "usage-head" }, h("h4", {}, "Tokens"), note),
    h("div", { class: "usage-bar", "aria-hidden": "true" }, bar),
    h("dl", { class: "legend" }, legend));
}

function timing(call, span) {
  const { first_chunk: first, chunks, total } = call.timing ?? {};
  if (first === undefined || !total) return null;
  const rest = Math.max(0, total - first);
  const speed = call.usage.output > 0 && rest > 0 ? call.usage.output / (rest / 1e9) : null;
  const other = span.attributes.find(({ key }) => key === "throughline.time_to_first_token");
  return h("div", { class: "timing" },
    h("h4", {}, "Timing"),
    h("div", { class: "timing-bar", "aria-hidden": "true" }, h("span", { class: "before", style: { "flex-grow": first / total } }), h("span", { class: "after", style: { "flex-grow": rest / total } })),
    h("dl", { class: "facts" },
      [["First chunk", format.duration(first)], other && ["First text", format.duration(Number(other.value) * 1e9)], ["Rest of the answer", format.duration(rest)], chunks !== undefined && ["Chunks", format.count(chunks)], speed && ["Speed", `${speed < 100 ? speed.toFixed(1) : format.count(speed)} tokens/s`]]
        .filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

function noContent() {
  return h("div", { class: "no-content" },
    h("p", {}, "Prompts and answers were not recorded. This is the default, because telemetry leaves the process and many people can read it."),
    h("p", {}, "To record them, start the program with"),
    h("p", {}, h("code", { class: "wrap" }, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"), copyButton("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY", "the setting")),
    h("p", {}, "or, in code, set ", h("code", {}, "LlmLayer::with_capture"), "."));
}

function messages(conversation) {
  const results = new Map();
  const calls = new Set();
  for (const message of conversation) {
    for (const part of message.parts) {
      if (part.type === "tool_result" && part.id) results.set(part.id, part);
      if (part.type === "tool_call" && part.id) calls.add(part.id);
    }
  }
  const joined = new Set();
  const build = (message) => {
    // A result stands with its call, so that a message of such results alone says nothing more.
    const parts = message.parts.filter((part) => !(part.type === "tool_result" && calls.has(part.id)));
    if (parts.length === 0 && message.parts.length > 0) return null;
    return messageElement(message, parts, results, joined);
  };
  const list = h("ol", { class: "messages" });
  const draw = (whole) => {
    joined.clear();
    if (whole || conversation.length <= MOST_MESSAGES) return replace(list, conversation.map(build));
    const hidden = conversation.length - FIRST_MESSAGES - LAST_MESSAGES;
    return replace(list,
      conversation.slice(0, FIRST_MESSAGES).map(build),
      h("li", { class: "folded" }, button(`Show ${format.count(hidden)} messages between`, { on: { click: () => draw(true) } })),
      conversation.slice(-LAST_MESSAGES).map(build));
  };
  draw(false);
  return list;
}

function messageElement(message, parts, results, joined) {
  const known = ["system", "user", "assistant", "tool"].includes(message.role) ? message.role : "other";
  const output = message.source === "output";
  return h("li", { class: `message message-${known}${output ? " answer" : ""}` },
    h("div", { class: "message-head" },
      h("span", { class: "message-role" }, format.label(message.role, 40)),
      message.name && h("span", { class: "muted" }, format.label(message.name, 60)),
      output && h("span", { class: "mark" }, "answer"),
      message.finish_reason && h("span", { class: "muted" }, format.label(message.finish_reason, 40))),
    parts.length === 0 && h("p", { class: "muted" }, "(no content)"),
    parts.map((part) => partElement(part, results, joined)));
}

function partElement(part, results, joined) {
  if (part.type === "text") return textPart(part.text ?? "");
  if (part.type === "reasoning") {
    return h("details", { class: "reasoning" }, h("summary", {}, "Reasoning", h("span", { class: "muted" }, ` ${format.plural((part.text ?? "").length, "character")}`)), longText(part.text ?? "", (shown) => h("div", { class: "prose plain" }, shown)));
  }
  if (part.type === "tool_call") {
    const result = part.id && !joined.has(part.id) ? results.get(part.id) : undefined;
    if (result) joined.add(part.id);
    return h("div", { class: "tool-call" },
      h("div", { class: "tool-head" }, icon("tool", "tool call"), h("strong", {}, format.label(part.name ?? "tool", 80)), part.id && h("code", { class: "muted" }, format.label(part.id, 40))),
      hasContent(part.arguments) ? block(part.arguments) : h("p", { class: "muted" }, "No arguments."),
      result && h("div", { class: "tool-result" }, h("div", { class: "tool-head muted" }, "Result"), hasContent(result.result) ? block(result.result) : h("p", { class: "muted" }, "(empty)")));
  }
  if (part.type === "tool_result") {
    return h("div", { class: "tool-call tool-result" }, h("div", { class: "tool-head" }, icon("tool"), "Result", part.id && h("code", { class: "muted" }, format.label(part.id, 40))), hasContent(part.result) ? block(part.result) : h("p", { class: "muted" }, "(empty)"));
  }
  if (part.type === "media") {
    const facts = [part.mime_type, part.bytes !== undefined && format.bytes(part.bytes), part.uri && format.label(part.uri, 80)].filter(Boolean);
    return h("div", { class: "media" }, h("strong", {}, format.label(part.modality ?? "media", 40)), h("span", {}, facts.map((each) => format.label(each, 80)).join(" · ")), part.digest && [h("code", { class: "muted" }, format.label(part.digest, 24)), copyButton(part.digest, "the digest")], h("span", { class: "muted" }, "The data itself is not recorded."));
  }
  return h("details", { class: "reasoning" }, h("summary", {}, "Other content"), block(part.json ?? part));
}

function textPart(text) {
  const box = h("div", { class: "prose-box" });
  const plain = formatted(text) === null;
  const draw = (asWritten) =>
    replace(box,
      longText(text, (shown) => (asWritten || plain ? h("div", { class: "prose plain" }, shown) : formatted(shown) ?? h("div", { class: "prose plain" }, shown))),
      !plain && button(asWritten ? "Formatted" : "As written", { class: "as-written quiet", on: { click: () => draw(!asWritten) } }));
  draw(false);
  return box;
}

function hasContent(value) {
  return !(value === undefined || value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0));
}
