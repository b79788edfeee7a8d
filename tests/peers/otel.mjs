// A help desk that OpenTelemetry's SDK for JavaScript observes, by the variables OTEL_*.
//
// Sends the same as `otel.py`. Prints the id of the trace.

import { createRequire } from "node:module";

// The SDK is installed elsewhere.
const require = createRequire(`${process.argv[2]}/`);
const { SpanKind, SpanStatusCode, TraceFlags, metrics, trace } = require("@opentelemetry/api");
const { SeverityNumber, logs } = require("@opentelemetry/api-logs");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const SYSTEM = [{ type: "text", content: "You are a help desk." }];
const QUESTION = [{ role: "user", parts: [{ type: "text", content: "Wie viele Anfragen? 有多少？ 🙂" }] }];
const ANSWER = [{ role: "assistant", finish_reason: "stop", parts: [{ type: "text", content: "14." }] }];
const VALUES = { bool: true, int: 9007199254740991, double: 0.25, texts: ["a", "b"], numbers: [1, 2, 3], empty: "" };
const CALL = {
	"gen_ai.operation.name": "chat",
	"gen_ai.provider.name": "openai",
	"gen_ai.request.model": "gpt-4o",
	"gen_ai.request.temperature": 0.5,
	"gen_ai.response.finish_reasons": ["stop"],
	"gen_ai.usage.input_tokens": 1200,
	"gen_ai.usage.output_tokens": 80,
	"gen_ai.system_instructions": JSON.stringify(SYSTEM),
	"gen_ai.input.messages": JSON.stringify(QUESTION),
	"gen_ai.output.messages": JSON.stringify(ANSWER),
};

const sdk = new NodeSDK();
sdk.start();
const tracer = trace.getTracer("desk", "1.2.3");
const promptSize = metrics.getMeter("desk").createCounter("prompt_size", { unit: "{token}" });
const other = { traceId: "abc".padStart(32, "0"), spanId: "def".padStart(16, "0"), traceFlags: TraceFlags.SAMPLED, isRemote: true };
tracer.startActiveSpan("POST /ask", { kind: SpanKind.SERVER, attributes: { "http.request.method": "POST" }, links: [{ context: other }] }, root => {
	console.log(root.spanContext().traceId);
	const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Clerk" };
	tracer.startActiveSpan("invoke_agent Clerk", { attributes: agent }, span => {
		tracer.startActiveSpan("chat gpt-4o", { kind: SpanKind.CLIENT, attributes: CALL }, call => {
			logs.getLogger("desk").emit({ severityNumber: SeverityNumber.WARN, severityText: "WARN", body: "the queue is long: 14" });
			call.end();
		});
		span.addEvent("decided", { by: "model" });
		promptSize.add(1200, { direction: "input" });
		promptSize.add(80, { direction: "output" });
		span.end();
	});
	tracer.startActiveSpan("charge", { attributes: VALUES }, span => {
		span.recordException(new TypeError("card declined"));
		span.setStatus({ code: SpanStatusCode.ERROR, message: "card declined" });
		span.end();
	});
	root.end();
});
await sdk.shutdown();
