//! What a user can choose of what is recognised and measured.

use std::convert::Infallible;

use http::{Request, Response};
use opentelemetry::{Context, KeyValue};
use throughline_agents::in_model_call;
use throughline_llm_layer::{CallAttributes, Convention, Format, LlmLayer, Rule};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::golden;
use crate::support::{
    CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, exchange, layer, lines_with, metrics, read,
};

/// An answer in two chunks that reports all kinds of tokens.
const STREAM: [&str; 3] = [
    "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"prompt_tokens_details\":{\"cached_tokens\":64,\"cache_write_tokens\":8,\"audio_tokens\":30},\"completion_tokens_details\":{\"reasoning_tokens\":5}}}\n\ndata: [DONE]\n\n",
];

fn stream(layer: &LlmLayer) {
    let request = Request::post(CHAT)
        .body(Chunks::from_iter([HELLO_STREAMED]))
        .unwrap();
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

/// It used to have attributes that version 1.41 does not, and the schema URL of the newest version.
#[test]
fn version_1_41_has_its_own_attributes_and_schema() {
    let newer = [
        "reasoning.level",
        "previous_response",
        "usage.audio",
        "usage.text",
        "compacted",
    ];
    for (convention, schema_url) in [
        (
            Convention::Latest,
            "https://opentelemetry.io/schemas/gen-ai/1.42.0",
        ),
        (Convention::V1_41, "https://opentelemetry.io/schemas/1.41.0"),
        (Convention::Both, "https://opentelemetry.io/schemas/gen-ai/1.42.0"),
    ] {
        let recorder = Recorder::new();
        for case in golden::all() {
            golden::run(&case, &layer(&recorder).with_convention(convention), 0);
        }
        let tree = recorder.tree(MASKED);
        for name in newer {
            assert_eq!(
                tree.contains(name),
                convention != Convention::V1_41,
                "{convention:?}: {name}"
            );
        }
        for span in recorder.spans() {
            let url = span.instrumentation_scope.schema_url();
            assert_eq!(url, Some(schema_url), "{convention:?}: the schema");
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
            Rule::new("/generate", Format::OpenAiChat).with_provider("acme"),
            "http://a.test/generate",
            "Client chat gpt-4o",
            "acme",
        ),
        (
            Rule::new("/generate", Format::OpenAiChat).with_domain("a.test"),
            "http://x.a.test/generate",
            "Client chat gpt-4o",
            "_OTHER",
        ),
        (
            Rule::new("/generate", Format::OpenAiChat).with_domain("a.test"),
            "http://b.test/generate",
            "",
            "",
        ),
        (
            Rule::new("/generate", Format::OpenAiChat).with_domain("a.test"),
            "http://not-a.test/generate",
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

#[test]
fn attributes_of_the_users_from_context_and_request() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let attributes = |pairs: &[(&'static str, &'static str)]| {
        CallAttributes::new(pairs.iter().map(|(key, value)| KeyValue::new(*key, *value)))
    };
    let for_all = attributes(&[
        ("tenant", "acme"),
        ("plan", "free"),
        ("gen_ai.request.model", "mine"),
    ]);
    let _attached = Context::current_with_value(for_all).attach();
    let mut request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    request
        .extensions_mut()
        .insert(attributes(&[("plan", "paid"), ("user", "7")]));
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
    assert!(!metrics.contains("acme"), "no metric has them: {metrics}");
}
