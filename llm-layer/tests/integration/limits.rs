//! What the network makes long stays short: span names, attributes, events and labels.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use opentelemetry::logs::AnyValue;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::trace::SpanData;
use serde_json::json;
use throughline_agents::mcp::{Mcp, Transport};
use throughline_agents::scope::{RunningScope, Scope};
use throughline_agents::{agent, graph, graph::node, tool, workflow};
use throughline_llm_layer::wire::{
    Channel, Operation, ParameterValue, Path, PromptPart, Reply, ReplyDetail, RequestInfo, Scalar, WireFormat,
};
use throughline_llm_layer::{Capture, Convention, Format, LlmLayer, Rule};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, exchange, layer};

/// The most bytes of an attribute, items of one, bytes of a span's name and of a label.
const ATTRIBUTE: usize = 1024;
const ITEMS: usize = 32;
const NAME: usize = 128;
const LABEL: usize = 128;

/// A call, and what becomes long in it.
struct Case {
    name: &'static str,
    url: String,
    headers: HeaderMap,
    body: String,
    status: u16,
    answer_headers: HeaderMap,
    answer: String,
    /// An attribute that the call has, and its size in bytes and items.
    expected: (&'static str, usize, usize),
}

impl Case {
    fn new(name: &'static str, body: serde_json::Value, expected: (&'static str, usize, usize)) -> Self {
        Self {
            name,
            url: CHAT.to_owned(),
            headers: HeaderMap::new(),
            body: body.to_string(),
            status: 200,
            answer_headers: HeaderMap::new(),
            answer: answer(json!({})).to_string(),
            expected,
        }
    }

    fn at(self, url: &str) -> Self {
        let url = url.to_owned();
        Self { url, ..self }
    }

    fn answered(self, status: u16, answer: impl ToString) -> Self {
        Self {
            status,
            answer: answer.to_string(),
            ..self
        }
    }
}

/// A request with these members beside its message.
fn chat(members: serde_json::Value) -> serde_json::Value {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
    merge(&mut body, members);
    body
}

/// An answer with these members beside its choice.
fn answer(members: serde_json::Value) -> serde_json::Value {
    let mut answer = json!({
        "id": "r-1",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    merge(&mut answer, members);
    answer
}

fn merge(object: &mut serde_json::Value, members: serde_json::Value) {
    let members = members.as_object().cloned().unwrap_or_default();
    object.as_object_mut().unwrap().extend(members);
}

fn size(value: &Value) -> (usize, usize) {
    match value {
        Value::Array(Array::String(items)) => {
            (items.iter().map(|item| item.as_str().len()).sum(), items.len())
        }
        other => (other.as_str().len(), 1),
    }
}

/// Whether every text of a span and of the metrics is within its limit.
fn check(name: &str, recorder: &Recorder) -> Vec<SpanData> {
    let spans = recorder.spans();
    assert!(!spans.is_empty(), "{name}: there are spans");
    for span in &spans {
        assert!(
            span.name.len() <= NAME,
            "{name}: a span's name of {} bytes",
            span.name.len()
        );
        let events = span.events.events.iter().flat_map(|event| &event.attributes);
        for KeyValue { key, value, .. } in span.attributes.iter().chain(events) {
            let (bytes, items) = size(value);
            assert!(bytes <= ATTRIBUTE, "{name}: {key} of {bytes} bytes");
            assert!(items <= ITEMS, "{name}: {key} of {items} items");
            assert!(
                key.as_str().len() <= 100,
                "{name}: a key of {} bytes",
                key.as_str().len()
            );
        }
        if let opentelemetry::trace::Status::Error { description } = &span.status {
            assert!(
                description.len() <= ATTRIBUTE,
                "{name}: a status of {} bytes",
                description.len()
            );
        }
    }
    for series in recorder.metrics() {
        let (_, labels) = series.split_once('{').expect("labels");
        for label in labels.rsplit_once('}').expect("an end").0.split(',') {
            let value = label.split_once('=').map_or("", |(_, value)| value);
            assert!(value.len() <= LABEL, "{name}: a label of {} bytes", value.len());
        }
    }
    spans
}

fn headers<const N: usize>(headers: [(String, String); N]) -> HeaderMap {
    let header = |(name, value): (String, String)| {
        (
            HeaderName::try_from(name).unwrap(),
            HeaderValue::try_from(value).unwrap(),
        )
    };
    headers.into_iter().map(header).collect()
}

fn cases() -> Vec<Case> {
    let x = |bytes: usize| "x".repeat(bytes);
    let reasons: Vec<_> = (0..100)
        .map(|index| json!({"index": index, "finish_reason": x(2_000)}))
        .collect();
    vec![
        Case::new("nothing long", chat(json!({})), ("gen_ai.request.model", 6, 1)),
        Case::new(
            "a model of 2.5 MB",
            chat(json!({"model": x(2_500_000)})),
            ("gen_ai.request.model", ATTRIBUTE, 1),
        ),
        Case::new(
            "a model of three-byte characters",
            chat(json!({"model": "€".repeat(50_000)})),
            ("gen_ai.request.model", ATTRIBUTE - 1, 1),
        ),
        Case::new(
            "3.6 MB of stop sequences",
            chat(json!({"stop": vec![x(36); 100_000]})),
            ("gen_ai.request.stop_sequences", 28 * 36 + 16, 29),
        ),
        Case::new(
            "many empty stop sequences",
            chat(json!({"stop": vec![""; 100_000]})),
            ("gen_ai.request.stop_sequences", 0, ITEMS),
        ),
        Case::new(
            "one long stop sequence",
            chat(json!({"stop": x(2_000_000)})),
            ("gen_ai.request.stop_sequences", ATTRIBUTE, 1),
        ),
        Case::new(
            "a long service tier",
            chat(json!({"service_tier": x(100_000)})),
            ("openai.request.service_tier", ATTRIBUTE, 1),
        ),
        Case::new(
            "a long reasoning effort",
            chat(json!({"reasoning_effort": x(100_000)})),
            ("gen_ai.request.reasoning.level", ATTRIBUTE, 1),
        ),
        Case::new(
            "a long encoding format",
            json!({"model": "e", "input": "a", "encoding_format": vec![x(500); 900]}),
            ("gen_ai.request.encoding_formats", ATTRIBUTE, 3),
        )
        .at("https://api.openai.com/v1/embeddings"),
        Case::new(
            "a long deployment in the path",
            json!({"messages": []}),
            ("gen_ai.request.model", ATTRIBUTE, 1),
        )
        .at(&format!(
            "https://a.openai.azure.com/openai/deployments/{}/chat/completions",
            x(50_000)
        )),
        Case::new(
            "a long model in the path",
            json!({"contents": []}),
            ("gen_ai.request.model", ATTRIBUTE, 1),
        )
        .at(&format!(
            "https://generativelanguage.googleapis.com/v1/models/{}:generateContent",
            x(50_000)
        )),
        Case::new("a long host", chat(json!({})), ("server.address", ATTRIBUTE, 1))
            .at(&format!("https://{}/v1/chat/completions", x(50_000))),
        Case {
            headers: headers([("host".to_owned(), x(50_000))]),
            ..Case::new(
                "a long host header",
                chat(json!({})),
                ("server.address", ATTRIBUTE, 1),
            )
            .at("/v1/chat/completions")
        },
        Case::new(
            "a long response model",
            chat(json!({})),
            ("gen_ai.response.model", ATTRIBUTE, 1),
        )
        .answered(200, answer(json!({"model": x(500_000)}))),
        Case::new(
            "a long response id",
            chat(json!({})),
            ("gen_ai.response.id", ATTRIBUTE, 1),
        )
        .answered(200, answer(json!({"id": x(500_000)}))),
        Case::new(
            "a long system fingerprint",
            chat(json!({})),
            ("openai.response.system_fingerprint", ATTRIBUTE, 1),
        )
        .answered(200, answer(json!({"system_fingerprint": x(500_000)}))),
        Case::new(
            "many long finish reasons",
            chat(json!({"n": 100})),
            ("gen_ai.response.finish_reasons", ATTRIBUTE, 16),
        )
        .answered(200, answer(json!({"choices": reasons}))),
        Case::new(
            "a long conversation",
            json!({"model": "m", "input": "a"}),
            ("gen_ai.conversation.id", ATTRIBUTE, 1),
        )
        .at("https://api.openai.com/v1/responses")
        .answered(
            200,
            json!({"id": "r", "status": "completed", "conversation": {"id": x(500_000)}}),
        ),
        Case::new("a long error code", chat(json!({})), ("error.type", 3, 1))
            .answered(400, json!({"error": {"code": x(500_000), "message": x(500_000)}})),
        Case {
            answer_headers: headers([
                ("x-request-id".to_owned(), x(50_000)),
                (format!("x-ratelimit-{}", x(30_000)), "1".to_owned()),
                (format!("x-ratelimit-remaining-{}", x(300)), "1".to_owned()),
                ("retry-after".to_owned(), "7".to_owned()),
            ]),
            ..Case::new(
                "long headers of a refusal",
                chat(json!({})),
                ("http.response.header.retry-after", 1, 1),
            )
            .answered(429, "{}")
        },
    ]
}

/// Everything that a layer can be asked to put on spans, but content.
fn talkative(recorder: &Recorder) -> LlmLayer {
    layer(recorder)
        .with_convention(Convention::Both)
        .with_openinference(true)
        .with_legacy_attributes(true)
        .with_rate_limit_metrics(true)
}

#[test]
fn every_attribute_of_a_call_is_bounded() {
    for case in cases() {
        let recorder = Recorder::new();
        let mut request = Request::post(case.url)
            .body(Chunks::from_iter([case.body]))
            .unwrap();
        request.headers_mut().extend(case.headers);
        let response = Response::builder().status(case.status);
        let mut response = response.body(Chunks::from_iter([case.answer])).unwrap();
        response.headers_mut().extend(case.answer_headers);
        exchange(&talkative(&recorder), request, response);
        let spans = check(case.name, &recorder);
        let (key, bytes, items) = case.expected;
        let found = spans[0].attributes.iter().find(|it| it.key.as_str() == key);
        let found = found.map(|it| size(&it.value));
        assert_eq!(found, Some((bytes, items)), "{}: {key}", case.name);
    }
}

#[test]
fn what_openinference_says_of_parameters_stays_json() {
    let recorder = Recorder::new();
    let stop = vec!["\"".repeat(400); 3];
    let body =
        chat(json!({"temperature": 0.5, "stop": stop, "reasoning_effort": "x".repeat(900), "seed": 7}));
    let request = Request::post(CHAT)
        .body(Chunks::from_iter([body.to_string()]))
        .unwrap();
    let response = Response::new(Chunks::from_iter([answer(json!({})).to_string()]));
    exchange(&talkative(&recorder), request, response);
    let spans = check("parameters", &recorder);
    let found = spans[0].attributes.iter();
    let found = found
        .clone()
        .find(|it| it.key.as_str() == "llm.invocation_parameters")
        .unwrap();
    let parameters: serde_json::Value = serde_json::from_str(&found.value.as_str()).expect("JSON");
    assert_eq!(
        parameters["temperature"],
        json!(0.5),
        "what fits is there: {parameters}"
    );
    assert_eq!(parameters["seed"], json!(7), "behind what does not: {parameters}");
}

#[test]
fn log_records_are_bounded_too() {
    let recorder = Recorder::new();
    let exporter = InMemoryLogExporter::default();
    let provider = SdkLoggerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = talkative(&recorder)
        .with_capture(Capture::EventOnly)
        .with_logger_provider(&provider);
    let long = "x".repeat(2_500_000);
    let body = chat(json!({"model": long, "stop": vec![&long[..1_000]; 1_000]})).to_string();
    let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
    let error = json!({"error": {"code": long, "message": long}}).to_string();
    let response = Response::builder().status(500);
    exchange(
        &layer,
        request,
        response.body(Chunks::from_iter([error])).unwrap(),
    );
    check("the span", &recorder);
    let records = exporter.get_emitted_logs().unwrap();
    assert_eq!(records.len(), 2, "an exception and the details");
    for (key, value) in records.iter().flat_map(|log| log.record.attributes_iter()) {
        let is_content = key.as_str().ends_with(".messages");
        let bytes = match value {
            AnyValue::String(text) => text.as_str().len(),
            AnyValue::ListAny(items) if !is_content => {
                assert!(items.len() <= ITEMS, "{key} of {} items", items.len());
                let text = |item: &AnyValue| match item {
                    AnyValue::String(text) => text.as_str().len(),
                    _ => 0,
                };
                items.iter().map(text).sum()
            }
            _ => 0,
        };
        assert!(bytes <= ATTRIBUTE, "{key} of {bytes} bytes");
    }
}

/// A format of the user's that passes on what it reads.
struct Careless;

impl WireFormat for Careless {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, _: &RequestInfo) -> bool {
        true
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.model = Some(path.to_owned());
        request.attribute("path", path.to_owned());
        let many = ParameterValue::Texts(vec!["7".to_owned(); 10_000]);
        request.attribute("numbers", many);
    }

    fn prompt(&self, _: &Path) -> Option<PromptPart> {
        None
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        let text = headers["x-long"].to_str().unwrap();
        reply.set_id(text);
        reply.set_model(text);
        reply.set_detail(ReplyDetail::Other("long"), text);
        reply.fail(text);
    }

    fn channel(&self, _: &Path, _: &Reply) -> Option<Channel> {
        None
    }

    fn value(&self, _: &Path, _: Scalar<'_>, _: &mut Reply) {}
}

#[test]
fn what_a_users_format_passes_on_is_bounded() {
    let recorder = Recorder::new();
    let layer = talkative(&recorder).with_rule(Rule::new("/own", Careless).with_provider("acme"));
    let url = format!("http://a.test/{}/own", "p".repeat(50_000));
    let request = Request::post(url).body(Chunks::from_iter(["{}"])).unwrap();
    let response = Response::builder().header("x-long", "x".repeat(60_000));
    exchange(&layer, request, response.body(Chunks::from_iter(["{}"])).unwrap());
    let spans = check("a careless format", &recorder);
    for key in ["path", "long", "gen_ai.response.id", "gen_ai.response.model"] {
        let found = spans[0].attributes.iter().find(|it| it.key.as_str() == key);
        assert_eq!(found.map(|it| size(&it.value)), Some((ATTRIBUTE, 1)), "{key}");
    }
    let numbers = spans[0].attributes.iter().find(|it| it.key.as_str() == "numbers");
    let Some(Value::Array(Array::String(numbers))) = numbers.map(|it| &it.value) else {
        panic!("an array");
    };
    assert_eq!(numbers.len(), ITEMS, "the numbers");
    let rule = Rule::new("/x", Format::OpenAiChat);
    assert!(format!("{rule:?}").len() < 1_000, "a rule is short");
}

#[test]
fn what_the_user_adds_is_not_cut() {
    let recorder = Recorder::new();
    let own = throughline_llm_layer::CallAttributes::new([KeyValue::new("own", "x".repeat(5_000))]);
    let request = Request::post(CHAT).extension(own);
    let request = request
        .body(Chunks::from_iter([chat(json!({})).to_string()]))
        .unwrap();
    exchange(
        &layer(&recorder),
        request,
        Response::new(Chunks::from_iter([answer(json!({})).to_string()])),
    );
    let spans = recorder.spans();
    let found = spans[0].attributes.iter().find(|it| it.key.as_str() == "own");
    assert_eq!(found.map(|it| size(&it.value)), Some((5_000, 1)), "in full");
}

#[test]
fn scopes_with_long_names_are_bounded() {
    let long = || "é".repeat(1_000_000);
    type Make = fn(String) -> Scope;
    let makers: [(&str, Make); 5] = [
        ("agent", |name| agent(name)),
        ("tool", |name| tool(name)),
        ("workflow", |name| workflow(name)),
        ("graph", |name| graph(name)),
        ("node", |name| node(name.clone(), name)),
    ];
    for (name, make) in makers {
        let recorder = Recorder::new();
        let scope = make(long()).with_conversation(long());
        let mut running: RunningScope = scope
            .with_tracer_provider(recorder.tracer_provider())
            .with_meter_provider(recorder.meter_provider())
            .start();
        running.fail(&std::io::Error::other(long()));
        drop(running);
        check(name, &recorder);
    }
}

#[test]
fn messages_of_mcp_with_long_texts_are_bounded() {
    let long = || "é".repeat(1_000_000);
    let messages = [
        json!({"method": long()}),
        json!({"method": "tools/call", "id": long(), "params": {"name": long()}}),
        json!({"method": "prompts/get", "id": 1, "params": {"name": long()}}),
        json!({"method": "resources/read", "id": 1, "params": {"uri": long()}}),
        json!({"jsonrpc": long(), "method": "ping", "id": 1, "params": {
            "_meta": {"io.modelcontextprotocol/protocolVersion": long()}}}),
    ];
    for mut message in messages {
        let recorder = Recorder::new();
        let mcp = || {
            Mcp::new()
                .with_tracer_provider(recorder.tracer_provider())
                .with_meter_provider(recorder.meter_provider())
                .with_transport(Transport::Stdio)
                .with_session(long())
        };
        let answer = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 7, "message": long()}});
        let name = message["method"]
            .as_str()
            .unwrap()
            .chars()
            .take(20)
            .collect::<String>();
        mcp().server(&message).answer(&answer);
        mcp().client(&mut message).answer(&answer);
        mcp()
            .with_protocol_version(long())
            .server(&message)
            .answer(&answer);
        let mut session = mcp().server_session();
        session.set_protocol_version(&long());
        drop(session);
        check(&name, &recorder);
    }
}
