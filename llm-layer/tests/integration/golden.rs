//! Golden exchanges: every file pair of `throughline-llm-wire`, whole and cut at every byte.
//!
//! What is expected of a case is `<name>.expected.txt`: the span tree, a blank line, the metrics. With
//! `UPDATE_GOLDEN=1` in the environment it is written: review it before you commit it.

use std::path::Path;

use http::Method;
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;
use throughline_test_support::golden::{GoldenCase, GoldenMessage, assert_all_passed, compare, read_cases};

use crate::support::{Chunks, MASKED, exchange, layer, metrics};

/// All exchanges.
pub(crate) fn all() -> Vec<GoldenCase> {
    read_cases(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/wire/tests/golden"
    )))
}

/// Runs a case with request and response cut in two, and checks that every byte passed.
pub(crate) fn run(case: &GoldenCase, layer: &LlmLayer, cut: usize) {
    let GoldenCase {
        name,
        request,
        response,
        ..
    } = case;
    let (received, answered) = exchange(
        layer,
        case.request_with(chunks(request, cut)),
        case.response_with(chunks(response, cut)),
    );
    assert_eq!(received, request.body, "{name}: the request, cut at {cut}");
    assert_eq!(
        *answered.body(),
        response.body,
        "{name}: the response, cut at {cut}"
    );
}

/// Whether a case is a model call: the others have neither a span nor a metric.
pub(crate) fn is_model_call(case: &GoldenCase) -> bool {
    !case.expected(KIND).trim().is_empty()
}

fn chunks(message: &GoldenMessage, cut: usize) -> Chunks {
    let parts = message.parts(cut).into_iter();
    parts.filter(|part| !part.is_empty()).collect()
}

const KIND: &str = "expected";

#[test]
fn golden() {
    assert_all_passed(all().iter().map(|case| {
        let recorder = Recorder::new();
        run(case, &layer(&recorder), 0);
        let tree = recorder.tree(MASKED);
        let metrics = metrics(&recorder).join("\n");
        case.compare(KIND, &format!("{tree}\n{metrics}\n"))?;

        let recorder = Recorder::new();
        let length = case.request.body.len().max(case.response.body.len());
        let new_layer = || LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let mut layer = new_layer();
        for cut in 1..length {
            // A layer counts a result that is fetched twice once. The other cases share one, because its tables
            // of labels take longer to create than the exchange.
            if case.target().0 == Method::GET {
                layer = new_layer();
            }
            run(case, &layer, cut);
        }
        let expected = tree.repeat(length.saturating_sub(1));
        let what = format!("{}: cut at every byte", case.name);
        compare(&what, &expected, &recorder.tree(MASKED))
    }));
}
