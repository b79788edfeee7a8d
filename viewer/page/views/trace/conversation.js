// A model call: its messages, tokens, timing and cost.

import { attributeList, block, copyButton, facts, fmt, h, icon, longText, parsed } from "../../lib/index.js"

const CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"
// The answer is not complete after these.
const CUT_SHORT = /^(length|max_tokens|content_filter|safety|error)$/i

const PROVENANCE = {
	reported: "The provider reported these counts.",
	partial: "The provider reported some counts, or the response is incomplete.",
	estimated: "The counts are estimates: the provider reported none.",
	unknown: "The counts are unknown.",
}

// Parts of the input and of the output, by their name in the usage.
const PARTS = {
	input: [["cache_read", "read from the cache"], ["cache_write", "written to the cache"], ["audio_input", "audio"], ["image_input", "images"]],
	output: [["reasoning", "reasoning"], ["audio_output", "audio"], ["image_output", "images"]],
}

// Returns the sections of a model call. `attributes` are those of its span.
export function modelCall(call, attributes) {
	const { conversation, parameters } = call
	return [
		h("section.section", h("h3", "Model call"), callFacts(call), usageElement(call.usage), timing(call, attributes)),
		parameters?.length > 0 && h("details.section",
			h("summary", h("h3", "Parameters"), h("span.muted.summary-line", parameters.map(({ key, value }) => `${key.replace(/^gen_ai\.request\./, "")} ${fmt.label(JSON.stringify(value), 24)}`).join(" · "))),
			attributeList(parameters, "call")),
		h("section.section",
			h("div.bar", h("h3", "Conversation"), conversation.length > 0 && copyButton(() => JSON.stringify(conversation, null, 2), "the conversation")),
			conversation.length ? messageList(conversation) : noContent()),
	]
}

function callFacts({ request_model: asked, response_model: answered, provider, operation, finish_reasons: reasons, cost, tools_offered: tools }) {
	const model = fmt.label(asked ?? answered ?? "unknown", 60)
	return facts(
		["Model", asked && answered && answered !== asked ? `${model} → ${fmt.label(answered, 60)}` : model, "The model that was requested, and the one that answered if it differs"],
		provider && ["Provider", fmt.label(provider, 40)],
		operation && ["Operation", fmt.label(operation, 40)],
		reasons?.length > 0 && ["Finish reason", h("span", { class: reasons.some(reason => CUT_SHORT.test(reason)) ? "warn" : "" }, reasons.map(reason => fmt.label(reason, 40)).join(", "))],
		cost?.usd != null
			? ["Cost", fmt.cost(cost.usd), `$${cost.usd}`]
			: cost?.unpriced && ["Cost", h("span.warn", "unknown"), "No price is known"],
		cost?.reported != null && ["Cost, reported", fmt.cost(cost.reported), "The cost that the provider reported"],
		tools > 0 && ["Tools offered", fmt.count(tools)])
}

function usageElement(usage) {
	const { provenance } = usage
	const estimated = provenance === "estimated"
	const mark = h("span.mark", { class: provenance === "reported" ? "" : "warn", title: PROVENANCE[provenance] }, provenance)
	const sides = Object.entries(PARTS).filter(([side]) => usage[side] != null)
	if (!sides.length) return h("p", "Tokens ", mark, " ", h("span.muted", PROVENANCE[provenance]))
	const swatch = name => h("span.swatch", { class: `part-${name}` })
	const bar = []
	const legend = sides.map(([side, kinds]) => {
		const parts = kinds.filter(([name]) => usage[name] > 0).map(([name, title]) => [name, title, usage[name]])
		const rest = parts.reduce((left, [, , tokens]) => left - tokens, usage[side])
		if (rest > 0) parts.unshift([side, parts.length ? "other" : null, rest])
		bar.push(parts.map(([name, , tokens]) => h("span", { class: `part-${name}`, style: { "flex-grow": tokens } })))
		return h("dl", h("dt", swatch(side), side === "input" ? "Input" : "Output"), h("dd.strong", fmt.tokens(usage[side], estimated)),
			parts.filter(([, title]) => title).map(([name, title, tokens]) => [h("dt.sub", swatch(name), title), h("dd", fmt.tokens(tokens, estimated))]))
	})
	return h("div.usage", { class: estimated ? "estimated" : "" }, h("h4", "Tokens", mark), h("div.parts-bar", { "aria-hidden": "true" }, bar), h("div.legend", legend))
}

function timing({ timing: { first_chunk: first, total } = {}, usage }, attributes) {
	if (first == null || !total) return null
	const rest = Math.max(0, total - first)
	const speed = usage.output > 0 && rest > 0 && usage.output / (rest / 1e9)
	const text = attributes.find(({ key }) => key === "throughline.time_to_first_token")
	return h("div.usage", h("h4", "Timing"),
		h("div.parts-bar", { "aria-hidden": "true" }, h("span.part-wait", { style: { "flex-grow": first } }), h("span.part-output", { style: { "flex-grow": rest } })),
		facts(
			["First chunk", fmt.duration(first)],
			text && ["First text", fmt.duration(Number(text.value) * 1e9)],
			["Rest of the answer", fmt.duration(rest)],
			speed && ["Speed", `${speed < 100 ? speed.toFixed(1) : fmt.count(speed)} tokens/s`]))
}

function noContent() {
	return h("div.no-content",
		h("p", "Prompts and answers were not recorded. This is the default, because many people can read telemetry."),
		h("p", "To record them, start the program with ", h("code", CAPTURE), copyButton(CAPTURE, "the setting"), " or, in code, set ", h("code", "LlmLayer::with_capture"), "."))
}

function messageList(conversation) {
	const parts = conversation.flatMap(message => message.parts)
	const results = new Map(parts.filter(({ type, id }) => type === "tool_result" && id).map(part => [part.id, part]))
	const calls = new Set(parts.filter(({ type }) => type === "tool_call").map(({ id }) => id))
	// A result stands with its call. A message of such results alone is left out.
	const joined = part => part.type === "tool_result" && part.id && calls.has(part.id)
	const build = message => (message.parts.length && message.parts.every(joined) ? null : messageElement(message, message.parts.filter(part => !joined(part)), results))
	return h("ol.messages", conversation.map(build))
}

function messageElement({ role, name, source, finish_reason: reason }, parts, results) {
	const known = ["user", "assistant", "tool"].includes(role) ? role : "system"
	return h("li.message", { class: `message-${known}${source === "output" ? " answer" : ""}` },
		h("div.message-head", h("strong", fmt.label(role, 40)), name && h("span.muted", fmt.label(name, 60)), source === "output" && h("span.mark", "answer"), reason && h("span.muted", fmt.label(reason, 40))),
		parts.length ? parts.map(part => partElement(part, results)) : h("p.muted", "(no content)"))
}

function partElement(part, results) {
	const { type, id, text = "" } = part
	const plain = shown => h("div.prose", shown)
	if (type === "text") return parsed(text) == null ? longText(text, plain) : block(text)
	if (type === "reasoning") return folded("Reasoning", fmt.plural(text.length, "character"), longText(text, plain))
	if (type === "tool_call") {
		const result = id && results.get(id)
		return h("div.tool-call",
			h("div.tool-head", icon("tool", "tool call"), h("strong", fmt.label(part.name ?? "tool", 80)), id && h("code.muted", fmt.label(id, 40))),
			content(part.arguments, "No arguments."),
			result && h("div.tool-result", h("div.muted", "Result"), content(result.result, "(empty)")))
	}
	if (type === "tool_result") return h("div.tool-call", h("div.tool-head", icon("tool"), "Result", id && h("code.muted", fmt.label(id, 40))), content(part.result, "(empty)"))
	if (type === "media") {
		const { modality = "media", mime_type: kind, bytes, uri, digest } = part
		return h("div.media", h("strong", fmt.label(modality, 40)), h("span", [fmt.label(kind, 80), bytes != null && fmt.bytes(bytes), fmt.label(uri, 80)].filter(Boolean).join(" · ")),
			digest && [h("code.muted", fmt.label(digest, 24)), copyButton(digest, "the digest")], h("span.muted", "The data itself is not recorded."))
	}
	return folded("Other content", "", block(part.json ?? part))
}

function folded(title, note, body) {
	return h("details.folded-part", h("summary", title, h("span.muted", note)), body)
}

function content(value, none) {
	const missing = value == null || value === "" || (typeof value === "object" && !Object.keys(value).length)
	return missing ? h("p.muted", none) : block(value)
}
