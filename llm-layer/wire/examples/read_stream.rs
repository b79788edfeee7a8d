//! Prints the model, the text, the tool calls and the usage of a recorded exchange: `<name>.request.http` and
//! `<name>.response.http`, each with a head, a blank line and a body.
//!
//! `cargo run -p throughline-llm-wire --example read_stream -- llm-layer/wire/tests/golden/openai/tool_calls`

#![expect(clippy::print_stdout, reason = "it is what the example does")]

use std::error::Error;
use std::{env, fs};

use http::{HeaderMap, HeaderName, HeaderValue};
use throughline_llm_wire::{Channel, Target, read_request};

const DEFAULT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/golden/gemini/stream_function_call"
);

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| DEFAULT.to_owned());
    let (line, headers, body) = read(&format!("{name}.request.http"))?;
    let (method, url) = line.split_once(' ').ok_or("no method and URL")?;
    let (method, url) = (method.parse()?, url.parse()?);
    let target = Target::new(&method, &url, None);
    let request = read_request(&target, &headers, &[], &body.into()).ok_or("not a model call")?;

    let mut response = request.response_reader().with_capture(64 * 1024);
    let (_status, headers, body) = read(&format!("{name}.response.http"))?;
    response.read_head(&headers);
    let mut text = String::new();
    for chunk in body.chunks(100) {
        response.feed(chunk, |piece| {
            if piece.channel == Channel::Content {
                text.push_str(piece.text);
            }
        });
    }
    let is_intact = response.finish(|_| ());

    let answer = response.take_answer();
    let reply = response.reply();
    println!(
        "model: {} of {}",
        reply.model().map_or("unknown", |model| model),
        request.recognised.provider
    );
    println!("text: {text:?}");
    for message in answer
        .into_iter()
        .flat_map(|answer| answer.into_messages(reply.finish_reasons(1)))
    {
        let parts = message.get("parts").and_then(|parts| parts.as_array());
        parts
            .into_iter()
            .flatten()
            .filter(|part| part.get("type").is_some_and(|kind| kind == "tool_call"))
            .for_each(|call| println!("tool call: {call}"));
    }
    println!(
        "tokens: {:?} in, {:?} out",
        reply.usage().input(),
        reply.usage().output()
    );
    println!(
        "finish reasons: {:?}",
        reply.finish_reasons(1).collect::<Vec<_>>()
    );
    println!("well-formed: {is_intact}");
    Ok(())
}

/// Returns the first line of a recording, its headers and its body.
fn read(file: &str) -> Result<(String, HeaderMap, Vec<u8>), Box<dyn Error>> {
    let recording = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let end = recording
        .windows(2)
        .position(|two| two == b"\n\n")
        .ok_or("no blank line")?;
    let (head, body) = recording.split_at(end);
    let mut lines = std::str::from_utf8(head)?.lines();
    let first = lines.next().ok_or("no first line")?.to_owned();
    let header = |line: &str| -> Result<(HeaderName, HeaderValue), Box<dyn Error>> {
        let (name, value) = line.split_once(": ").ok_or("no header")?;
        Ok((name.parse()?, value.parse()?))
    };
    Ok((
        first,
        lines.map(header).collect::<Result<_, _>>()?,
        body.get(2..).unwrap_or_default().to_vec(),
    ))
}
