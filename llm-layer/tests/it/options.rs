//! What a user can choose.

use std::convert::Infallible;

use http::{Request, Response};
use opentelemetry::{Context, KeyValue};
use throughline_llm_layer::{
    CallAttributes, Capture, Convention, Format, LlmLayer, PromptSizeMode, Rule, agent, in_model_call,
};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO, MASKED, block_on, exchange, layer, metrics, read, recorded};

/// An answer in two chunks that reports all kinds of tokens.
const STREAM: [&str; 3] = [
    "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"prompt_tokens_details\":{\"cached_tokens\":64,\"cache_write_tokens\":8,\"audio_tokens\":30},\"completion_tokens_details\":{\"reasoning_tokens\":5}}}\n\ndata: [DONE]\n\n",
];

fn stream(layer: &LlmLayer) {
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"stream":true}"#;
    let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
    let response = Response::builder().header("content-type", "text/event-stream");
    exchange(layer, request, response.body(Chunks::from_iter(STREAM)).unwrap());
}

#[test]
fn conventions() {
    let latest = [
        "gen_ai.client.inference.duration{} count=1",
        "gen_ai.client.inference.operation.input_tokens{} count=1",
        "gen_ai.client.inference.operation.output_tokens{} count=1",
        "gen_ai.client.inference.time_per_output_chunk{} count=2",
        "gen_ai.client.inference.time_to_first_chunk{} count=1",
        "gen_ai.client.inference.usage.cache_read.input_tokens{gen_ai.token.modality=unknown} 64",
        "gen_ai.client.inference.usage.cache_write.input_tokens{gen_ai.token.modality=unknown} 8",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=audio} 30",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=unknown} 70",
        "gen_ai.client.inference.usage.output_tokens{gen_ai.token.modality=unknown} 20",
        "gen_ai.client.inference.usage.reasoning.output_tokens{gen_ai.token.modality=unknown} 5",
    ];
    let older = [
        "gen_ai.client.operation.duration{} count=1",
        "gen_ai.client.operation.time_per_output_chunk{} count=2",
        "gen_ai.client.operation.time_to_first_chunk{} count=1",
        "gen_ai.client.token.usage{gen_ai.token.type=input} count=1",
        "gen_ai.client.token.usage{gen_ai.token.type=output} count=1",
    ];
    let prompt_size = [
        "prompt_size{direction=input} 100",
        "prompt_size{direction=output} 20",
    ];
    let both = [&latest[..], &older, &prompt_size].concat();
    let cases = [
        (
            Convention::Latest,
            [&latest[..], &prompt_size].concat(),
            ["cache_write"].as_slice(),
        ),
        (
            Convention::V1_41,
            [&older[..], &prompt_size].concat(),
            &["cache_creation"],
        ),
        (Convention::Both, both, &["cache_creation", "cache_write"]),
    ];
    for (convention, expected, cache) in cases {
        let recorder = Recorder::new();
        stream(&layer(&recorder).with_convention(convention));
        assert_eq!(metrics(&recorder), expected, "{convention:?}");
        let tree = recorder.tree(MASKED);
        for name in ["cache_creation", "cache_write"] {
            let attribute = format!("gen_ai.usage.{name}.input_tokens=8");
            assert_eq!(
                tree.contains(&attribute),
                cache.contains(&name),
                "{convention:?}: {attribute}"
            );
        }
    }
}

#[test]
fn metrics_are_told_apart_by_what_the_conventions_say() {
    let recorder = Recorder::new();
    stream(&layer(&recorder));
    let line = "gen_ai.client.inference.duration{gen_ai.operation.name=chat,gen_ai.provider.name=openai,\
                gen_ai.request.model=gpt-4o,gen_ai.response.model=m,server.address=api.openai.com,server.port=443} count=1";
    assert!(
        recorder.metrics().iter().any(|other| other == line),
        "{:#?}",
        recorder.metrics()
    );
}

#[test]
fn estimates_go_into_the_metrics_only_where_asked_for() {
    for (estimates, expected) in [(false, " 0"), (true, " 8")] {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_estimates_in_metrics(estimates);
        let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
        let answer = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        let name = "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=unknown}";
        let line = metrics(&recorder).into_iter().find(|line| line.starts_with(name));
        assert_eq!(line, Some(format!("{name}{expected}")), "estimates: {estimates}");
        assert!(
            metrics(&recorder).contains(&"prompt_size{direction=input} 8".to_owned()),
            "always"
        );
    }
}

#[test]
fn rules() {
    let cases = [
        (
            Rule::new("/ask", Format::OpenAiChat).by("acme"),
            "http://a.test/ask",
            "Client chat gpt-4o",
            "acme",
        ),
        (
            Rule::new("/ask", Format::OpenAiChat).at("a.test"),
            "http://x.a.test/ask",
            "Client chat gpt-4o",
            "_OTHER",
        ),
        (
            Rule::new("/ask", Format::OpenAiChat).at("a.test"),
            "http://b.test/ask",
            "",
            "",
        ),
        (
            Rule::new("/ask", Format::OpenAiChat).at("a.test"),
            "http://not-a.test/ask",
            "",
            "",
        ),
        (Rule::ignore("/chat/completions"), CHAT, "", ""),
    ];
    for (rule, uri, name, provider) in cases {
        let recorder = Recorder::new();
        let request = Request::post(uri).body(Chunks::from_iter([HELLO])).unwrap();
        let layer = layer(&recorder).with_rule(rule.clone());
        exchange(
            &layer,
            request,
            Response::new(Chunks::from_iter([r#"{"id":"1"}"#])),
        );
        let tree = recorder.tree(MASKED);
        assert_eq!(tree.lines().next().unwrap_or_default(), name, "{rule:?} {uri}");
        assert!(tree.contains(provider), "{rule:?} {uri}: the provider");
    }
}

#[test]
fn a_model_call_in_a_model_call_counts_once() {
    let recorder = Recorder::new();
    let answer =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let service =
        service_fn(move |_| async move { Ok::<_, Infallible>(Response::new(Chunks::from_iter([answer]))) });
    let twice = layer(&recorder).layer(layer(&recorder).layer(service));
    let request = || Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    let Ok(response) = block_on(twice.clone().call(request()));
    read(response.into_body());
    assert_eq!(
        recorder.tree(MASKED).matches("Client").count(),
        1,
        "ours under ours"
    );
    let above = in_model_call(&Context::new()).attach();
    let Ok(response) = block_on(twice.clone().call(request()));
    read(response.into_body());
    drop(above);
    assert_eq!(recorder.spans().len(), 1, "ours under another's");
}

const ANSWER: &str = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2}}"#;

fn unary(layer: &LlmLayer) {
    let body = r#"{"model":"gpt-4o","temperature":0.5,"messages":[{"role":"user","content":"Hello"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
    exchange(layer, request, Response::new(Chunks::from_iter([ANSWER])));
}

/// The lines of the tree that speak of content.
fn content(recorder: &Recorder) -> Vec<String> {
    let words = ["messages", "definitions", "details"];
    let tree = recorder.tree(MASKED);
    let lines = tree
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn capture() {
    let input = r#"gen_ai.input.messages="[{\"parts\":[{\"content\":\"Hello\",\"type\":\"text\"}],\"role\":\"user\"}]""#;
    let output = r#"gen_ai.output.messages="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Hi\",\"type\":\"text\"}],\"role\":\"assistant\"}]""#;
    let tools = r#"gen_ai.tool.definitions="[{\"name\":\"f\",\"type\":\"function\"}]""#;
    let on_span = [format!("- {input}"), format!("- {output}"), format!("- {tools}")];
    let on_event = [format!(
        "! gen_ai.client.inference.operation.details {input} {output} {tools}"
    )];
    let cases = [
        (Capture::NoContent, vec![]),
        (Capture::SpanOnly, on_span.to_vec()),
        (Capture::EventOnly, on_event.to_vec()),
        (Capture::SpanAndEvent, [on_span.as_slice(), &on_event].concat()),
    ];
    for (capture, expected) in cases {
        let recorder = Recorder::new();
        unary(&layer(&recorder).with_capture(capture));
        assert_eq!(content(&recorder), expected, "{capture:?}");
    }
    let recorder = Recorder::new();
    let redacted = layer(&recorder).with_capture(Capture::SpanOnly);
    unary(&redacted.with_redaction(|content| content.input.clear()));
    assert_eq!(content(&recorder), on_span[1..], "redacted");
    let recorder = Recorder::new();
    let broken = layer(&recorder).with_capture(Capture::SpanOnly);
    unary(&broken.with_redaction(|_| panic!("on purpose")));
    assert_eq!(content(&recorder), Vec::<String>::new(), "a hook that panics");
    assert!(
        recorder.tree(MASKED).contains("output_tokens=2"),
        "harms nothing else"
    );
}

fn lines_with(recorder: &Recorder, prefixes: &[&str]) -> Vec<String> {
    let tree = recorder.tree(MASKED);
    let lines = tree.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let kept = |line: &&str| prefixes.iter().any(|prefix| line.starts_with(prefix));
    lines.filter(kept).map(str::to_owned).collect()
}

#[test]
fn openinference() {
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_openinference(true)
        .with_capture(Capture::SpanOnly);
    let agent = agent("a")
        .with_tracer_provider(recorder.tracer_provider())
        .with_conversation("c-1");
    block_on(agent.run(async { unary(&layer) }));
    let expected = [
        r#"input.mime_type="application/json""#,
        r#"input.value="[{\"parts\":[{\"content\":\"Hello\",\"type\":\"text\"}],\"role\":\"user\"}]""#,
        r#"llm.input_messages.0.message.content="Hello""#,
        r#"llm.input_messages.0.message.role="user""#,
        r#"llm.invocation_parameters="{\"temperature\":0.5}""#,
        r#"llm.model_name="m""#,
        r#"llm.output_messages.0.message.content="Hi""#,
        r#"llm.output_messages.0.message.role="assistant""#,
        r#"llm.provider="openai""#,
        "llm.token_count.completion=2",
        "llm.token_count.prompt=8",
        "llm.token_count.total=10",
        r#"openinference.span.kind="LLM""#,
        r#"output.mime_type="application/json""#,
        r#"output.value="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Hi\",\"type\":\"text\"}],\"role\":\"assistant\"}]""#,
        r#"session.id="c-1""#,
    ];
    let prefixes = ["input.", "output.", "llm.", "openinference", "session"];
    assert_eq!(lines_with(&recorder, &prefixes), expected);
}

#[test]
fn legacy_attributes() {
    let recorder = Recorder::new();
    unary(
        &layer(&recorder)
            .with_legacy_attributes(true)
            .with_capture(Capture::SpanOnly),
    );
    let expected = [
        "llm.input_tokens=8",
        r#"llm.model="gpt-4o""#,
        "llm.output_tokens=2",
        "llm.prompt_length=11",
        "llm.temperature=0.5",
        "llm.total_tokens=10",
        "output_size=2",
        r#"prompt="[{\"role\": \"user\", \"content\": \"Hello\"}]""#,
        "prompt_size=8",
    ];
    assert_eq!(
        lines_with(&recorder, &["llm.", "prompt", "output_size"]),
        expected
    );
}

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
    let said = |encoding: &str, input: u64| {
        vec![
            format!("throughline.tokens.encoding={encoding:?}"),
            format!("throughline.tokens.input={input}"),
        ]
    };
    let recorder = Recorder::new();
    let default = counted(layer(&recorder), &recorder);
    let recorder = Recorder::new();
    let as_gpt_4 = counted(layer(&recorder).with_tokenizer_target_model(target()), &recorder);
    assert_eq!(default.0, said("o200k_base?", 12), "by default");
    assert_eq!(as_gpt_4.0, said("cl100k_base?", 20), "as gpt-4");
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

#[test]
fn attributes_of_the_users_from_context_and_request() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let given = |pairs: &[(&'static str, &'static str)]| {
        CallAttributes::new(pairs.iter().map(|(key, value)| KeyValue::new(*key, *value)))
    };
    let of_all = given(&[
        ("tenant", "acme"),
        ("plan", "free"),
        ("gen_ai.request.model", "mine"),
    ]);
    let _attached = Context::current_with_value(of_all).attach();
    let mut request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    request
        .extensions_mut()
        .insert(given(&[("plan", "paid"), ("user", "7")]));
    exchange(&layer, request, Response::new(Chunks::from_iter(["{}"])));
    let expected = [
        "gen_ai.request.model=\"gpt-4o\"",
        "plan=\"paid\"",
        "tenant=\"acme\"",
        "user=\"7\"",
    ];
    let lines = lines_with(&recorder, &["plan=", "tenant=", "user=", "gen_ai.request.model="]);
    assert_eq!(
        lines, expected,
        "the layer's, then the request's, then the context's"
    );
    let metrics = recorder.metrics().join("\n");
    assert!(
        !metrics.contains("acme"),
        "no metric is told apart by them: {metrics}"
    );
}

/// The parts of an answer used to be taken for alternatives where no alternatives are.
#[test]
fn an_answer_of_several_parts_is_one_message() {
    let cases = [
        (
            "https://api.anthropic.com/v1/messages",
            r#"{"model":"m","max_tokens":9,"messages":[]}"#,
            r#"{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}"#,
            "end_turn",
        ),
        (
            "https://api.openai.com/v1/responses",
            r#"{"model":"m","input":"x"}"#,
            r#"{"status":"completed","output":[{"type":"reasoning","summary":[{"text":"hm"}]},{"type":"message","content":[{"text":"Hi"}]}]}"#,
            "stop",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
            r#"{"messages":[]}"#,
            r#"{"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},{"text":"Hi"}]}},"stopReason":"end_turn"}"#,
            "end_turn",
        ),
    ];
    let gemini = [(
        "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent",
        r#"{"contents":[]}"#,
        r#"[{"candidates":[{"content":{"parts":[{"text":"h","thought":true}]}}]},{"candidates":[{"content":{"parts":[{"text":"m","thought":true},{"text":"H"}]}}]},{"candidates":[{"content":{"parts":[{"text":"i","thought":false}]},"finishReason":"STOP"}]}]"#,
        "STOP",
    )];
    for (uri, body, answer, reason) in cases.into_iter().chain(gemini) {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_capture(Capture::SpanOnly);
        let request = Request::post(uri).body(Chunks::from_iter([body])).unwrap();
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        let expected = format!(
            r#"gen_ai.output.messages="[{{\"finish_reason\":\"{reason}\",\"parts\":[{{\"content\":\"hm\",\"type\":\"reasoning\"}},{{\"content\":\"Hi\",\"type\":\"text\"}}],\"role\":\"assistant\"}}]""#
        );
        let seen = lines_with(&recorder, &["gen_ai.output.messages"]);
        assert_eq!(seen, [expected], "{uri}");
    }
}

/// Of arguments that came as an object, everything but the strings at its root used to be lost.
#[test]
fn a_tools_arguments_are_kept_as_they_were_sent() {
    let arguments = r#"{"city":"Oslo","days":2,"near":[{"far":false,"name":"Moss"},null],"why":""}"#;
    let cases = [
        (
            "https://api.anthropic.com/v1/messages",
            r#"{"model":"m","max_tokens":9,"messages":[]}"#,
            r#"{"content":[{"type":"tool_use","name":"f","input":ARGUMENTS}],"stop_reason":"s"}"#,
        ),
        (
            "https://x.test/api/chat",
            r#"{"model":"m","messages":[],"stream":false}"#,
            r#"{"message":{"tool_calls":[{"function":{"name":"f","arguments":ARGUMENTS}}]},"done":true,"done_reason":"s"}"#,
        ),
        (
            "https://x.test/v1/models/m:generateContent",
            r#"{"contents":[]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":ARGUMENTS}}]},"finishReason":"s"}]}"#,
        ),
        (
            "https://x.test/model/m/converse",
            r#"{"messages":[]}"#,
            r#"{"output":{"message":{"content":[{"toolUse":{"name":"f","input":ARGUMENTS}}]}},"stopReason":"s"}"#,
        ),
        (
            "https://x.test/v1beta/interactions",
            r#"{"model":"m","input":"x"}"#,
            r#"{"status":"incomplete","steps":[{"type":"function_call","name":"f","arguments":ARGUMENTS}]}"#,
        ),
    ];
    for (uri, body, answer) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_capture(Capture::SpanOnly);
        let request = Request::post(uri).body(Chunks::from_iter([body])).unwrap();
        let answer = answer.replace("ARGUMENTS", arguments);
        exchange(&layer, request, Response::new(Chunks::from_iter([answer])));
        let seen = lines_with(&recorder, &["gen_ai.output.messages"]).concat();
        let part = format!("{{\"arguments\":{arguments},\"name\":\"f\",\"type\":\"tool_call\"}}");
        assert!(seen.replace("\\\"", "\"").contains(&part), "{uri}: {seen}");
    }
}
