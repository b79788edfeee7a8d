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
