//! Usage of batches, which the batch reports, and its results too.

use http::{Request, Response};
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;

use crate::support::{Chunks, exchange, layer, metrics};

const BATCH: &str = r#"{"id":"batch_1","object":"batch","status":"completed","output_file_id":"file-9","usage":{"input_tokens":33,"output_tokens":6,"total_tokens":39}}"#;
const RESULTS: &str = "{\"custom_id\":\"0\",\"response\":{\"body\":{\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2}}}}\n{\"custom_id\":\"1\",\"response\":{\"body\":{\"usage\":{\"prompt_tokens\":22,\"completion_tokens\":4}}}}\n";

fn get(layer: &LlmLayer, path: &str, answer: &'static str) {
    let request = Request::get(format!("https://api.openai.com/v1/{path}"));
    let request = request.body(Chunks::default()).unwrap();
    exchange(layer, request, Response::new(Chunks::from_iter([answer])));
}

/// What the counters of the prompt's size say after these requests.
fn counted(requests: &[(&str, &'static str)]) -> Vec<String> {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    for (path, answer) in requests {
        get(&layer, path, answer);
    }
    let lines = metrics(&recorder).into_iter();
    lines.filter(|line| line.starts_with("prompt_size")).collect()
}

#[test]
fn a_batch_and_its_results_count_once() {
    let batch = ("batches/batch_1", BATCH);
    let results = ("files/file-9/content", RESULTS);
    let once = [
        "prompt_size{direction=input} 33",
        "prompt_size{direction=output} 6",
    ];
    assert_eq!(counted(&[batch]), once, "the batch");
    assert_eq!(counted(&[results]), once, "the results");
    assert_eq!(
        counted(&[batch, results, batch]),
        once,
        "the batch, then its results"
    );
    assert_eq!(
        counted(&[results, batch, results]),
        once,
        "the results, then the batch"
    );
    let twice = [
        "prompt_size{direction=input} 66",
        "prompt_size{direction=output} 12",
    ];
    let other = ("files/file-8/content", RESULTS);
    assert_eq!(counted(&[batch, other]), twice, "the results of another batch");
}

/// Other files are downloaded from the same place.
#[test]
fn a_file_that_has_no_results_is_no_call() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    for content in [
        "%PDF-1.7 \u{0} stream",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"model\":\"m\",\"id\":\"x\"}\n",
        "",
    ] {
        get(&layer, "files/file-1/content", content);
    }
    assert_eq!(recorder.tree(&[]), "", "no spans");
}
