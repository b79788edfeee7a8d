//! Requests: method, URL, headers and a body that is cut anywhere.

use std::fmt::Write;

use throughline_llm_wire::ModelRequest;

use super::exchange;

pub(super) fn check(input: &[u8]) {
    let Some((step, request, _)) = exchange::parse(input) else {
        return;
    };
    let [whole, pieces] = [usize::MAX, step].map(|step| exchange::read_request(&request, step));
    assert_eq!(
        pieces.as_ref().map(describe),
        whole.as_ref().map(describe),
        "a request in pieces of {step} bytes is read like the whole: {}",
        String::from_utf8_lossy(request.body)
    );
}

/// Everything that was read of a request, as text.
pub(super) fn describe(request: &ModelRequest) -> String {
    let info = &request.info;
    let mut out = format!(
        "{:?}\n{:?}\n",
        request.recognised.provider,
        request.recognised.format.operation()
    );
    writeln!(out, "{:?} {:?} {}", info.model, info.stream, info.choices).expect("a string");
    for parameter in info.parameters() {
        writeln!(out, "{parameter:?}").expect("a string");
    }
    writeln!(out, "{} {:?}", request.is_certain, request.unseen).expect("a string");
    if let Some(copy) = &request.copy {
        let content = request.recognised.format.content(&copy.document(64 * 1024));
        writeln!(out, "{content:?}").expect("a string");
    }
    out
}
