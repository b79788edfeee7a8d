//! Responses: the headers and the body of the answer to a request, in the format that the request has.

use std::collections::BTreeMap;

use throughline_llm_wire::{ModelRequest, TextPiece, Unseen};

use super::exchange::{self, Message};

pub(super) fn check(input: &[u8]) {
    let Some((step, request, response)) = exchange::parse(input) else {
        return;
    };
    let Some(request) = exchange::read_request(&request, usize::MAX) else {
        return;
    };
    for capture in [0, 16 * 1024] {
        let [whole, pieces] = [usize::MAX, step].map(|step| describe(&request, &response, step, capture));
        assert_eq!(
            pieces,
            whole,
            "a response in pieces of {step} bytes is read like the whole, capture {capture}: {}",
            String::from_utf8_lossy(response.body)
        );
    }
}

/// Everything that was read of a response in pieces of `step` bytes, as text.
fn describe(request: &ModelRequest, response: &Message<'_>, step: usize, capture: usize) -> String {
    let mut reader = request.response_reader();
    if capture > 0 {
        reader = reader.with_capture(capture);
    }
    reader.read_head(&response.headers);
    let mut text: BTreeMap<String, String> = BTreeMap::new();
    let mut on_text = |piece: TextPiece<'_>| {
        let place = format!("{} {:?}", piece.choice, piece.channel);
        text.entry(place).or_default().push_str(piece.text);
    };
    for piece in response.body.chunks(step) {
        reader.feed(piece, &mut on_text);
    }
    let is_intact = reader.finish(&mut on_text);
    assert_ne!(reader.unseen(), Some(Unseen::Panicked), "the response is read");
    let answer = reader.take_answer();
    let reply = reader.reply();
    let finish_reasons: Vec<_> = reply.finish_reasons(request.info.choices.min(8)).collect();
    let tool_calls: Vec<_> = answer.iter().flat_map(|answer| answer.tool_calls(0)).collect();
    let messages = answer.map(|answer| answer.into_messages(finish_reasons.iter().copied()));
    format!(
        "{:?} {:?}\n{text:#?}\n{finish_reasons:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{} {is_intact} {:?}\n{tool_calls:?}\n{messages:#?}",
        reply.id(),
        reply.model(),
        reply.usage(),
        reply.billing(),
        reply.error(),
        reply.details().collect::<Vec<_>>(),
        reply.is_complete(),
        reader.unseen(),
    )
}
