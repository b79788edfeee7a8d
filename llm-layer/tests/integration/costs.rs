//! What calls cost: by prices, by a hook, and as the provider reports it.

use std::fs;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use opentelemetry::{Array, Value};
use opentelemetry_sdk::trace::SpanData;
use throughline_agents::{agent, tokens};
use throughline_llm_layer::{BilledPart, LlmLayer, Price, Prices, Role};
use throughline_test_support::Recorder;
use throughline_test_support::golden::GoldenCase;

use crate::golden;
use crate::support::{CHAT, Chunks, HELLO, block_on, exchange, layer};

const COST: &str = "throughline.cost";
const REPORTED: &str = "throughline.cost.reported";
const UNPRICED: &str = "throughline.cost.unpriced";

/// The golden exchanges that have a `<name>.cost.json`: the prices, and the cost or what has no price.
#[test]
fn golden_costs() {
    let cases = golden::all().into_iter().filter_map(|case| {
        let text = fs::read_to_string(format!("{}.cost.json", case.name)).ok()?;
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        Some((case, expected))
    });
    let cases: Vec<(GoldenCase, serde_json::Value)> = cases.collect();
    assert!(cases.len() >= 12, "only {} cases", cases.len());
    for (case, expected) in cases {
        let name = &case.name;
        let prices = Prices::from_json(&expected["prices"].to_string()).expect(name);
        let recorder = Recorder::new();
        golden::run(&case, &layer(&recorder).with_prices(prices.clone()), 0);
        let span = recorder.spans().remove(0);
        same(number(&span, COST), expected["cost"].as_f64(), name);
        same(number(&span, REPORTED), expected["provider_cost"].as_f64(), name);
        let unpriced = expected["unpriced"].as_array();
        let unpriced = unpriced.into_iter().flatten().map(|part| part.as_str().unwrap());
        assert_eq!(
            strings(&span, UNPRICED),
            unpriced.collect::<Vec<_>>(),
            "{name}: what has no price"
        );
        if let Some(parts) = expected["parts"].as_object() {
            check_parts(&case, prices, parts);
        }
    }
}

/// Checks the cost of single parts: a copy of the table prices all other parts at nothing.
fn check_parts(case: &GoldenCase, prices: Prices, expected: &serde_json::Map<String, serde_json::Value>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_hook = seen.clone();
    let recorder = Recorder::new();
    let hook = move |call: &throughline_llm_layer::BilledCall<'_>| {
        for (part, _) in call.usage.parts() {
            let alone = BilledPart::ALL.into_iter().filter(|other| *other != part);
            let alone = alone.fold(call.usage.clone(), |usage, other| usage.with_count(other, 0));
            let mut call = *call;
            call.usage = &alone;
            seen_by_hook.lock().unwrap().push((part, prices.cost(&call)));
        }
        None
    };
    golden::run(case, &layer(&recorder).with_cost_hook(hook), 0);
    let seen = seen.lock().unwrap();
    for (part, expected) in expected {
        let found = seen.iter().find(|(other, _)| other.as_str() == part);
        let cost = match found {
            Some((_, throughline_llm_layer::Cost::Priced(cost))) => Some(*cost),
            _ => None,
        };
        same(cost, expected.as_f64(), &format!("{}: {part}", case.name));
    }
}

fn same(seen: Option<f64>, expected: Option<f64>, name: &str) {
    let is_same = match (seen, expected) {
        (Some(seen), Some(expected)) => (seen - expected).abs() < 1e-12,
        (seen, expected) => seen == expected,
    };
    assert!(is_same, "{name}: {seen:?} in place of {expected:?}");
}

fn value<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    let mut attributes = span.attributes.iter();
    attributes
        .find(|attribute| attribute.key.as_str() == name)
        .map(|attribute| &attribute.value)
}

fn number(span: &SpanData, name: &str) -> Option<f64> {
    value(span, name).map(|value| match value {
        Value::F64(number) => *number,
        other => panic!("{name} is {other:?}"),
    })
}

fn strings<'a>(span: &'a SpanData, name: &str) -> Vec<&'a str> {
    match value(span, name) {
        Some(Value::Array(Array::String(strings))) => strings.iter().map(|text| text.as_str()).collect(),
        None => Vec::new(),
        Some(other) => panic!("{name} is {other:?}"),
    }
}

/// Calls a model, which answers with this usage and what follows it. Returns the span.
fn call(layer: &LlmLayer, recorder: &Recorder, request: &str, usage: &str) -> SpanData {
    let answer = format!(
        r#"{{"model":"gpt-4o-2024-08-06","choices":[{{"message":{{"content":"Hi"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    let request = Request::post(CHAT)
        .body(Chunks::from_iter([request.to_owned()]))
        .unwrap();
    exchange(layer, request, Response::new(Chunks::from_iter([answer])));
    recorder.spans().pop().expect("a span")
}

const USAGE: &str = r#"{"prompt_tokens":1000000,"completion_tokens":100000}"#;

/// Bug: 1-hour cache writes, audio and cached tokens had the price of other input.
#[test]
fn a_part_without_a_price_leaves_the_cost_out() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    let span = call(&layer, &recorder, HELLO, USAGE);
    assert_eq!(number(&span, COST), Some(3.0), "all parts have a price");
    assert_eq!(strings(&span, UNPRICED), [""; 0], "nothing is without a price");
    let usage = r#"{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#;
    let span = call(&layer, &recorder, HELLO, usage);
    assert_eq!(number(&span, COST), None, "cached tokens have no price");
    assert_eq!(strings(&span, UNPRICED), ["cache_read"], "the part is named");
}

#[test]
fn a_model_without_a_price_is_named_so() {
    let recorder = Recorder::new();
    let priced = layer(&recorder).with_prices(Prices::new().with_price("m", Price::new(2.0, 10.0)));
    let span = call(&priced, &recorder, HELLO, USAGE);
    assert_eq!(strings(&span, UNPRICED), ["model"], "with prices");
    let span = call(&layer(&recorder), &recorder, HELLO, USAGE);
    assert_eq!(strings(&span, UNPRICED), [""; 0], "without prices");
}

#[test]
fn a_service_tier_that_the_answer_does_not_name_is_the_requested_one() {
    let request = r#"{"model":"gpt-4o","service_tier":"flex","messages":[]}"#;
    let recorder = Recorder::new();
    let price = Price::new(2.0, 10.0).with_service_tier("flex", Price::new(1.0, 5.0));
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", price));
    let span = call(&layer, &recorder, request, USAGE);
    assert_eq!(number(&span, COST), Some(1.5), "the answer names none");
    let usage = format!("{USAGE},\"service_tier\":\"default\"");
    let span = call(&layer, &recorder, request, &usage);
    assert_eq!(number(&span, COST), Some(3.0), "the answer's decides");
}

#[test]
fn the_providers_own_cost_is_recorded_apart() {
    let usage = r#"{"prompt_tokens":1000000,"completion_tokens":100000,"cost":0.25}"#;
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let span = call(&layer, &recorder, HELLO, usage);
    assert_eq!(number(&span, COST), None, "without prices");
    assert_eq!(number(&span, REPORTED), Some(0.25), "without prices");
    let priced = layer
        .clone()
        .with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    let span = call(&priced, &recorder, HELLO, usage);
    assert_eq!(number(&span, COST), Some(3.0), "by the prices");
    assert_eq!(number(&span, REPORTED), Some(0.25), "by the provider");
    let span = call(&layer.with_role(Role::Proxy), &recorder, HELLO, usage);
    assert_eq!(number(&span, REPORTED), None, "another hop has it");
}

#[test]
fn calls_without_tokens_are_billed_by_their_own_units() {
    let price = Price::default()
        .with(BilledPart::AudioSecond, 0.0001)
        .with(BilledPart::Page, 0.004)
        .with(BilledPart::SearchUnit, 0.002);
    let cases = golden::all();
    for (name, part, cost) in [
        ("openai/transcription_duration", "audio_second", 0.0027),
        ("mistral/ocr", "page", 0.004),
        ("cohere/rerank", "search_unit", 0.002),
    ] {
        let case = cases.iter().find(|case| case.name.ends_with(name)).expect(name);
        let recorder = Recorder::new();
        golden::run(case, &layer(&recorder), 0);
        let span = recorder.spans().remove(0);
        let Some(Value::String(model)) = value(&span, "gen_ai.request.model") else {
            panic!("{name}: no model");
        };
        for (price, expected, missing) in [
            (price.clone(), Some(cost), None),
            (Price::default(), None, Some(part)),
        ] {
            let recorder = Recorder::new();
            let prices = Prices::new().with_price(model.as_str(), price);
            golden::run(case, &layer(&recorder).with_prices(prices), 0);
            let span = recorder.spans().remove(0);
            same(number(&span, COST), expected, name);
            assert_eq!(
                strings(&span, UNPRICED),
                Vec::from_iter(missing),
                "{name}: what has no price"
            );
        }
    }
}

/// Tokens of several models have no price by one of them.
#[test]
fn tokens_of_another_model_have_no_price() {
    let prices = Prices::new()
        .with_price("claude-opus-4-8", Price::new(5.0, 25.0).with_cache(0.5, 6.25))
        .with_price("claude-sonnet-4-6", Price::new(3.0, 15.0).with_cache(0.3, 3.75));
    let cases = golden::all();
    for (name, cost, unpriced) in [
        ("anthropic/compaction", true, &[][..]),
        ("anthropic/fallback_declined", true, &[]),
        (
            "anthropic/fallback_stream_mid_output",
            false,
            &["model:claude-fable-5"],
        ),
        ("anthropic/server_advisor", false, &["model:claude-opus-4-8"]),
    ] {
        let case = cases.iter().find(|case| case.name.ends_with(name)).expect(name);
        let recorder = Recorder::new();
        golden::run(case, &layer(&recorder).with_prices(prices.clone()), 0);
        let span = recorder.spans().remove(0);
        assert_eq!(number(&span, COST).is_some(), cost, "{name}: the cost");
        assert_eq!(strings(&span, UNPRICED), unpriced, "{name}: what has no price");
    }
}

#[test]
fn a_hook_gets_all_parts_and_goes_before_the_prices() {
    let recorder = Recorder::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_hook = seen.clone();
    let layer = layer(&recorder)
        .with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)))
        .with_cost_hook(move |call| {
            seen_by_hook.lock().unwrap().push(format!("{call:?}"));
            let searches = call.usage.count(BilledPart::WebSearch);
            (searches > 0).then_some(searches as f64 + call.usage.reported_cost()?)
        });
    let usage =
        r#"{"prompt_tokens":9,"completion_tokens":1,"server_tool_use":{"web_search_requests":2},"cost":0.5}"#;
    let span = call(&layer, &recorder, HELLO, usage);
    assert_eq!(number(&span, COST), Some(2.5), "the hook's cost");
    assert_eq!(strings(&span, UNPRICED), [""; 0], "no price is missing");
    let seen = seen.lock().unwrap().concat();
    for part in ["\"openai\"", "Some(\"gpt-4o\")", "Some(\"gpt-4o-2024-08-06\")"] {
        assert!(seen.contains(part), "the hook gets {part}: {seen}");
    }
    drop(seen);
    let span = call(&layer, &recorder, HELLO, USAGE);
    assert_eq!(number(&span, COST), Some(3.0), "the hook returned none");
}

#[test]
fn a_hook_that_panics_or_returns_no_number_is_ignored() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    let panicking = layer.clone().with_cost_hook(|_| panic!("on purpose"));
    let span = call(&panicking, &recorder, HELLO, USAGE);
    assert_eq!(number(&span, COST), Some(3.0), "a hook that panics");
    let span = call(&layer.with_cost_hook(|_| Some(f64::NAN)), &recorder, HELLO, USAGE);
    assert_eq!(number(&span, COST), Some(3.0), "a hook without a number");
}

#[test]
fn costs_reach_the_ledger() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    let scope = agent("Planner").with_tracer_provider(recorder.tracer_provider());
    let nanocost = block_on(scope.run(async {
        call(&layer, &recorder, HELLO, USAGE);
        call(&layer, &recorder, HELLO, USAGE);
        tokens().nanocost
    }));
    assert_eq!(nanocost, 6_000_000_000, "two calls of 3.0");
}

/// The lines of the two counters of costs, without the labels that all calls have in common.
fn counters(recorder: &Recorder) -> Vec<String> {
    let common = "gen_ai.operation.name=chat,gen_ai.provider.name=openai,gen_ai.request.model=gpt-4o,\
                  gen_ai.response.model=gpt-4o-2024-08-06,server.address=api.openai.com,server.port=443,";
    let lines = recorder.metrics().into_iter();
    let lines = lines.filter(|line| line.starts_with("throughline.cost"));
    lines.map(|line| line.replace(common, "")).collect()
}

/// The cost stood on spans only, so that no metric added it up.
#[test]
fn counters_add_up_what_calls_cost() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    call(&layer, &recorder, HELLO, USAGE);
    call(&layer, &recorder, HELLO, USAGE);
    let planner = agent("Planner")
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    block_on(planner.run(async { call(&layer, &recorder, HELLO, USAGE) }));
    assert_eq!(
        counters(&recorder),
        [
            "throughline.cost{gen_ai.agent.name=Planner,throughline.tokens.source=reported} 3",
            "throughline.cost{throughline.tokens.source=reported} 6"
        ],
        "three calls"
    );
}

#[test]
fn a_counter_has_the_calls_whose_cost_is_unknown() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_prices(Prices::new().with_price("gpt-4o", Price::new(2.0, 10.0)));
    let cached = r#"{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#;
    call(&layer, &recorder, HELLO, cached);
    let refusal = Response::builder().status(429).body(Chunks::default()).unwrap();
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    exchange(&layer, request, refusal);
    assert_eq!(
        counters(&recorder),
        ["throughline.cost.unknown{throughline.tokens.source=reported} 1"],
        "cached tokens have no price, and a refused call costs nothing"
    );
}

#[test]
fn without_prices_there_are_no_counters_of_costs() {
    let recorder = Recorder::new();
    call(&layer(&recorder), &recorder, HELLO, USAGE);
    assert_eq!(counters(&recorder), [""; 0], "no prices");
}

/// A counter cannot add a negative number.
#[test]
fn a_negative_cost_of_a_hook_is_counted_as_unknown() {
    let recorder = Recorder::new();
    call(
        &layer(&recorder).with_cost_hook(|_| Some(-1.0)),
        &recorder,
        HELLO,
        USAGE,
    );
    assert_eq!(
        counters(&recorder),
        ["throughline.cost.unknown{throughline.tokens.source=reported} 1"],
        "one call"
    );
}
