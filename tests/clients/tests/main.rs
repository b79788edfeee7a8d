//! The layers in client libraries of model providers, against a mock.

mod bedrock;
mod loopback;
mod mock;
mod own_spans;
mod rig;

use throughline::LlmLayer;
use throughline::llm::wait_idle;
use throughline_test_support::{Recorder, SpanData};

use std::time::Duration;

/// The time limit for recording all calls.
const DEADLINE: Duration = Duration::from_secs(60);

fn llm(recorder: &Recorder) -> LlmLayer {
    LlmLayer::new().with_tracer_provider(recorder.tracer_provider())
}

/// Returns the text of an attribute.
fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key);
    attribute.map(|attribute| attribute.value.to_string())
}

/// Returns name, input and output tokens and provenance of each span with tokens, in the order of their ends.
fn tokens(recorder: &Recorder) -> Vec<String> {
    assert!(wait_idle(DEADLINE), "all calls are recorded in time");
    let line = |span: &SpanData| {
        let input = attribute(span, "gen_ai.usage.input_tokens")?;
        let output = attribute(span, "gen_ai.usage.output_tokens").unwrap_or_default();
        let source = attribute(span, "throughline.tokens.source").unwrap_or_default();
        Some(
            format!("{} {input} {output} {source}", span.name)
                .trim_end()
                .to_owned(),
        )
    };
    recorder.spans().iter().filter_map(line).collect()
}
