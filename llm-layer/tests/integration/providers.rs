//! Providers that only a user knows.

use http::{Request, Response};
use throughline_llm_layer::{Capture, Format, LlmLayer, Rule};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO, MASKED, exchange, layer};

/// The provider of the documentation.
mod acme {
    include!("../../wire/src/example.rs");

    pub(super) fn rule() -> throughline_llm_layer::Rule {
        throughline_llm_layer::Rule::new("/v7/generate", Acme)
            .with_domain("acme.example")
            .with_provider("acme")
    }
}

const URL: &str = "https://eu.acme.example/v7/generate";
const QUESTION: &str = r#"{"engine":"acme-1","question":"Why is the sky blue?"}"#;
const ANSWER: &str = "data: {\"say\":\"Rayleigh \"}\n\ndata: {\"say\":\"scattering.\"}\n\n\
                      data: {\"end\":{\"why\":\"stop\",\"read\":6,\"written\":4}}\n\n";

/// Sends a body, receives an answer of events cut at `cut`, and checks that both pass unchanged.
fn assert_passes(layer: &LlmLayer, uri: &str, body: &str, answer: &str, cut: usize) {
    let request = Request::post(uri)
        .body(Chunks::from_iter([body.to_owned()]))
        .unwrap();
    let response = Response::builder().header("content-type", "text/event-stream");
    let (head, tail) = answer.split_at(cut);
    let chunks = Chunks::from_iter([head.to_owned(), tail.to_owned()]);
    let (sent, response) = exchange(layer, request, response.body(chunks).unwrap());
    assert_eq!(sent, body, "the request passes");
    assert_eq!(response.body(), answer, "the answer passes");
}

#[test]
fn a_provider_of_the_users() {
    let expected = r#"Client chat acme-1
  - gen_ai.input.messages="[{\"parts\":[{\"content\":\"Why is the sky blue?\",\"type\":\"text\"}],\"role\":\"user\"}]"
  - gen_ai.operation.name="chat"
  - gen_ai.output.messages="[{\"finish_reason\":\"stop\",\"parts\":[{\"content\":\"Rayleigh scattering.\",\"type\":\"text\"}],\"role\":\"assistant\"}]"
  - gen_ai.provider.name="acme"
  - gen_ai.request.model="acme-1"
  - gen_ai.request.stream=true
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.input_tokens=6
  - gen_ai.usage.output_tokens=4
  - server.address="eu.acme.example"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
"#;
    for cut in 0..ANSWER.len() {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_rule(acme::rule())
            .with_capture(Capture::SpanOnly);
        assert_passes(&layer, URL, QUESTION, ANSWER, cut);
        assert_eq!(recorder.tree(MASKED), expected, "cut at {cut}");
    }
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_rule(acme::rule());
    assert_passes(&layer, URL, r#"{"engine":"acme-1"}"#, ANSWER, 0);
    assert_passes(&layer, "https://acme.test/v7/generate", QUESTION, ANSWER, 0);
    assert_eq!(recorder.tree(MASKED), "", "another body, another host");
}

#[test]
fn what_a_provider_of_the_users_does_not_report_is_estimated() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_rule(acme::rule());
    assert_passes(
        &layer,
        URL,
        QUESTION,
        "data: {\"say\":\"Rayleigh scattering.\"}\n\n",
        9,
    );
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("error.type=\"incomplete_stream\""),
        "it broke off: {tree}"
    );
    assert!(tree.contains("throughline.tokens.input=6"), "the prompt: {tree}");
    assert!(tree.contains("throughline.tokens.output=4"), "the answer: {tree}");
}

/// OpenAI's chat, with one hook that panics.
mod broken {
    use http::HeaderMap;
    use throughline_llm_layer::wire::{
        Channel, Document, Operation, Path, PromptPart, Reply, RequestInfo, Scalar, WireFormat,
    };
    use throughline_llm_layer::{Content, Format};

    pub(super) struct Broken(pub(super) &'static str);

    impl Broken {
        fn chat(&self, hook: &str) -> Format {
            assert_ne!(self.0, hook, "on purpose");
            Format::OpenAiChat
        }
    }

    impl WireFormat for Broken {
        fn operation(&self) -> Operation {
            self.chat("operation").operation()
        }

        fn members(&self) -> &'static [&'static str] {
            self.chat("members").members()
        }

        fn matches(&self, request: &RequestInfo) -> bool {
            self.chat("matches").matches(request)
        }

        fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
            self.chat("request_value").request_value(at, value, request);
        }

        fn finish_request(&self, path: &str, request: &mut RequestInfo) {
            self.chat("finish_request").finish_request(path, request);
        }

        fn prompt(&self, at: &Path) -> Option<PromptPart> {
            self.chat("prompt").prompt(at)
        }

        fn content(&self, body: &Document) -> Content {
            self.chat("content").content(body)
        }

        fn reports_usage(&self, request: &RequestInfo) -> bool {
            self.chat("reports_usage").reports_usage(request)
        }

        fn alternatives(&self) -> &'static str {
            self.chat("alternatives").alternatives()
        }

        fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
            self.chat("head").head(headers, reply);
        }

        fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
            self.chat("channel").channel(at, reply)
        }

        fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
            self.chat("value").value(at, value, reply);
        }

        fn event(&self, name: &str, reply: &mut Reply) {
            self.chat("event").event(name, reply);
        }
    }
}

#[test]
fn a_format_that_panics_changes_no_traffic() {
    let answer = "event: chunk\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let panicked = "throughline.response.unseen=\"panicked\"";
    let cases = [
        ("none", "throughline.tokens.output=1"),
        ("operation", "gen_ai.operation.name=\"_OTHER\""),
        ("request_value", "gen_ai.operation.name=\"chat\""),
        ("finish_request", "gen_ai.request.model=\"gpt-4o\""),
        ("prompt", "throughline.tokens.output=1"),
        ("content", "gen_ai.output.messages"),
        ("reports_usage", "throughline.tokens.output=1"),
        ("alternatives", "throughline.tokens.output=1"),
        ("head", panicked),
        ("channel", panicked),
        ("value", panicked),
        ("event", panicked),
    ];
    for (hook, expected) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_rule(Rule::new("/generate", broken::Broken(hook)))
            .with_capture(Capture::SpanOnly);
        assert_passes(&layer, "https://a.test/generate", HELLO, answer, 40);
        let tree = recorder.tree(MASKED);
        assert!(tree.contains(expected), "{hook}: {tree}");
        assert!(!tree.contains("error"), "{hook}: the call does not fail: {tree}");
    }
    for hook in ["members", "matches"] {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_rule(Rule::new("/generate", broken::Broken(hook)));
        assert_passes(&layer, "https://a.test/generate", HELLO, answer, 40);
        assert_eq!(recorder.tree(MASKED), "", "{hook}: what it is stays unknown");
    }
}

#[test]
fn rules_by_model() {
    let claude = || {
        Rule::new("/chat/completions", Format::OpenAiChat)
            .with_model("claude-*")
            .with_provider("anthropic")
    };
    let cases = [
        (claude(), CHAT, "claude-opus-5", "anthropic"),
        (claude(), CHAT, "gpt-4o", "openai"),
        (
            claude().with_model("claude-opus-5"),
            CHAT,
            "claude-opus-5-1",
            "openai",
        ),
        (
            claude().with_model("claude-opus-5"),
            CHAT,
            "claude-opus-5",
            "anthropic",
        ),
        (
            Rule::ignore("/chat/completions").with_model("test-*"),
            CHAT,
            "test-1",
            "",
        ),
        (Rule::ignore("").with_model("test-*"), CHAT, "gpt-4o", "openai"),
        (
            claude(),
            "https://x.test/deployments/claude-1/chat/completions",
            "",
            "anthropic",
        ),
    ];
    for (rule, uri, model, provider) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_rule(rule.clone());
        let body = match model {
            "" => r#"{"messages":[]}"#.to_owned(),
            model => format!(r#"{{"model":"{model}","messages":[]}}"#),
        };
        assert_passes(&layer, uri, &body, "", 0);
        let tree = recorder.tree(MASKED);
        let seen = tree
            .lines()
            .find_map(|line| line.trim().strip_prefix("- gen_ai.provider.name="));
        let expected = (!provider.is_empty()).then(|| format!("{provider:?}"));
        assert_eq!(seen, expected.as_deref(), "{rule:?} {uri} {model}");
    }
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_rule(claude()).with_request_limit(0);
    assert_passes(&layer, CHAT, r#"{"model":"claude-1","messages":[]}"#, "", 0);
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("gen_ai.provider.name=\"openai\""),
        "a body that was not seen: {tree}"
    );
}

/// Two formats at one path are distinguished by the shape of the body.
#[test]
fn rules_by_shape() {
    let cases = [
        (r#"{"model":"m","messages":[]}"#, "Client chat m"),
        (r#"{"model":"m","input":"text"}"#, "Client embeddings m"),
        (r#"{"model":"m"}"#, ""),
    ];
    for (body, expected) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_rule(Rule::new("/any", Format::OpenAiChat))
            .with_rule(Rule::new("/any", Format::Embeddings));
        assert_passes(&layer, "https://a.test/any", body, "", 0);
        let tree = recorder.tree(MASKED);
        let name = tree.lines().next().unwrap_or_default();
        assert_eq!(name.split(" [").next(), Some(expected), "{body}");
    }
}
