//! What the network makes many stays few: the series of the metrics. What came first, and what is configured,
//! stays visible.

use std::collections::{BTreeMap, BTreeSet};

use http::{Request, Response};
use opentelemetry_sdk::trace::Sampler;
use serde_json::json;
use throughline_agents::mcp::Mcp;
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool, workflow};
use throughline_llm_layer::{Convention, Format, LlmLayer, Price, Prices, Rule};
use throughline_test_support::Recorder;

use crate::support::{Chunks, block_on, exchange, layer, recorded};

/// The most series of an instrument: an SDK holds 2,000, and merges what comes then.
const SERIES: usize = 1_999;

/// A call as an upstream and its client make it.
#[derive(Debug, Clone)]
struct Call {
    url: String,
    model: String,
    status: u16,
    answered_by: String,
    error: Option<String>,
    streamed: bool,
    /// A kind of rate limit that the answer speaks of.
    limit: String,
}

impl Call {
    fn with_model(model: &str) -> Self {
        Self {
            url: "https://api.openai.com/v1/chat/completions".to_owned(),
            model: model.to_owned(),
            status: 200,
            answered_by: model.to_owned(),
            error: None,
            streamed: false,
            limit: "tokens".to_owned(),
        }
    }

    fn send(self, layer: &LlmLayer) {
        let body = json!({
            "model": self.model,
            "stream": self.streamed,
            "messages": [{"role": "user", "content": "Hello"}],
        });
        let answer = match &self.error {
            Some(code) => json!({"error": {"code": code}}),
            None => json!({
                "model": self.answered_by,
                "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2},
            }),
        };
        let (kind, answer) = match self.streamed {
            true => (
                "text/event-stream",
                format!("data: {answer}\n\ndata: {answer}\n\ndata: [DONE]\n\n"),
            ),
            false => ("application/json", answer.to_string()),
        };
        let request = Request::post(self.url)
            .body(Chunks::from_iter([body.to_string()]))
            .unwrap();
        let response = Response::builder()
            .status(self.status)
            .header("content-type", kind)
            .header(format!("x-ratelimit-remaining-{}", self.limit), "7");
        exchange(
            layer,
            request,
            response.body(Chunks::from_iter([answer])).unwrap(),
        );
    }
}

/// Letters for a number: a kind of rate limit has nothing else.
fn letters(n: usize) -> String {
    n.to_string()
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

/// The series of each instrument, each as its labels.
fn series(recorder: &Recorder) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for line in recorder.metrics() {
        let (name, rest) = line.split_once('{').expect("labels");
        let (labels, _) = rest.rsplit_once('}').expect("a value");
        let labels = labels.split(',').filter_map(|label| label.split_once('='));
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        all.entry(name.to_owned()).or_default().push(labels.collect());
    }
    all
}

/// Whether no instrument has too many series, and none overflows.
fn check(name: &str, recorder: &Recorder) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let all = series(recorder);
    for (instrument, series) in &all {
        assert!(
            series.len() <= SERIES,
            "{name}: {} series of {instrument}",
            series.len()
        );
        let overflows = series
            .iter()
            .any(|labels| labels.contains_key("otel.metric.overflow"));
        assert!(!overflows, "{name}: {instrument} overflows");
        for (key, value) in series.iter().flatten() {
            assert!(value.len() <= 128, "{name}: {key} of {} bytes", value.len());
        }
    }
    all
}

/// Whether some series of an instrument has all these labels.
fn has(series: &[BTreeMap<String, String>], labels: &[(&str, &str)]) -> bool {
    let has_all = |series: &BTreeMap<String, String>| {
        labels
            .iter()
            .all(|(key, value)| series.get(*key).map(String::as_str) == Some(value))
    };
    series.iter().any(has_all)
}

fn configured(recorder: &Recorder) -> LlmLayer {
    layer(recorder)
        .with_convention(Convention::Both)
        .with_rate_limit_metrics(true)
        .with_prices(Prices::new().with_price("priced", Price::new(1.0, 2.0)))
        .with_rule(
            Rule::new("/v1/chat/completions", Format::OpenAiChat)
                .with_model("ruled")
                .with_provider("openai"),
        )
        .with_rule(
            Rule::new("/v1/chat/completions", Format::OpenAiChat)
                .with_model("family-*")
                .with_provider("openai"),
        )
}

fn unsampled() -> Recorder {
    Recorder::with_sampler(Sampler::AlwaysOff)
}

/// Sends an early model, a flood, and then what is to be seen after it.
fn flooded(name: &str, calls: usize, hostile: impl Fn(usize) -> Call) {
    let recorder = unsampled();
    let layer = configured(&recorder);
    Call::with_model("early").send(&layer);
    for n in 0..calls {
        hostile(n).send(&layer);
    }
    // A flood of the versions of a model takes their room.
    let is_of_versions = name.contains("versions of a") || name.contains("family");
    let related = if is_of_versions {
        &[][..]
    } else {
        &["priced-2024-08-06", "family-7"]
    };
    let seen = ["early", "priced", "ruled"]
        .into_iter()
        .chain(related.iter().copied());
    for model in seen.clone().chain(["late"]) {
        Call::with_model(model).send(&layer);
        let failed = Call {
            error: Some("rate_limit_exceeded".to_owned()),
            status: 429,
            ..Call::with_model(model)
        };
        failed.send(&layer);
    }
    recorded();
    let all = check(name, &recorder);
    let request = "gen_ai.request.model";
    for instrument in [
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.usage.output_tokens",
        "gen_ai.client.inference.operation.input_tokens",
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
        "throughline.rate_limit.remaining",
    ] {
        let series = &all[instrument];
        for model in seen.clone() {
            assert!(
                has(series, &[(request, model)]),
                "{name}: {model} on {instrument}"
            );
        }
        assert!(
            has(series, &[(request, "late")]) || has(series, &[(request, "_OTHER")]),
            "{name}: a late model on {instrument}"
        );
        let models: BTreeSet<&String> = series.iter().filter_map(|labels| labels.get(request)).collect();
        assert!(
            models.len() <= if is_of_versions { 210 } else { 110 },
            "{name}: {} models on {instrument}",
            models.len()
        );
    }
    let durations = &all["gen_ai.client.inference.duration"];
    let early = [
        (request, "early"),
        ("gen_ai.response.model", "early"),
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("server.address", "api.openai.com"),
        ("server.port", "443"),
    ];
    assert!(has(durations, &early), "{name}: what came first is as it was");
    let failed = durations.iter().any(|labels| {
        labels.get(request).is_some_and(|model| model == "early") && labels.contains_key("error.type")
    });
    assert!(failed, "{name}: its failure is seen");
    for model in ["priced", "ruled"] {
        let labels = [
            (request, model),
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
        ];
        assert!(has(durations, &labels), "{name}: {model} has a series in full");
    }
    assert_eq!(all["prompt_size"].len(), 2, "{name}: prompt_size");
}

#[test]
fn hostile_calls() {
    // Without optimisation they take a minute, and whatever can go wrong does so at the first few thousand.
    let calls = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
    let padding = "x".repeat(2_000);
    flooded("all at once", calls, |n| Call {
        url: format!("https://host-{n}.test:{}/v1/chat/completions", n % 60_000 + 1),
        model: format!("{n}-{padding}"),
        answered_by: format!("{n}-by-{padding}"),
        error: (n % 3 == 0).then(|| format!("code-{n}")),
        status: if n % 3 == 0 {
            400 + (n / 3 % 200) as u16
        } else {
            200
        },
        streamed: n % 7 == 0,
        limit: letters(n),
    });
}

#[test]
fn floods_of_one_thing() {
    const CALLS: usize = 2_500;
    let one = || Call::with_model("early");
    let hosts = [
        "api.openai.com",
        "api.groq.com",
        "api.mistral.ai",
        "api.x.ai",
        "a.openai.azure.com",
    ];
    flooded("models", CALLS, |n| Call::with_model(&format!("model-{n}")));
    flooded("models with a common start", CALLS, |n| {
        Call::with_model(&format!("{}{n}", "x".repeat(2_000)))
    });
    flooded("versions of a priced model", CALLS, |n| {
        Call::with_model(&format!("priced-{n}"))
    });
    flooded("a family of models", CALLS, |n| {
        Call::with_model(&format!("family-{}", n + 100))
    });
    flooded("response models", CALLS, |n| Call {
        answered_by: format!("model-{n}"),
        ..one()
    });
    flooded("versions of the requested model", CALLS, |n| Call {
        answered_by: format!("early-{n}"),
        ..one()
    });
    flooded("addresses", CALLS, |n| Call {
        url: format!("https://host-{n}.test/v1/chat/completions"),
        ..one()
    });
    flooded("ports", CALLS, |n| Call {
        url: format!("https://host.test:{}/v1/chat/completions", n + 1),
        ..one()
    });
    flooded("codes of errors", CALLS, |n| Call {
        error: Some(format!("code_{n}")),
        ..one()
    });
    flooded("statuses", CALLS, |n| Call {
        status: 400 + (n % 600) as u16,
        error: Some(String::new()),
        ..one()
    });
    flooded("kinds of rate limits", CALLS, |n| Call {
        limit: letters(n),
        ..one()
    });
    flooded("models at all providers", CALLS, |n| Call {
        url: format!("https://{}/v1/chat/completions", hosts[n % hosts.len()]),
        ..Call::with_model(&format!("model-{}", n / hosts.len()))
    });
}

#[test]
fn the_number_of_models_can_be_set() {
    for (max, expected) in [(0, 0), (1, 1), (5, 5), (20, 20)] {
        let recorder = unsampled();
        let layer = configured(&recorder).with_max_models(max);
        for n in 0..20 {
            Call::with_model(&format!("model-{n}")).send(&layer);
        }
        Call::with_model("priced").send(&layer);
        let all = check("a number of models", &recorder);
        let durations = &all["gen_ai.client.inference.duration"];
        let models: BTreeSet<&str> = durations
            .iter()
            .map(|labels| &*labels["gen_ai.request.model"])
            .filter(|model| model.starts_with("model-"))
            .collect();
        assert_eq!(models.len(), expected, "at most {max}: {models:?}");
        assert!(
            has(durations, &[("gen_ai.request.model", "priced")]),
            "at most {max}: what has a price"
        );
    }
}

#[test]
fn the_spans_keep_the_real_names() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_max_models(0);
    let call = Call {
        answered_by: "by-another".to_owned(),
        ..Call::with_model("unknown")
    };
    call.send(&layer);
    let span = recorder.tree(&[]);
    assert!(span.contains("chat unknown\n"), "the name: {span}");
    assert!(
        span.contains("gen_ai.request.model=\"unknown\""),
        "the model: {span}"
    );
    assert!(
        span.contains("gen_ai.response.model=\"by-another\""),
        "that of the response: {span}"
    );
    let all = series(&recorder);
    let labels = [
        ("gen_ai.request.model", "_OTHER"),
        ("gen_ai.response.model", "_OTHER"),
    ];
    assert!(
        has(&all["gen_ai.client.inference.duration"], &labels),
        "the labels: {all:?}"
    );
}

#[test]
fn floods_of_names_of_scopes() {
    type Make = fn(String) -> Scope;
    let makers: [(&str, &str, &str, Make); 3] = [
        (
            "agents",
            "gen_ai.invoke_agent.duration",
            "gen_ai.agent.name",
            |name| agent(name),
        ),
        (
            "tools",
            "gen_ai.execute_tool.duration",
            "gen_ai.tool.name",
            |name| tool(name),
        ),
        (
            "workflows",
            "gen_ai.invoke_workflow.duration",
            "gen_ai.workflow.name",
            |name| workflow(name),
        ),
    ];
    for (name, instrument, key, make) in makers {
        let recorder = unsampled();
        let run = |scope: Scope, fails: bool| {
            let scope = scope
                .with_tracer_provider(recorder.tracer_provider())
                .with_meter_provider(recorder.meter_provider());
            let mut running = scope.start();
            if fails {
                running.fail(&std::io::Error::other("x"));
            }
        };
        run(make("early".to_owned()), false);
        for n in 0..2_500 {
            run(make(format!("{n}-{}", "x".repeat(200))), n % 2 == 0);
        }
        run(make("early".to_owned()), true);
        run(make("late".to_owned()), true);
        let all = check(name, &recorder);
        let series = &all[instrument];
        assert!(has(series, &[(key, "early")]), "{name}: the first");
        assert!(has(series, &[(key, "_OTHER")]), "{name}: the last");
        let early =
            |labels: &BTreeMap<String, String>| labels[key] == "early" && labels.contains_key("error.type");
        assert!(series.iter().any(early), "{name}: the failure of the first");
    }
}

#[test]
fn floods_of_agents_around_one_call() {
    let recorder = unsampled();
    let shared = layer(&recorder);
    let run = |planner: String| {
        let traced = |scope: Scope| {
            scope
                .with_tracer_provider(recorder.tracer_provider())
                .with_meter_provider(recorder.meter_provider())
        };
        let call = async { Call::with_model("early").send(&shared) };
        block_on(traced(agent(planner)).run(traced(tool("search")).run(call)));
    };
    run("early".to_owned());
    for n in 0..2_500 {
        run(format!("agent-{n}"));
    }
    let all = check("agents", &recorder);
    for instrument in [
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.execute_tool.duration",
    ] {
        let series = &all[instrument];
        assert!(
            has(series, &[("gen_ai.agent.name", "early")]),
            "the first agent on {instrument}"
        );
        let is_late = |labels: &BTreeMap<String, String>| {
            labels
                .get("gen_ai.agent.name")
                .is_none_or(|agent| agent == "_OTHER")
        };
        assert!(series.iter().any(is_late), "the last on {instrument}");
    }
}

#[test]
fn layers_of_one_provider_share_its_series() {
    let recorder = unsampled();
    for n in 0..2_500 {
        // A layer for each request, as a careless program makes it.
        Call::with_model(&format!("model-{n}")).send(&layer(&recorder));
    }
    let all = check("layers", &recorder);
    let models = all["gen_ai.client.inference.duration"].len();
    assert!(
        models <= 101,
        "{models} series: the first 100 models, and all others"
    );
}

#[test]
fn floods_of_messages_of_mcp() {
    type Hostile = fn(usize) -> (serde_json::Value, serde_json::Value);
    let ok = || json!({"result": {}});
    let floods: [(&str, Hostile); 5] = [
        ("methods", |n| {
            (
                json!({"method": format!("method/{n}"), "id": 1}),
                json!({"result": {}}),
            )
        }),
        ("tools", |n| {
            let name = format!("tool-{n}");
            (
                json!({"method": "tools/call", "id": 1, "params": {"name": name}}),
                json!({"result": {}}),
            )
        }),
        ("prompts and codes", |n| {
            let name = format!("prompt-{n}");
            (
                json!({"method": "prompts/get", "id": 1, "params": {"name": name}}),
                json!({"error": {"code": n, "message": ""}}),
            )
        }),
        ("codes of one tool", |n| {
            (
                json!({"method": "tools/call", "id": 1, "params": {"name": "early"}}),
                json!({"error": {"code": n, "message": ""}}),
            )
        }),
        ("versions", |n| {
            let meta = json!({"io.modelcontextprotocol/protocolVersion": format!("v{n}")});
            (
                json!({"jsonrpc": format!("{n}"), "method": "ping", "id": 1, "params": {"_meta": meta}}),
                json!({"result": {}}),
            )
        }),
    ];
    for (name, hostile) in floods {
        let recorder = unsampled();
        let mcp = Mcp::new()
            .with_tracer_provider(recorder.tracer_provider())
            .with_meter_provider(recorder.meter_provider());
        let call = |tool: &str| json!({"method": "tools/call", "id": 1, "params": {"name": tool}});
        mcp.server(&call("early")).answer(&ok());
        for n in 0..2_500 {
            let (message, answer) = hostile(n);
            mcp.server(&message).answer(&answer);
            let mut session = mcp.server_session();
            session.set_protocol_version(&format!("v{n}"));
        }
        mcp.server(&call("early")).answer(&ok());
        mcp.server(&call("early"))
            .answer(&json!({"error": {"code": -1, "message": ""}}));
        mcp.server(&call("late")).answer(&ok());
        let all = check(name, &recorder);
        let series = &all["mcp.server.operation.duration"];
        let early = [("gen_ai.tool.name", "early"), ("mcp.method.name", "tools/call")];
        assert!(has(series, &early), "{name}: the first tool");
        let late = ["late", "_OTHER"].map(|tool| has(series, &[("gen_ai.tool.name", tool)]));
        assert!(late.contains(&true), "{name}: a late tool");
        assert!(
            all["mcp.server.session.duration"].len() <= 20,
            "{name}: versions of sessions"
        );
    }
}
