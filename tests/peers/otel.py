"""A help desk that OpenTelemetry's SDK for Python observes: otel.py grpc|http/protobuf ENDPOINT SERVICE

Sends a trace, a log record and the counter prompt_size. Prints the id of the trace.
"""

import json
import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SYSTEM = [{"type": "text", "content": "You are a help desk."}]
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "Wie viele Anfragen? 有多少？ 🙂"}]}]
ANSWER = [{"role": "assistant", "finish_reason": "stop", "parts": [{"type": "text", "content": "14."}]}]
VALUES = {
    "bool": True,
    "int": 9007199254740993,
    "double": 0.25,
    "texts": ["a", "b"],
    "numbers": [1, 2, 3],
    "empty": "",
}
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 80,
    "gen_ai.system_instructions": json.dumps(SYSTEM),
    "gen_ai.input.messages": json.dumps(QUESTION),
    "gen_ai.output.messages": json.dumps(ANSWER),
}


def main(protocol, endpoint, service):
    resource = Resource.create({"service.name": service})
    if protocol == "grpc":
        spans, logs, points = (new(endpoint=endpoint, insecure=True) for new in (GrpcSpans, GrpcLogs, GrpcMetrics))
    else:
        signals = zip((HttpSpans, HttpLogs, HttpMetrics), ("traces", "logs", "metrics"))
        spans, logs, points = (new(endpoint=f"{endpoint}/v1/{signal}") for new, signal in signals)
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    loggers = LoggerProvider(resource=resource)
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs))
    meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(points)])
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    log = logging.getLogger("desk")
    log.addHandler(LoggingHandler(logger_provider=loggers))
    desk(log)
    for provider in (tracers, loggers, meters):
        provider.shutdown()


def desk(log):
    tracer = trace.get_tracer("desk", "1.2.3")
    other = trace.SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=True)
    root = tracer.start_as_current_span(
        "POST /ask", kind=trace.SpanKind.SERVER, attributes={"http.request.method": "POST"}, links=[trace.Link(other)]
    )
    prompt_size = metrics.get_meter("desk").create_counter("prompt_size", unit="{token}")
    with root as span:
        print(f"{span.get_span_context().trace_id:032x}")
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Clerk"}
        with tracer.start_as_current_span("invoke_agent Clerk", attributes=agent) as span:
            with tracer.start_as_current_span("chat gpt-4o", kind=trace.SpanKind.CLIENT, attributes=CALL):
                log.warning("the queue is long: %s", 14)
            span.add_event("decided", {"by": "model"})
            prompt_size.add(1200, {"direction": "input"})
            prompt_size.add(80, {"direction": "output"})
        try:
            with tracer.start_as_current_span("charge", attributes=VALUES):
                raise ValueError("card declined")
        except ValueError:
            pass


main(*sys.argv[1:])
