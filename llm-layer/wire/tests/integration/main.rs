//! Golden exchanges, decoded: the typed request and answer of each, whole and cut at every byte.
//!
//! What is expected of a case is `<name>.decoded.txt`. With `UPDATE_GOLDEN=1` in the environment it is
//! written: review it before you commit it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use throughline_llm_wire::{ModelRequest, RequestReader, Target, TextPiece, UsagePart};
use throughline_test_support::golden::{GoldenCase, assert_all_passed, compare, read_cases};

mod fuzz;
mod fuzz_smoke;

#[test]
fn golden() {
    let cases = golden_cases();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    assert_all_passed(cases.iter().map(|case| {
        let whole = decode(case, 0);
        case.compare("decoded", &whole)?;
        check_expected_content(case)?;
        for cut in 1..case.request.body.len().max(case.response.body.len()) {
            let what = format!("{}: cut at {cut}", case.name);
            compare(&what, &whole, &decode(case, cut))?;
        }
        Ok(())
    }));
}

/// Decodes the exchange, with request and response cut in two.
fn decode(case: &GoldenCase, cut: usize) -> String {
    match read_request(case, cut) {
        Some(request) => describe(case, &request, cut),
        None => "not a model call\n".to_owned(),
    }
}

fn golden_cases() -> Vec<GoldenCase> {
    read_cases(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")))
}

fn read_request(case: &GoldenCase, cut: usize) -> Option<ModelRequest> {
    let (method, uri) = case.target();
    let mut reader = RequestReader::new(&Target::new(&method, &uri, None), &case.request.headers, &[])?;
    for chunk in case.request.parts(cut) {
        let mut budget = usize::MAX;
        reader.read(&chunk, &mut budget);
    }
    reader.finish(|| Some(case.request.body.clone()))
}

/// Everything that was read of the exchange, as text.
fn describe(case: &GoldenCase, request: &ModelRequest, cut: usize) -> String {
    let mut response = request.response_reader();
    response.read_head(&case.response.headers);
    let mut text: BTreeMap<String, String> = BTreeMap::new();
    let mut on_text = |piece: TextPiece<'_>| {
        let place = format!("{} {:?}", piece.choice, piece.channel);
        text.entry(place).or_default().push_str(piece.text);
    };
    for chunk in case.response.parts(cut) {
        response.feed(&chunk, &mut on_text);
    }
    let is_intact = response.finish(&mut on_text);
    let (info, reply) = (&request.info, response.reply());
    let finish_reasons: Vec<_> = reply.finish_reasons(info.choices).collect();
    let usage = reply.usage();

    let mut out = String::new();
    let operation = request.recognised.format.operation();
    let provider = &request.recognised.provider;
    writeln!(out, "request: {operation:?} {:?} at {provider}", info.model).unwrap();
    writeln!(out, "  stream: {:?}, choices: {}", info.stream, info.choices).unwrap();
    for (parameter, value) in info.parameters() {
        writeln!(out, "  {parameter:?}: {value:?}").unwrap();
    }
    writeln!(out, "  certain: {}", request.is_certain).unwrap();
    writeln!(out, "  unseen: {:?}", request.unseen).unwrap();
    writeln!(out, "response: {:?} {:?}", reply.id(), reply.model()).unwrap();
    writeln!(
        out,
        "  stream: {}, documents: {}",
        response.is_stream(),
        reply.documents()
    )
    .unwrap();
    for (detail, value) in reply.details() {
        writeln!(out, "  {detail:?}: {value:?}").unwrap();
    }
    for (place, text) in &text {
        writeln!(out, "  text {place}: {text:?}").unwrap();
    }
    writeln!(out, "  finish reasons: {finish_reasons:?}").unwrap();
    writeln!(out, "  input: {:?}, output: {:?}", usage.input(), usage.output()).unwrap();
    for part in PARTS {
        if let Some(count) = usage.part(part) {
            writeln!(out, "    {part:?}: {count}").unwrap();
        }
    }
    writeln!(out, "  error: {:?}", reply.error()).unwrap();
    writeln!(
        out,
        "  complete: {}, well-formed: {is_intact}",
        reply.is_complete()
    )
    .unwrap();
    writeln!(out, "  unseen: {:?}", response.unseen()).unwrap();
    out.push_str("content:\n");
    for (name, values) in capture(case, request, cut) {
        for value in values {
            writeln!(out, "  {name}: {value}").unwrap();
        }
    }
    out
}

/// The content of the exchange, in the schema of the conventions: the messages or parts of each kind.
fn capture(case: &GoldenCase, request: &ModelRequest, cut: usize) -> [(&'static str, Vec<Value>); 4] {
    let mut response = request.response_reader().with_capture(64 * 1024);
    response.read_head(&case.response.headers);
    for chunk in case.response.parts(cut) {
        response.feed(&chunk, |_| ());
    }
    response.finish(|_| ());
    let answer = response.take_answer().expect("it is captured");
    let finish_reasons = response.reply().finish_reasons(request.info.choices);
    let output = answer.into_messages(finish_reasons);
    let body = request.copy.as_ref().map(|copy| copy.document(64 * 1024));
    let content = body.map(|body| request.recognised.format.content(&body));
    let content = content.unwrap_or_default();
    [
        ("instructions", content.system_instructions),
        ("input", content.input),
        ("tools", content.tools),
        ("output", output),
    ]
}

/// What `<name>.content.json` names must be in the content; there may be more.
fn check_expected_content(case: &GoldenCase) -> Result<(), String> {
    let Ok(expected) = fs::read_to_string(format!("{}.content.json", case.name)) else {
        return Ok(());
    };
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let request = read_request(case, 0).ok_or_else(|| format!("{}: not a model call", case.name))?;
    for (name, values) in capture(case, &request, 0) {
        let key = format!("gen_ai.{name}.messages");
        let actual = Value::from(values);
        if let Some(expected) = expected.get(&key)
            && !includes(&actual, expected)
        {
            return Err(format!("{}: {key}: {actual:#}", case.name));
        }
    }
    Ok(())
}

fn includes(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| actual.get(key).is_some_and(|actual| includes(actual, value))),
        (Value::Array(actual), Value::Array(expected)) => {
            let mut pairs = actual.iter().zip(expected);
            actual.len() == expected.len() && pairs.all(|(actual, expected)| includes(actual, expected))
        }
        _ => actual == expected,
    }
}

const PARTS: [UsagePart; 20] = [
    UsagePart::Input,
    UsagePart::UncachedInput,
    UsagePart::ToolInput,
    UsagePart::Output,
    UsagePart::Thoughts,
    UsagePart::Total,
    UsagePart::BilledInput,
    UsagePart::BilledOutput,
    UsagePart::CacheRead,
    UsagePart::CacheWrite,
    UsagePart::Reasoning,
    UsagePart::TextInput,
    UsagePart::TextOutput,
    UsagePart::AudioInput,
    UsagePart::AudioOutput,
    UsagePart::ImageInput,
    UsagePart::ImageOutput,
    UsagePart::TextCacheRead,
    UsagePart::AudioCacheRead,
    UsagePart::ImageCacheRead,
];
