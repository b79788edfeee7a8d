//! Golden exchanges, decoded: the typed request and answer of each, whole and cut at every byte.
//!
//! What is expected of a case is `<name>.decoded.txt`. With `UPDATE_GOLDEN=1` in the environment it is written: review
//! it before you commit it.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use throughline_llm_wire::{ModelRequest, RequestReader, Target, TextPiece, UsagePart};
use throughline_test_support::golden::{GoldenCase, assert_all_passed, compare, read_cases};

#[test]
fn golden() {
    let cases = read_cases(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")));
    assert!(cases.len() > 200, "only {} cases", cases.len());
    assert_all_passed(cases.iter().map(|case| {
        let whole = decode(case, 0, 0);
        case.compare("decoded", &whole)?;
        for cut in 1..case.request.body.len() {
            let what = format!("{}: request cut at {cut}", case.name);
            compare(&what, &whole, &decode(case, cut, 0))?;
        }
        for cut in 1..case.response.body.len() {
            let what = format!("{}: response cut at {cut}", case.name);
            compare(&what, &whole, &decode(case, 0, cut))?;
        }
        Ok(())
    }));
}

fn decode(case: &GoldenCase, request_cut: usize, response_cut: usize) -> String {
    match read_request(case, request_cut) {
        Some(request) => describe(case, &request, response_cut),
        None => "not a model call\n".to_owned(),
    }
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
    out
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
