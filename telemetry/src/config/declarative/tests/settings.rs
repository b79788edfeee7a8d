//! What the sections of a file set.

use std::time::Duration;

use opentelemetry::{Array, KeyValue, StringValue, Value};

use super::{declared, published, read_with, warnings};
use crate::config::sampling::{ParentSamplers, SamplerTree};
use crate::config::{Exporter, Exporters, OtlpTarget, Protocol};
use crate::log_level::LogLevel;
use crate::signal::Signal;

#[test]
fn what_has_no_section_is_off() {
    let config = declared("");
    assert!(config.enabled && config.propagators.is_empty(), "{config:?}");
    for signal in Signal::ALL {
        assert_eq!(config.exporters_of(signal), Exporter::None, "{signal}");
    }
    let config = declared("disabled: true\nlog_level: error2");
    assert_eq!(
        (config.enabled, config.sdk.log_level),
        (false, LogLevel::Error),
        "the top level"
    );
}

#[test]
fn exporters_and_samplers_have_their_settings() {
    let config = declared(
        "
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_grpc:
            endpoint: collector:4317
            tls: {insecure: true, ca_file: /ca.pem}
            headers: [{name: a, value: '1'}, {name: gone, value: null}]
            headers_list: a=2,b=3
            timeout: 0
    - simple: {exporter: {console: }}
  sampler:
    parent_based:
      root: {trace_id_ratio_based: {ratio: 0.5}}
      remote_parent_sampled: {always_off: }
meter_provider:
  readers:
    - pull: {exporter: {prometheus/development: {port: 9000}}}
    - periodic: {exporter: {otlp_file/development: {output_stream: 'file:///tmp/m.jsonl'}}}
logger_provider:
  processors:
    - batch: {exporter: {otlp_http: {encoding: json}}}
",
    );
    assert_eq!(warnings(&config), [""; 0], "no warning");
    let traces = Exporters::from([Exporter::Console, Exporter::Otlp]);
    assert_eq!(config.exporters_of(Signal::Traces), traces, "two exporters");
    let target = OtlpTarget::new(&config, Signal::Traces).expect("a URL");
    assert_eq!(
        (target.protocol, &*target.url),
        (Protocol::Grpc, "http://collector:4317"),
        "insecure"
    );
    assert_eq!(target.tls.certificate.as_deref(), Some("/ca.pem"), "ca_file");
    assert_eq!(
        target.headers.names(),
        "a, b",
        "a header that is null is left out"
    );
    assert_eq!(
        target.timeout(),
        Duration::from_millis(i32::MAX as u64),
        "0 is no limit"
    );
    let sampler = SamplerTree::ParentBased(Box::new(ParentSamplers {
        root: SamplerTree::Ratio(0.5),
        remote_sampled: SamplerTree::AlwaysOff,
        ..ParentSamplers::default()
    }));
    assert_eq!(
        config.sdk.sampler,
        Some(sampler),
        "a branch that is not the default"
    );
    let metrics = Exporters::from([Exporter::Prometheus, Exporter::File]);
    assert_eq!(config.exporters_of(Signal::Metrics), metrics, "two readers");
    assert_eq!(
        config.prometheus_listen.as_deref(),
        Some("localhost:9000"),
        "port"
    );
    assert_eq!(config.file.path, "/tmp/m.jsonl", "output_stream");
    let target = OtlpTarget::new(&config, Signal::Logs).expect("a URL");
    let expected = (Protocol::HttpJson, "http://127.0.0.1:4318/v1/logs");
    assert_eq!((target.protocol, &*target.url), expected, "the default endpoint");

    let config =
        declared("tracer_provider: {processors: [], sampler: {trace_id_ratio_based: {ratio: 0.25}}}");
    assert_eq!(
        (config.parent_based, config.sampling_rate),
        (false, 0.25),
        "a root sampler alone"
    );
}

#[test]
fn resource_attributes_have_their_types() {
    let text = published("snippets/Resource_kitchen_sink.yaml");
    let config = read_with(&text, &[]).expect("accepted");
    let strings = |list: &[&'static str]| {
        let values = list.iter().map(|text| StringValue::from(*text));
        Value::Array(Array::String(values.collect()))
    };
    let expected = [
        KeyValue::new("bool_key", true),
        KeyValue::new("int_key", 1),
        KeyValue::new("double_key", 1.1),
        KeyValue::new("string_array_key", strings(&["value1", "value2"])),
        KeyValue::new("bool_array_key", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("int_array_key", Value::Array(Array::I64(vec![1, 2]))),
        KeyValue::new("double_array_key", Value::Array(Array::F64(vec![1.1, 2.2]))),
    ];
    assert_eq!(config.sdk.resource_attributes, expected, "typed attributes");
    assert_eq!(config.service_version.as_deref(), Some("1.0.0"), "the list");
    let resource = crate::resource::resource(&config, None);
    assert_eq!(
        resource.schema_url(),
        Some("https://opentelemetry.io/schemas/1.16.0"),
        "schema_url"
    );
    assert_eq!(resource.get(&"int_key".into()), Some(1.into()), "an attribute");
}
