//! Results of evaluations, as events of spans and as log records.

use opentelemetry::Context;
use opentelemetry::logs::AnyValue;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use throughline_agents::agent;
use throughline_agents::evaluation::Evaluation;
use throughline_test_support::Recorder;

use crate::support::MASKED;

fn relevance() -> Evaluation {
    Evaluation::new("Relevance")
        .with_score(0.25)
        .with_score(0.75)
        .with_label("relevant")
        .with_explanation("x".repeat(5000))
        .with_response_id("resp_1")
}

#[test]
fn an_evaluation_is_an_event_of_the_span() {
    let recorder = Recorder::new();
    let planner = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .start();
    relevance().record(planner.context());
    let failed = Evaluation::new("Toxicity")
        .with_score(f64::NAN)
        .with_error_type("timeout");
    failed.record(planner.context());
    relevance().record(&Context::new());
    drop(planner);
    let explanation = "x".repeat(1024);
    let expected = format!(
        r#"Internal invoke_agent Planner
  - gen_ai.agent.name="Planner"
  - gen_ai.operation.name="invoke_agent"
  ! gen_ai.evaluation.result gen_ai.evaluation.explanation="{explanation}" gen_ai.evaluation.name="Relevance" gen_ai.evaluation.score.label="relevant" gen_ai.evaluation.score.value=0.75 gen_ai.response.id="resp_1"
  ! gen_ai.evaluation.result error.type="timeout" gen_ai.evaluation.name="Toxicity"
"#
    );
    assert_eq!(recorder.tree(MASKED), expected, "the tree");
}

#[test]
fn an_evaluation_is_a_log_record_with_the_ids_of_the_span() {
    let recorder = Recorder::new();
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let planner = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .start();
    let context = planner.context().clone();
    drop(planner);
    relevance().emit(&provider, &context);
    relevance().emit(&provider, &Context::new());
    let span = recorder.spans().remove(0).span_context;
    let records = exporter.get_emitted_logs().expect("records");
    let ids: Vec<_> = records
        .iter()
        .map(|log| log.record.trace_context().map(|ids| (ids.trace_id, ids.span_id)))
        .collect();
    assert_eq!(
        ids,
        [Some((span.trace_id(), span.span_id())), None],
        "of a span that has ended, and of none"
    );
    for log in &records {
        let record = &log.record;
        assert_eq!(record.event_name(), Some("gen_ai.evaluation.result"), "the event");
        let mut attributes: Vec<(&str, &AnyValue)> = record
            .attributes_iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        attributes.sort_by_key(|(key, _)| *key);
        let text = |text: &str| AnyValue::from(text.to_owned());
        let expected = [
            ("gen_ai.evaluation.explanation", &text(&"x".repeat(1024))),
            ("gen_ai.evaluation.name", &text("Relevance")),
            ("gen_ai.evaluation.score.label", &text("relevant")),
            ("gen_ai.evaluation.score.value", &AnyValue::Double(0.75)),
            ("gen_ai.response.id", &text("resp_1")),
        ];
        assert_eq!(attributes, expected, "the attributes");
    }
}
