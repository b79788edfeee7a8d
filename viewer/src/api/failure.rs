//! The error of a span in a few words.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::store::cut;
use crate::{semconv, value};

/// Describes the error of a span: its type, its status message and its exception. Returns `None` if its status
/// is not an error.
pub(crate) fn failure(span: &Span) -> Option<String> {
    let status = span
        .status
        .as_ref()
        .filter(|status| status.code() == StatusCode::Error)?;
    let kind = value::find(&span.attributes, semconv::ERROR_TYPE).map(|kind| match value::to_text(kind) {
        code if code.bytes().all(|byte| byte.is_ascii_digit()) => format!("error {code}"),
        kind => kind,
    });
    let mut events = span.events.iter().rev();
    let exception = events.find_map(|event| value::text(&event.attributes, &[semconv::EXCEPTION_MESSAGE]));
    let mut words: Vec<String> = Vec::new();
    for part in [kind, Some(status.message.clone()), exception.map(str::to_owned)]
        .into_iter()
        .flatten()
    {
        let part = cut(&part, MAX_CHARS);
        if !part.is_empty() && !words.iter().any(|word| word.contains(&part)) {
            words.push(part);
        }
    }
    Some(if words.is_empty() {
        "error".to_owned()
    } else {
        words.join(": ")
    })
}

const MAX_CHARS: usize = 300;
