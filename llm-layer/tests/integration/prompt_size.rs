//! `prompt_size` as TaskWeaver counted it.

use http::{Request, Response};
use throughline_llm_layer::{LlmLayer, PromptSizeMode};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, exchange, layer, lines_with, metrics, recorded, unary};

/// `json.dumps` of the prompt and of the tools, and the text of the answer, in cl100k_base.
#[test]
fn prompt_size_as_taskweaver_counts() {
    let recorder = Recorder::new();
    unary(&layer(&recorder).with_prompt_size(PromptSizeMode::TaskWeaver));
    let sizes: Vec<String> = metrics(&recorder)
        .into_iter()
        .filter(|line| line.starts_with("prompt_size"))
        .collect();
    assert_eq!(
        sizes,
        [
            "prompt_size{direction=input} 31",
            "prompt_size{direction=output} 1"
        ]
    );
}

/// TaskWeaver's `tokenizer_target_model` used to be read from configurations, and to change nothing.
#[test]
fn the_target_model_counts_for_models_that_are_not_known() {
    let text = r#"{"model":"llama-4","messages":[{"role":"user","content":"नमस्ते दुनिया"}]}"#;
    let counted = |layer: LlmLayer, recorder: &Recorder| {
        let request = Request::post(CHAT).body(Chunks::from_iter([text])).unwrap();
        let answer = r#"{"choices":[{"message":{"content":"नमस्ते दुनिया"},"finish_reason":"stop"}]}"#;
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        recorded();
        let input = lines_with(
            recorder,
            &["throughline.tokens.input", "throughline.tokens.encoding"],
        );
        let size = metrics(recorder)
            .into_iter()
            .find(|line| line.starts_with("prompt_size{direction=output}"));
        (input, size.unwrap())
    };
    let target = || "gpt-4".parse().unwrap();
    let outline = |encoding: &str, input: u64| {
        vec![
            format!("throughline.tokens.encoding={encoding:?}"),
            format!("throughline.tokens.input={input}"),
        ]
    };
    let recorder = Recorder::new();
    let default = counted(layer(&recorder), &recorder);
    let recorder = Recorder::new();
    let as_gpt_4 = counted(layer(&recorder).with_tokenizer_target_model(target()), &recorder);
    assert_eq!(default.0, outline("o200k_base?", 12), "by default");
    assert_eq!(as_gpt_4.0, outline("cl100k_base?", 20), "as gpt-4");
    let recorder = Recorder::new();
    let taskweaver = layer(&recorder).with_prompt_size(PromptSizeMode::TaskWeaver);
    let by_default = counted(taskweaver, &recorder).1;
    let recorder = Recorder::new();
    let taskweaver = layer(&recorder).with_prompt_size(PromptSizeMode::TaskWeaver);
    let as_gpt_4o = counted(
        taskweaver.with_tokenizer_target_model("gpt-4o".parse().unwrap()),
        &recorder,
    )
    .1;
    assert_eq!(
        [by_default, as_gpt_4o],
        [
            "prompt_size{direction=output} 13",
            "prompt_size{direction=output} 5"
        ],
        "TaskWeaver's way, by its own target and by another"
    );
}

/// The span had the provider's numbers, the counter had TaskWeaver's, and a prompt without messages was not
/// counted at all.
#[test]
fn the_span_and_the_counter_agree() {
    const CHAT_REQUEST: &str = r#"{"model":"m","messages":[{"role":"user","content":"Say hello."}]}"#;
    const CHAT_ANSWER: &str = r#"{"choices":[{"message":{"content":"Hello there."},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150}}"#;
    const GENERATE_REQUEST: &str =
        r#"{"model":"m","stream":false,"system":"Be short.","prompt":"Say hello."}"#;
    const GENERATE_ANSWER: &str = r#"{"model":"m","response":"Hello there.","done":true,"done_reason":"stop",
        "prompt_eval_count":100,"eval_count":50}"#;
    for (url, request, answer, sizes) in [
        (CHAT, CHAT_REQUEST, CHAT_ANSWER, [15, 3]),
        (
            "http://localhost:11434/api/generate",
            GENERATE_REQUEST,
            GENERATE_ANSWER,
            [8, 3],
        ),
    ] {
        for (mode, [input, output]) in [
            (PromptSizeMode::TaskWeaver, sizes),
            (PromptSizeMode::Usage, [100, 50]),
        ] {
            let recorder = Recorder::new();
            let layer = layer(&recorder)
                .with_prompt_size(mode)
                .with_legacy_attributes(true);
            let request = Request::post(url).body(Chunks::from_iter([request])).unwrap();
            exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
            recorded();
            let counted: Vec<String> = metrics(&recorder)
                .into_iter()
                .filter(|line| line.starts_with("prompt_size"))
                .collect();
            let expected = [
                format!("prompt_size{{direction=input}} {input}"),
                format!("prompt_size{{direction=output}} {output}"),
            ];
            assert_eq!(counted, expected, "the counter: {mode:?} {url}");
            let on_span = lines_with(&recorder, &["prompt_size", "output_size"]);
            let expected = [format!("output_size={output}"), format!("prompt_size={input}")];
            assert_eq!(on_span, expected, "the span: {mode:?} {url}");
        }
    }
}

/// `increase()` saw no first call, since its series had no sample before it.
#[test]
fn both_directions_are_counted_from_zero() {
    let recorder = Recorder::new();
    let _service = tower::Layer::layer(&layer(&recorder), ());
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
}
