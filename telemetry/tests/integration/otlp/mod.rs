//! Deliveries over OTLP, the same for each transport and each signal: nothing is lost in silence, whatever is
//! recorded and whatever the collector answers.

mod answers;
mod outages;
mod size;
mod time;

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, Protocol, SignalDiagnosis, Telemetry, TelemetryConfig};

use crate::receiver::{Received, Receiver};
use crate::{turn, warnings};

const PROTOCOLS: [Protocol; 3] = [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson];
const SIGNALS: [&str; 3] = ["traces", "logs", "metrics"];

/// What is counted of each signal.
fn items(signal: &str) -> &'static str {
    match signal {
        "traces" => "spans",
        "logs" => "log records",
        _ => "data points",
    }
}

/// A configuration that sends one signal to an address.
fn only(signal: &str, protocol: Protocol, url: &str) -> TelemetryConfig {
    let exporter = |other: &str| {
        if other == signal {
            Exporter::Otlp
        } else {
            Exporter::None
        }
    };
    TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(exporter("traces"))
        .with_metrics_exporter(exporter("metrics"))
        .with_logs_exporter(exporter("logs"))
        .with_endpoint(url)
        .with_protocol(protocol)
}

fn url(receiver: &Receiver) -> String {
    format!("http://{}", receiver.address)
}

/// Records one item, whose index arrives, with a text of so many bytes.
fn record(telemetry: &Telemetry, signal: &str, index: usize, bytes: usize) {
    let text = "x".repeat(bytes);
    match signal {
        "traces" => {
            let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
            let mut span = tracer.start(index.to_string());
            span.set_attribute(KeyValue::new("text", text));
            span.end();
        }
        "logs" => {
            let logger = telemetry.logger_provider().expect("logs are on").logger("test");
            let mut record = logger.create_log_record();
            record.add_attribute("index", index.to_string());
            record.set_body(AnyValue::from(text));
            logger.emit(record);
        }
        _ => {
            let meter = telemetry.meter_provider().expect("metrics are on").meter("test");
            let labels = [
                KeyValue::new("index", index.to_string()),
                KeyValue::new("text", text),
            ];
            meter.u64_counter("items").build().add(1, &labels);
        }
    }
}

fn diagnosed(telemetry: &Telemetry) -> SignalDiagnosis {
    telemetry.diagnose_within(Duration::ZERO).signals.remove(0)
}

/// The indices of all items that came, in order; metrics come again with each collection.
fn arrived(received: &[Received]) -> Vec<usize> {
    let indices = received.iter().flat_map(|request| &request.items);
    let mut indices: Vec<usize> = indices.map(|index| index.parse().expect("an index")).collect();
    indices.sort_unstable();
    indices
}

/// Runs a test for each signal over each transport.
fn each(test: impl Fn(&str, &'static str, Protocol)) {
    let _turn = turn();
    warnings::listen();
    for protocol in PROTOCOLS {
        for signal in SIGNALS {
            test(&format!("{signal} over {protocol:?}"), signal, protocol);
        }
    }
}
