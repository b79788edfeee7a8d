//! A provider that is installed after the layer. It has its own process, since the provider is global.

use opentelemetry::global;
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;
use throughline_tracing_layer::provider::report_installed;
use tower::Layer;

/// The first call used to create the series, so that `increase()` did not see it.
#[test]
fn a_layer_that_is_older_than_the_provider_counts_from_zero() {
    let service = LlmLayer::new().layer(());
    let dropped = LlmLayer::new().layer(());
    drop(dropped);
    let recorder = Recorder::new();
    global::set_meter_provider(recorder.meter_provider());
    report_installed(true);
    let exported = format!("{:?}", recorder.resource_metrics());
    for direction in ["input", "output"] {
        let series = format!(
            "attributes: [KeyValue {{ key: Static(\"direction\"), value: String(Static(\"{direction}\")) }}], value: 0"
        );
        assert!(
            exported.contains(&series),
            "{direction} before the first call: {exported}"
        );
    }
    drop(service);
}
