//! Configuration, exporters, sampling and shutdown for OpenTelemetry in one call.
//!
//! The layers of Throughline record through the OpenTelemetry API and are independent of exporters. This
//! crate installs the global tracer provider, meter provider and W3C propagator, and shuts them down within a
//! deadline.
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
//! [`TelemetryConfig::default`] is off. A program that calls [`init_from_env`] records nothing until its
//! environment enables telemetry. Sources override each other in this order: defaults, the file that
//! `THROUGHLINE_CONFIG` names, environment variables, code. For OpenTelemetry's own file format, see
//! [below](#the-declarative-configuration).
//!
//! | field | keys of a file | variable | default |
//! |---|---|---|---|
//! | [`enabled`](TelemetryConfig::enabled) | `tracing.enabled`, `enable_tracing` | see below | `false` |
//! | [`service_name`](TelemetryConfig::service_name) | `service_name`, `tracing.service_name` | `OTEL_SERVICE_NAME` | `unknown_service:` and the program |
//! | [`exporter`](TelemetryConfig::exporter) | `tracing.exporter`, `exporter`; `metrics_exporter`, `logs_exporter` | `OTEL_{TRACES,METRICS,LOGS}_EXPORTER` | `console`, in files also `otlp`; see below |
//! | [`endpoint`](TelemetryConfig::endpoint) | `tracing.endpoint`, `otlp_endpoint` | `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_ENDPOINT` | `http://127.0.0.1:4318`, for gRPC `:4317` |
//! | [`protocol`](TelemetryConfig::protocol) | `protocol` | `OTEL_EXPORTER_OTLP_PROTOCOL`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_PROTOCOL` | `grpc` if the endpoint has the port 4317 and no path, else `http/protobuf`; if the port only answers in the other one, that one |
//! | [`compression`](TelemetryConfig::compression) | `compression` | `OTEL_EXPORTER_OTLP_COMPRESSION`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_COMPRESSION` | `none` |
//! | [headers](TelemetryConfig::with_header) | | `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_{TRACES,METRICS,LOGS}_HEADERS` | none |
//! | [timeout](TelemetryConfig::with_timeout) of a delivery over OTLP | | the shorter of `OTEL_EXPORTER_OTLP_TIMEOUT`, or its form for one signal, and `OTEL_{BSP,BLRP}_EXPORT_TIMEOUT`, `OTEL_METRIC_EXPORT_TIMEOUT`; in ms, 0 is no limit | 10 s |
//! | [queues and batches](SignalConfig) of spans and log records | | `OTEL_{BSP,BLRP}_{SCHEDULE_DELAY,MAX_QUEUE_SIZE,MAX_EXPORT_BATCH_SIZE}` | 5 s for spans, 1 s for log records; 2048; 512 |
//! | [interval](SignalConfig::with_interval) between exports of metrics | | `OTEL_METRIC_EXPORT_INTERVAL`, in ms | 60 s |
//! | [temporality](TelemetryConfig::with_temporality) of metrics over OTLP | | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`: `cumulative`, `delta` or `lowmemory` | `cumulative` |
//! | [buckets](TelemetryConfig::with_histogram_buckets) of histograms | | `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION`: `explicit_bucket_histogram` or `base2_exponential_bucket_histogram` | `explicit_bucket_histogram` |
//! | [attributes, events and links](SpanLimits) of a span | | `OTEL_SPAN_{ATTRIBUTE,EVENT,LINK}_COUNT_LIMIT`, `OTEL_ATTRIBUTE_COUNT_LIMIT`, `OTEL_{EVENT,LINK}_ATTRIBUTE_COUNT_LIMIT` | 128 |
//! | [`sampling_rate`](TelemetryConfig::sampling_rate) | `sampling_rate` (0.0 to 1.0), `random_sampling`, `tracing.random_sampling` (0 to 100) | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `1.0` |
//! | [`parent_based`](TelemetryConfig::parent_based) | | `OTEL_TRACES_SAMPLER` | `true` |
//! | [`tokenizer_target_model`](TelemetryConfig::tokenizer_target_model) | `tracing.tokenizer_target_model` | `THROUGHLINE_TOKENIZER_TARGET_MODEL` | that of the layer |
//! | [`propagators`](TelemetryConfig::propagators) | `propagators` | `OTEL_PROPAGATORS` | `tracecontext,baggage` |
//! | [`attribute_value_length_limit`](TelemetryConfig::attribute_value_length_limit) | `attribute_value_length_limit` | `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT` | none |
//! | [`service_version`](TelemetryConfig::service_version) | `service_version` | `OTEL_RESOURCE_ATTRIBUTES` | none |
//! | [`resource_attributes`](TelemetryConfig::resource_attributes) | `resource_attributes.KEY` | `OTEL_RESOURCE_ATTRIBUTES` | see below |
//! | [start-up hook](TelemetryConfig::with_startup_hook) | `startup_hook` | `THROUGHLINE_STARTUP_HOOK` | none |
//! | [`file`](TelemetryConfig::file) | `file.path`, `file.max_bytes`, `file.max_files` | `THROUGHLINE_FILE_PATH` | `throughline-{pid}.jsonl`, 100 MiB, 5 |
//! | [`max_queue_bytes`](TelemetryConfig::max_queue_bytes) | `max_queue_bytes` | `THROUGHLINE_MAX_QUEUE_BYTES` | 64 MiB |
//! | [`max_request_bytes`](TelemetryConfig::max_request_bytes) | `max_request_bytes` | `THROUGHLINE_MAX_REQUEST_BYTES` | 4 MiB |
//! | [`prometheus_listen`](TelemetryConfig::prometheus_listen) | `prometheus.listen` | `OTEL_EXPORTER_PROMETHEUS_HOST`, `OTEL_EXPORTER_PROMETHEUS_PORT` | `127.0.0.1:9464` |
//! | [`viewer_listen`](TelemetryConfig::viewer_listen) | `viewer.listen` | `THROUGHLINE_VIEWER_LISTEN` | `127.0.0.1:4319` |
//! | [`tls`](TelemetryConfig::tls) | `tls.certificate`, `tls.client_certificate`, `tls.client_key` | `OTEL_EXPORTER_OTLP_{CERTIFICATE,CLIENT_CERTIFICATE,CLIENT_KEY}` and their forms for one signal | the system's roots |
//! | [`sampling_rules`](TelemetryConfig::sampling_rules) | `sampling_rules.ROUTE` | | none |
//! | [metrics about telemetry itself](TelemetryConfig::with_self_metrics) | `self_metrics` | `THROUGHLINE_SELF_METRICS` | `false` |
//! | [level](TelemetryConfig::with_log_level) of the warnings of this crate | | `OTEL_LOG_LEVEL`: `error`, `fatal` or `none` turn them off | `info` |
//! | [`tail`](TelemetryConfig::tail) | `tail.errors`, `tail.slower_than_ms`, `tail.max_spans` | | none |
//!
//! In code, each setting has a setter. [`TelemetryConfig::with_signal`] sets what one signal has for itself,
//! such as its endpoint, its timeout or the size of its batches.
//!
//! A file is JSON, or TOML or YAML if its name ends in `.toml`, `.yaml` or `.yml`, which requires the feature
//! `toml` or `yaml`. Nested tables and dotted keys are equivalent, and `null` is unset. The most specific
//! sampling rule in a file applies: an exact route before a pattern, a longer pattern before a shorter one.
//!
//! ```
//! # let text = r#"
//! service_name = "shop"
//! startup_hook = "MyLibrary:setup_tracing" # registered by register_startup_hook
//! propagators = ["tracecontext", "baggage", "b3"]
//! sampling_rate = 0.1
//! sampling_rules = { "/health" = 0.0, "/pay/*" = 1.0 }
//!
//! [tracing]
//! enabled = true
//! exporter = "otlp"
//! endpoint = "http://127.0.0.1:4318"
//!
//! [tail] # keeps unsampled traces
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
//! Files of other systems can be used as they are:
//!
//! - **TaskWeaver**: a project file, recognised by keys that start with `tracing.`. Its other keys are left
//!   alone. `tracing.enabled` without an exporter exports over `otlp`. `tracing.tokenizer_target_model`
//!   applies to every `LlmLayer` of the process that does not set a model.
//! - **Arch**: a file with `listeners`. `random_sampling` in the section `tracing` of the file or of a listener
//!   turns telemetry on and exports over `otlp`.
//! - **TinyLLM**: `enable_tracing` without an exporter and an endpoint exports to the console.
//! - **Ray**: a start-up hook alone turns telemetry on, and only the hook exports.
//!
//! # The declarative configuration
//! If `OTEL_CONFIG_FILE` names a file in [OpenTelemetry's
//! format](https://opentelemetry.io/docs/specs/otel/configuration/sdk/), in versions 1.0 to 1.2, only this
//! file is read. Variables have an effect only where the file refers to them, as in `${NAME:-default}`,
//! except for those that the layers and [the console](#the-console) read. This requires the feature `yaml`.
//! In code, use [`TelemetryConfig::from_declarative_file`].
//!
//! ```
//! # let text = r#"
//! file_format: "1.1"
//! resource:
//!   attributes:
//!     - {name: service.name, value: shop}
//! propagator:
//!   composite: [{tracecontext: }, {baggage: }]
//! tracer_provider:
//!   processors:
//!     - batch:
//!         exporter:
//!           otlp_http:
//!             endpoint: ${OTEL_EXPORTER_OTLP_ENDPOINT:-http://localhost:4318}/v1/traces
//!   sampler:
//!     parent_based:
//!       root:
//!         trace_id_ratio_based: {ratio: 0.1}
//! # "#;
//! # throughline_telemetry::TelemetryConfig::from_declarative_str(text)?;
//! # Ok::<(), throughline_telemetry::InitError>(())
//! ```
//!
//! | section | supported | ignored with a warning |
//! |---|---|---|
//! | `disabled`, `log_level` | yes | |
//! | `resource` | `attributes` of all types, `attributes_list`, `schema_url`; this crate's own detectors always run | |
//! | `propagator` | `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`, `xray` | |
//! | `attribute_limits`, `limits` of spans | lengths and counts | `attribute_value_depth_limit` |
//! | processors | `batch`; `simple`, which also exports in batches | |
//! | exporters | `otlp_http`, `otlp_grpc`, `console`, `otlp_file/development` | `max_request_size`, `max_response_size` |
//! | samplers | `always_on`, `always_off`, `trace_id_ratio_based`, `parent_based` with all its branches, `always_record`, `probability/development`, `composite/development` | |
//! | readers | `periodic`; `pull` with `prometheus/development`; `cardinality_limits`; `default_histogram_aggregation` if all readers have it | `producers` |
//! | `views` | all selectors, with `*` and `?` in `instrument_name`; all aggregations; limits; `attribute_keys` with names in `included`, and `excluded` beside them | patterns in `included`, `excluded` alone, exponential histograms for Prometheus |
//! | `logger_provider` | `processors` | `limits` |
//!
//! A signal has one exporter of each kind and one set of batch settings, periodic readers have the same
//! settings, all readers have the same limits, and all signals are written to the same file; a second,
//! different one is an error. So are a component that is not in this table, a missing key that is required,
//! and a value of a wrong type. An unknown property warns, except at the top level. A provider without a
//! section exports nothing.
//!
//! # Invalid values
//! **In code and in a file**, an unknown key or an invalid value is an [`InitError`]. It names the place, the
//! key, the value and what is accepted. A file that cannot be read is also an error.
//!
//! **In the environment**, an invalid value is ignored with a warning, [as the specification
//! requires](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
//!
//! | variable | accepted | ignored with a warning |
//! |---|---|---|
//! | any | the value without surrounding spaces; empty is unset | |
//! | Boolean | `true` and `false`, in any case | any other, which counts as `false` |
//! | name from a set, such as a sampler | in any case | an unknown name, and one whose feature is not compiled in |
//! | list of names, such as propagators | the valid members | every other member |
//! | headers | the members that can be sent | every other member |
//! | endpoint | an `http` or `https` URL; `host:port` if `OTEL_EXPORTER_OTLP_INSECURE`, or its form for the signal, is `true` | any other |
//! | exporters | the valid members, or `none` alone | every other member |
//! | number | within its range: a delay and a queue from 1, a timeout and a limit from 0, up to 2147483647; a queue up to 1000000 | any other, and a batch larger than its queue |
//! | certificate, start-up hook | one that exists | any other |
//! | in the specification but not supported, such as `OTEL_ENTITIES` | | any value; the warning gives the reason |
//!
//! An ignored value counts as unset. Each [`IgnoredVariable`] is reported when telemetry starts: to the
//! `tracing` subscriber, or to standard error if there is none. [`TelemetryConfig::ignored_variables`] and
//! [`Telemetry::diagnose`] list them, with the value that is used instead. Possible secrets are redacted. If
//! an exporter that the environment selects cannot be set up, its signal is turned off and reported in the
//! same way. With `THROUGHLINE_STRICT=true`, the first invalid value is an [`InitError`].
//!
//! This crate also reads the variables of the SDK by these rules, even if telemetry is configured in code. A
//! setting of code takes precedence.
//!
//! # How telemetry is turned on
//! The first match decides:
//! 1. `OTEL_SDK_DISABLED=true` turns telemetry off.
//! 2. `THROUGHLINE_ENABLED` turns it on (`true`) or off (`false`).
//! 3. Any of `OTEL_{TRACES,METRICS,LOGS}_EXPORTER`, `OTEL_EXPORTER_OTLP_ENDPOINT` or its forms for one signal
//!    turns it on.
//! 4. Otherwise the file decides: `tracing.enabled`, `enable_tracing` or `tracing.random_sampling`.
//! 5. A start-up hook turns it on.
//!
//! If a variable turns telemetry on, a signal is exported over `otlp` unless a variable sets its exporter.
//! There are two exceptions to this rule of the specification:
//!
//! - If a variable sends traces only to the console, a file or the viewer, metrics go there too, and so do
//!   logs, except to the console.
//! - If a variable sends traces only to the console and no variable sets an endpoint, logs are not exported.
//!
//! Log records reach the [logger provider](Telemetry::logger_provider) through `Telemetry::log_layer`
//! (feature `logs`) or an appender of the program. Without either, no log records are exported. If telemetry
//! is turned on in code or by a file, logs are exported only if one of them sets a `logs_exporter` or a
//! variable sets an endpoint.
//!
//! The resource describes the process, the host and the container as far as they can be read, without paths
//! and arguments, and has a random `service.instance.id`. Configured attributes are added in the order of
//! sources above. `OTEL_SERVICE_NAME` takes precedence over a `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.
//!
//! # Features
//! No feature is enabled by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `otlp-grpc` | OTLP over gRPC, usually on port 4317. Adds tonic. |
//! | `otlp-http` | OTLP over HTTP with protobuf, usually on port 4318. Adds reqwest. |
//! | `otlp-json` | OTLP over HTTP with JSON (`http/json`). |
//! | `file` | OTLP/JSON lines, to a rotating file or to the console. |
//! | `prometheus` | Metrics for Prometheus to scrape, from a listener or from your own route. Adds hyper and a thread with a Tokio runtime. |
//! | `tls` | `https` to collectors, with the system's root certificates or your own. Adds rustls, which requires a C compiler. |
//! | `logs` | Trace ids in the lines of tracing-subscriber, and `tracing` events as OTLP logs. |
//! | `viewer` | A page to look at the telemetry of this process. Adds axum and a thread with a Tokio runtime. |
//! | `trace-layer` | Spans of the `tracing` crate, such as those of `#[instrument]`, in the same traces. |
//! | `gzip` | Compressed OTLP requests (`gzip`). |
//! | `terminal` | The console fits its lines to the width of the terminal. |
//! | `toml` | Configuration files in TOML. |
//! | `yaml` | Configuration files in YAML, and the declarative configuration of OpenTelemetry. |
//! | `xray` | X-Ray propagation (`OTEL_PROPAGATORS=xray`), for services on AWS. |
//!
//! # Exporters
//! A signal can have several exporters: `OTEL_TRACES_EXPORTER=otlp,console`. They work independently of each
//! other, and [`Telemetry::diagnose`] reports each one.
//!
//! | exporter | feature | destination |
//! |---|---|---|
//! | [console](Exporter::Console) | | standard output: a tree per trace, a table of the metrics, a line per log record |
//! | [otlp](Exporter::Otlp) | `otlp-grpc` or `otlp-http` | a collector |
//! | [jaeger](Exporter::Jaeger), for traces only | `otlp-grpc` or `otlp-http` | Jaeger, over OTLP |
//! | [file](Exporter::File), [console-json](Exporter::ConsoleJson) | `file` | a file or standard output: a line per batch, for the collector's otlpjsonfile receiver |
//! | [prometheus](Exporter::Prometheus), for metrics only | `prometheus` | `/metrics` on a listener, or [`Telemetry::prometheus_page`] for your own route |
//! | [viewer](Exporter::Viewer) | `viewer` | a page in this process: `Telemetry::viewer_address`, or `Telemetry::viewer_router` for your own route |
//!
//! No exporter supports exemplars, because the SDK records none, regardless of
//! `OTEL_METRICS_EXEMPLAR_FILTER`. To find the traces of a data point, search by time and attributes.
//!
//! # The console
//! The console prints a trace when its last span in this process has ended, at the latest at shutdown. Bars
//! show spans on the timeline of the trace. `●` marks the critical path, and the dark part of a bar is the
//! time that the trace waited for that span; a span without such time has no mark. Token counts are those of
//! `gen_ai.usage.*`, or else of `throughline.tokens.*`; `~` marks estimates, and `≥` sums without the unknown
//! ones. Clients show host, path and status. An error that passes through several spans is written in full
//! once. Five siblings or more of the same shape are one line (`× 998`), if none has failed. Of a trace of
//! more than 1,000 spans, the spans near its root are shown. The table below the tree sums the tokens and the
//! cost of model calls by agent.
//!
//! Metrics are a table of requests, errors, durations and tokens, with your own metrics below it.
//!
//! | variable | effect |
//! |---|---|
//! | `THROUGHLINE_CONSOLE` | `details` adds attributes, events and captured content to spans, and lists all series of metrics; `ascii` replaces all other characters; both, separated by a comma |
//! | `COLUMNS` | the width, from 40 to 400; default: that of the terminal, or 100 |
//! | `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR=0` | colours off, on, on, off, in this order; default: on if standard output is a terminal |
//! | `TERM=dumb` | no colours, and only ASCII |
//!
//! Spans wait for the console in a queue of 64 MiB and never block the program. Flush and shutdown wait for a
//! slow reader of standard output, up to their deadlines. If spans are not printed, because the queue was
//! full, the writer failed or panicked, or the reader closed the pipe, they are counted and reported, and the
//! shutdown returns an error.
//!
//! ```text
#![doc = include_str!("exporter/console/golden/task.txt")]
//! ```
//!
//! # The file
//! At `file.max_bytes` the file is renamed to `.1`, the previous one to `.2` and so on, and a new file is
//! started. The new file is opened before the others are renamed. If the rotation fails, nothing is renamed,
//! and the file grows up to twice its size. Lines are written atomically. If the disk is full, batches are
//! dropped and the drop is reported. The file is synced at flush and shutdown.
//!
//! Files are created with mode 0600 and directories with mode 0700; the mode of an existing file is not
//! changed. Only regular files are written to: a symbolic link as the last component of the path is not
//! followed, and [`init`] rejects a FIFO, a socket or a device such as `/dev/stdout` or `/dev/null`. For
//! standard output, use [console-json](Exporter::ConsoleJson); to discard a signal, use
//! [`none`](Exporter::None).
//!
//! Other programs may rename, truncate or remove the file at any time. The next line is written to the file
//! at the path, which is created if it does not exist, so logrotate needs neither `copytruncate` nor a
//! signal. Several processes may append to one file; one at a time rotates it. Use `{pid}` in the path to
//! give each process its own file.
//!
//! # The listener for Prometheus
//! The listener answers `GET /metrics` and `HEAD /metrics` in Prometheus' text format 0.0.4, or in
//! OpenMetrics 1.0.0 if `Accept` prefers it, as Prometheus does. The body is compressed if `Accept-Encoding`
//! has `gzip`. In OpenMetrics, bucket bounds are written as floats (`le="1.0"` instead of `le="1"`).
//!
//! One collection of metrics runs at a time, and waiting requests share its result. Slow clients do not delay
//! a scrape: the head of a request may take 5 s, a stalled write 10 s, an exchange 60 s, and beyond 128
//! connections the oldest connection without a request is closed. A connection serves one request. At
//! shutdown, responses in progress have 250 ms to finish.
//!
//! # The viewer
//! The viewer stores spans, log records and the counter `prompt_size` of this process, at most 64 MiB, and shows
//! them on a page: traces with their critical path, model calls with their messages, tokens, cost and logs. The
//! page is live. It listens on `127.0.0.1:4319`, and is served only to browsers that opened it as `localhost` or
//! by an IP address. For programs in other languages, use the binary of `throughline-viewer`.
//!
//! # Deliveries over OTLP
//! A request has at most [`max_request_bytes`](TelemetryConfig::max_request_bytes) before compression, which
//! is the default limit of a collector. A larger batch is sent in parts. A span, log record or data point
//! that exceeds the limit alone is dropped; the rest of the batch is sent.
//!
//! | response of the collector | result |
//! |---|---|
//! | success, also with a body that cannot be read | delivered |
//! | partial success | the rejected items are counted, and the message is reported |
//! | 429, 502, 503, 504, `Unavailable` and similar codes, or no response | retried up to 3 times, after `Retry-After` or `RetryInfo` if there is one, within `OTEL_EXPORTER_OTLP_TIMEOUT` |
//! | 404, 405, 501, `Unimplemented` | the collector does not support the signal, which is switched off and tried again every 5 minutes |
//! | any other | lost; the collector's message is reported |
//!
//! # Several services in one process
//! [`Telemetry::for_service`] returns providers with the same exporters and another `service.name`. If a trace has several
//! services, the console shows their names.
//!
//! # Troubleshooting
//! If deliveries of a signal start to fail, the cause and later the recovery are reported to the `tracing` subscriber, or
//! to standard error if there is none. The first three outages are reported immediately, and then one every 30 seconds,
//! with the sum of those in between. If a queue is full, in items or in [bytes](TelemetryConfig::max_queue_bytes), new
//! items are dropped. Dropped and rejected items are reported immediately, and then as a sum every 30 seconds.
//!
//! [`Telemetry::diagnose`] returns what is installed, counts of delivered, lost, rejected and dropped items, and the
//! result of probing each destination:
//!
//! | finding | report |
//! |---|---|
//! | no such host, connection refused | the system's error |
//! | a connection, but no response within a second | the time |
//! | the port of the other protocol, if one is configured | the protocol that is used there, and what to set |
//! | TLS without `https`, or `https` without TLS | the one to use |
//! | a failing proxy of `HTTP_PROXY` and the like | the variable, and how to bypass the proxy |
//! | an untrusted certificate, one of an authority, or a missing client certificate | the setting and the variable for it |
//! | 401, 403, `Unauthenticated` | the variable of the headers |
//! | 404, `Unimplemented`, an HTML page | that the endpoint does not support OTLP |
//! | two versions of OpenTelemetry in the executable ([`LinkedVersions`]) | the versions, and how to find the crates that depend on them |
//!
//! # Shutdown
//! [`Telemetry::shutdown`] exports everything recorded and returns within 5 seconds, whatever the collector does.
//! [`shutdown_within`](Telemetry::shutdown_within) accepts another deadline. [`flush`](Telemetry::flush) exports without
//! stopping. All of them block the calling thread, inside or outside of Tokio, and do not require a runtime. Dropping the
//! guard also shuts down. At half of the deadline, model calls whose tokens are still being counted end with a rough
//! estimate.
//!
//! Spans and metrics are exported in batches on threads of this crate; a full queue drops items and never
//! blocks. After a shutdown, [`init`] can be called again. A layer that has resolved the previous provider
//! keeps it, and records nothing.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod deadline;
mod decision;
mod destination;
mod diagnosis;
mod error;
mod exporter;
#[cfg(any(feature = "logs", feature = "trace-layer"))]
mod exporter_library;
mod guard;
mod health;
mod hook;
mod init;
mod limit;
mod log_level;
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
mod self_metrics;
mod semconv;
mod service;
mod signal;
mod size;
mod sniff;
#[cfg(feature = "trace-layer")]
pub mod tracing_spans;
mod versions;

pub use config::{
    Compression, Exporter, Exporters, FileConfig, HistogramBuckets, IgnoredVariable, MetricTemporality,
    Propagator, Protocol, SamplingRule, SignalConfig, SpanLimits, TailRule, TelemetryConfig, TlsConfig,
};
pub use diagnosis::{Diagnosis, SignalDiagnosis};
pub use error::{InitError, ShutdownError};
pub use guard::{Telemetry, TelemetryHandle};
pub use health::DeliveryCounts;
pub use hook::{Builders, register_startup_hook};
pub use init::{init, init_from_env};
pub use log_level::LogLevel;
pub use service::ServiceTelemetry;
pub use signal::Signal;
pub use versions::LinkedVersions;

/// The example of the README, so that it is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
