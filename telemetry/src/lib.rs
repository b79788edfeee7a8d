//! Configuration, exporters, sampling and shutdown for OpenTelemetry in one call.
//!
//! The layers of Throughline record through OpenTelemetry's API and know no exporter. This crate is the other side: it
//! installs the global tracer provider, meter provider and W3C propagator, and ends them within a deadline.
//!
//! ```
//! use throughline_telemetry::{Exporter, TelemetryConfig, init};
//!
//! let config = TelemetryConfig::default()
//!     .with_enabled(true)
//!     .with_service_name("shop")
//!     .with_exporter(Exporter::Console);
//! let telemetry = init(config)?;
//! // … serve …
//! telemetry.shutdown_or_warn();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Configuration
//! [`TelemetryConfig::default`] is off. A program that calls [`init_from_env`] stays off until its environment says
//! otherwise. Later sources win: defaults, the file that `THROUGHLINE_CONFIG` names, the variables, code.
//!
//! | field | keys of a file | variable | default |
//! |---|---|---|---|
//! | [`enabled`](TelemetryConfig::enabled) | `tracing.enabled`, `enable_tracing` | see below | `false` |
//! | [`service_name`](TelemetryConfig::service_name) | `service_name` | `OTEL_SERVICE_NAME` | `unknown_service:` and the program |
//! | [`exporter`](TelemetryConfig::exporter) | `tracing.exporter`, `exporter`; `metrics_exporter`, `logs_exporter` | `OTEL_{TRACES,METRICS,LOGS}_EXPORTER` | `console`; see below |
//! | [`endpoint`](TelemetryConfig::endpoint) | `tracing.endpoint`, `otlp_endpoint` | `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_ENDPOINT` | `http://127.0.0.1:4317`, for HTTP `:4318` |
//! | [`protocol`](TelemetryConfig::protocol) | `protocol` | `OTEL_EXPORTER_OTLP_PROTOCOL`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_PROTOCOL` | `http/protobuf` if the endpoint has the port 4318 or a path, else `grpc` |
//! | [`compression`](TelemetryConfig::compression) | `compression` | `OTEL_EXPORTER_OTLP_COMPRESSION`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_COMPRESSION` | `none` |
//! | [headers](TelemetryConfig::with_header) | | `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_HEADERS` | none |
//! | time for one delivery over OTLP | | the shorter of `OTEL_EXPORTER_OTLP_TIMEOUT`, or its form for one signal, and `OTEL_{BSP,BLRP}_EXPORT_TIMEOUT`, `OTEL_METRIC_EXPORT_TIMEOUT`; in ms, 0 is no limit | 10 s |
//! | queues and batches of spans and log records | | `OTEL_{BSP,BLRP}_{SCHEDULE_DELAY,MAX_QUEUE_SIZE,MAX_EXPORT_BATCH_SIZE}` | 5 s for spans, 1 s for log records; 2048; 512 |
//! | time between two exports of metrics | | `OTEL_METRIC_EXPORT_INTERVAL`, in ms | 60 s |
//! | temporality of metrics over OTLP | | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`: `cumulative`, `delta` or `lowmemory` | `cumulative` |
//! | attributes, events and links of a span | | `OTEL_SPAN_{ATTRIBUTE,EVENT,LINK}_COUNT_LIMIT`, `OTEL_ATTRIBUTE_COUNT_LIMIT`, `OTEL_{EVENT,LINK}_ATTRIBUTE_COUNT_LIMIT` | 128 |
//! | [`sampling_rate`](TelemetryConfig::sampling_rate) | `sampling_rate` (0.0 to 1.0), `random_sampling` (0 to 100) | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `1.0` |
//! | [`parent_based`](TelemetryConfig::parent_based) | | `OTEL_TRACES_SAMPLER` | `true` |
//! | [`tokenizer_target_model`](TelemetryConfig::tokenizer_target_model) | `tracing.tokenizer_target_model` | `THROUGHLINE_TOKENIZER_TARGET_MODEL` | `gpt-4` |
//! | [`propagators`](TelemetryConfig::propagators) | `propagators` | `OTEL_PROPAGATORS` | `tracecontext,baggage` |
//! | [`attribute_value_length_limit`](TelemetryConfig::attribute_value_length_limit) | `attribute_value_length_limit` | `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT` | none |
//! | [`service_version`](TelemetryConfig::service_version) | `service_version` | `OTEL_RESOURCE_ATTRIBUTES` | none |
//! | [`resource_attributes`](TelemetryConfig::resource_attributes) | `resource_attributes.KEY` | `OTEL_RESOURCE_ATTRIBUTES` | see below |
//! | [start-up hook](TelemetryConfig::with_startup_hook) | `startup_hook` | `THROUGHLINE_STARTUP_HOOK` | none |
//! | [`file`](TelemetryConfig::file) | `file.path`, `file.max_bytes`, `file.max_files` | `THROUGHLINE_FILE_PATH` | `throughline-{pid}.jsonl`, 100 MiB, 5 |
//! | [`max_queue_bytes`](TelemetryConfig::max_queue_bytes) | `max_queue_bytes` | `THROUGHLINE_MAX_QUEUE_BYTES` | 64 MiB |
//! | [`max_request_bytes`](TelemetryConfig::max_request_bytes) | `max_request_bytes` | `THROUGHLINE_MAX_REQUEST_BYTES` | 4 MiB |
//! | [`prometheus_listen`](TelemetryConfig::prometheus_listen) | `prometheus.listen` | `OTEL_EXPORTER_PROMETHEUS_HOST`, `OTEL_EXPORTER_PROMETHEUS_PORT` | `127.0.0.1:9464` |
//! | [`tls`](TelemetryConfig::tls) | `tls.certificate`, `tls.client_certificate`, `tls.client_key` | `OTEL_EXPORTER_OTLP_{CERTIFICATE,CLIENT_CERTIFICATE,CLIENT_KEY}` and their forms for one signal | the system's roots |
//! | [`sampling_rules`](TelemetryConfig::sampling_rules) | `sampling_rules.ROUTE` | | none |
//! | [`tail`](TelemetryConfig::tail) | `tail.errors`, `tail.slower_than_ms`, `tail.max_spans` | | none |
//!
//! A file is JSON, or TOML if its name ends in `.toml`; nested tables and dotted keys mean the same. Of its sampling rules
//! the most exact decides: a route before a pattern, a longer pattern before a shorter.
//!
//! ```
//! # let text = r#"
//! service_name = "shop"
//! startup_hook = "MyLibrary:setup_tracing" # given to register_startup_hook before
//! propagators = ["tracecontext", "baggage", "b3"]
//! sampling_rate = 0.1
//! sampling_rules = { "/health" = 0.0, "/pay/*" = 1.0 }
//!
//! [tracing]
//! enabled = true
//! exporter = "otlp"
//! endpoint = "http://127.0.0.1:4317"
//!
//! [tail] # kept though not sampled
//! errors = true
//! slower_than_ms = 500
//!
//! [resource_attributes]
//! "deployment.environment.name" = "staging"
//! # "#;
//! # throughline_telemetry::TelemetryConfig::from_toml_str(text)?;
//! # Ok::<(), throughline_telemetry::InitError>(())
//! ```
//!
//! # Values that are not accepted
//! **In code and in a file** an unknown key and a value that is not accepted are an [`InitError`] that names the place, the
//! key, the value and what is accepted. So is a file that cannot be read.
//!
//! **In the environment** they are ignored with a warning, [as the specification
//! says](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/), and the program goes on:
//!
//! | variable | what counts | what is ignored |
//! |---|---|---|
//! | any | without the spaces around it; empty is unset | |
//! | Boolean | `true` in any case is true | anything else but `false` is false, with a warning |
//! | name out of a set, such as a sampler | in any case | an unknown name, and one whose feature is not compiled in |
//! | list of names, such as propagators | the members that are known | each other member |
//! | headers | the members that can be sent | each other member |
//! | endpoint | an `http` or `https` URL; `host:port` if `OTEL_EXPORTER_OTLP_INSECURE`, or its form for the signal, is `true` | any other |
//! | exporters | the first member that is known: a signal has one exporter | each other member |
//! | number | within its range: a delay and a queue from 1, a timeout and a limit from 0, up to 2147483647; a queue up to 1000000 | any other, and a batch that is larger than its queue |
//! | certificate, start-up hook | if it is there | one that is not |
//! | of the specification and without effect here, such as `OTEL_LOG_LEVEL` | | any value, which the warning explains |
//!
//! What is ignored counts as unset. Each [`IgnoredVariable`] is said when telemetry starts (to the `tracing` subscriber, or
//! where there is none, to standard error), and listed by [`TelemetryConfig::ignored_variables`] and
//! [`Telemetry::diagnose`], with what is used instead; what may be a secret is redacted. If an exporter that the environment
//! chose cannot be set up, its signal is turned off in the same way. With `THROUGHLINE_STRICT=true`, the first value that is
//! not accepted is an [`InitError`].
//!
//! The SDK reads no variable by itself: what it would read is read here, with these rules, also for a configuration in code.
//!
//! # What turns it on
//! First match: `OTEL_SDK_DISABLED=true` is off. `THROUGHLINE_ENABLED=true` or `false` decides. Any of
//! `OTEL_{TRACES,METRICS,LOGS}_EXPORTER`, `OTEL_EXPORTER_OTLP_ENDPOINT` or its forms for one signal is on. Else
//! the file decides. Turned on by a variable, a signal goes to `otlp` unless a variable names its exporter, as the
//! specification says, with two exceptions:
//!
//! - Metrics go with traces that a variable sends to the console or to a file, and logs with traces that go to a file.
//! - Logs are not exported if a variable sends traces to the console and none sets an endpoint.
//!
//! A log record is exported if `Telemetry::log_layer` (feature `logs`) or a program's own appender takes it to
//! the [logger provider](Telemetry::logger_provider); without either, nothing is sent. Telemetry that code or a file turns on
//! exports no logs, unless one of them names a `logs_exporter` or a variable sets an endpoint.
//!
//! The resource holds what can be read of process, host and container (no path, no argument), a random
//! `service.instance.id`, then what is configured, by the same order of sources; `OTEL_SERVICE_NAME` wins over a
//! `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.
//!
//! # Exporters and features
//! | exporter | feature | what it brings |
//! |---|---|---|
//! | [console](Exporter::Console) | | a tree for each trace, a line for each metric and log record, on standard output |
//! | [OTLP](Exporter::Otlp) over gRPC | `otlp-grpc` | tonic, and one thread of tokio of its own |
//! | OTLP over HTTP | `otlp-http` | reqwest, called from the exporting thread |
//! | [Jaeger](Exporter::Jaeger), for traces only | as OTLP | |
//! | [file](Exporter::File), [console-json](Exporter::ConsoleJson) | `file` | OTLP/JSON, a line a batch, as the collector's otlpjsonfile receiver reads it |
//! | [Prometheus](Exporter::Prometheus), for metrics only | `prometheus` | `/metrics` on a listener, one thread of tokio and hyper, or [`Telemetry::prometheus_page`] for a route of yours |
//!
//! No exporter shows exemplars: the SDK takes none, whatever `OTEL_METRICS_EXEMPLAR_FILTER` says. From a point to its traces
//! it is by time and attributes.
//!
//! The feature `logs` has the layer that feeds logs from `tracing`, and puts the ids of the trace into printed lines. The feature `tls` adds `https` to OTLP. The feature `xray` adds the propagator of that name; W3C, B3 and Jaeger are always there.
//!
//! The console prints a trace when its last span in this process has ended, at the latest at shutdown. Bars show spans on
//! the trace's timeline; `●` marks the critical path, and the dark part of a bar is where the trace waited for that span.
//! Tokens are those of `gen_ai.usage.*`; `~` marks estimates. Under the tree stand the tokens of the model calls, by agent.
//! It is coloured on a terminal unless `NO_COLOR` is set.
//! Spans wait for the console in a queue of 64 MiB and never make the program wait. A flush and the end wait for a slow reader
//! of standard output, up to their deadlines. What is not printed, because the queue was full, the writer failed or panicked
//! or the reader went away, is counted, said, and an error of the shutdown.
//!
//! ```text
#![doc = include_str!("exporter/console/golden/task.txt")]
//! ```
//!
//! # The file
//! At `file.max_bytes` the file is renamed to `.1`, the one before it to `.2` and so on, and a new one is begun. It is opened
//! before the others move, so that a rotation that fails moves nothing: the file then grows up to twice the size. Lines are
//! written whole or not at all. If the disk is full, batches are lost, which is reported, until there is room again. The
//! file is synced at flush and shutdown.
//!
//! Files are created with the mode 0600, directories with 0700; the mode of a file that is there is not changed. Only a
//! regular file is written to: a symbolic link as the last component of the path is not followed, and a FIFO, a socket or
//! a device, as `/dev/stdout` and `/dev/null`, is refused by [`init`]. For standard output there is
//! [console-json](Exporter::ConsoleJson), and to discard a signal [`none`](Exporter::None).
//!
//! Other programs may rename, truncate or remove the file at any time: the next line goes to the file at the path, which is
//! created if there is none, so logrotate needs neither `copytruncate` nor a signal. Several processes may append to one
//! file, of which one at a time rotates it; `{pid}` in the path gives each its own.
//!
//! # The listener for Prometheus
//! `GET /metrics` and `HEAD /metrics` are answered in Prometheus' text format 0.0.4, or in OpenMetrics 1.0.0 if `Accept`
//! prefers it, as Prometheus does; compressed if `Accept-Encoding` has `gzip`. In OpenMetrics the bounds of buckets are
//! written as floats (`le="1.0"`, where the other format has `le="1"`). Metrics are collected once at a time, and requests
//! that wait share a collection. Slow clients delay no scrape: a request's head may take 5 s, a write that does not proceed
//! 10 s, an exchange 60 s, and of more than 128 connections the oldest that has sent no request is closed. A connection
//! serves one request. At shutdown, answers that are under way have 250 ms to end.
//!
//! # Deliveries over OTLP
//! A request is at most [`max_request_bytes`](TelemetryConfig::max_request_bytes) long before compression, which is what a
//! collector takes. A larger batch is sent in parts. A span, log record or data point that is too large alone is dropped, and
//! nothing else with it.
//!
//! | the collector answers | what happens |
//! |---|---|
//! | it takes the request, also with an answer that cannot be read | delivered |
//! | it rejects some items of a request (partial success) | those are counted as rejected, and its message is said |
//! | 429, 502, 503, 504, `Unavailable` and the like, or nothing | sent again up to 3 times, after `Retry-After` or `RetryInfo` if there is one, within `OTEL_EXPORTER_OTLP_TIMEOUT` |
//! | 404, 405, 501, `Unimplemented` | it has no such signal: the signal is switched off, and tried again every 5 minutes |
//! | anything else | lost, with the collector's words |
//!
//! # Several services in one process
//! [`Telemetry::for_service`] gives providers that share all this and carry another `service.name`; the console names the
//! services of a trace that has more than one.
//!
//! # When nothing arrives
//! A signal that is no longer delivered says so, with the cause, and says when it is delivered again: to the `tracing`
//! subscriber, or where there is none, to standard error. Of outages that follow each other, three are said in a row and then
//! one every 30 seconds, with the sum of those in between. A queue that is full, in number or in
//! [bytes](TelemetryConfig::max_queue_bytes), drops; that, and what a collector rejects, is said at once and then with a sum
//! every 30 seconds. [`Telemetry::diagnose`] shows what is installed, what was delivered, lost, rejected and dropped, and asks
//! each destination whether it answers:
//!
//! | what it finds | what it says, besides the answer |
//! |---|---|
//! | no such host, nobody listens | the system's words |
//! | a connection, and no answer within a second | that |
//! | the port of the other protocol, 4317 for 4318 | which protocol is spoken there, and what to set |
//! | TLS without `https`, or `https` without TLS | which of the two |
//! | a proxy of `HTTP_PROXY` and the like that fails | which, and how to leave it out |
//! | a certificate that nobody trusts, one that is no server's, or none where one is wanted | which setting and variable give one |
//! | 401, 403, `Unauthenticated` | where the headers come from |
//! | 404, `Unimplemented`, a page for people | that no OTLP is there |
//! | two versions of OpenTelemetry in the executable ([`LinkedVersions`]) | which, and how to find who brings them |
//!
//! # What happens on shutdown
//! [`Telemetry::shutdown`] delivers what has been recorded, and returns within 5 seconds whatever the collector does;
//! [`shutdown_within`](Telemetry::shutdown_within) takes another deadline, [`flush`](Telemetry::flush) delivers and goes on.
//! They block their thread, inside tokio or outside, and need no runtime of the caller. Dropping the guard is a shutdown.
//! At half of the deadline, model calls whose tokens are still being counted end with a rough estimate.
//! Spans and metrics are exported in batches on threads of their own; a full queue drops, and never waits. After a shutdown
//! [`init`] may be called again; a layer that has resolved the old provider keeps it, and records nothing.

mod config;
mod deadline;
mod decision;
mod destination;
mod diagnosis;
mod error;
mod exporter;
mod guard;
mod health;
mod hook;
mod init;
mod limit;
mod log_redaction;
#[cfg(feature = "logs")]
pub mod logs;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod otlp;
mod probe;
mod propagator;
mod providers;
mod resource;
mod sampling;
mod semconv;
mod service;
mod signal;
mod size;
mod versions;

pub use config::{
    Compression, Exporter, FileConfig, IgnoredVariable, Propagator, Protocol, SamplingRule, TailRule,
    TelemetryConfig, TlsConfig,
};
pub use diagnosis::{Diagnosis, SignalDiagnosis};
pub use error::{InitError, ShutdownError};
pub use guard::Telemetry;
pub use health::DeliveryCounts;
pub use hook::{Builders, register_startup_hook};
pub use init::{init, init_from_env};
pub use service::ServiceTelemetry;
pub use versions::LinkedVersions;
