//! Reads the bodies of successful responses, as protobuf or JSON.
//!
//! A body that cannot be read is ignored, because the status decides.

use prost::Message;
use serde_json::Value;

use super::PartialSuccess;

/// The response to an accepted request. The responses of the three signals differ only in field names, which
/// are not part of the encoding.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccessMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccessMessage {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// Returns the rejected items that the response to an accepted request reports.
pub(super) fn partial(body: &[u8], is_json: bool) -> PartialSuccess {
    let found = if is_json {
        json(body).and_then(|answer| {
            let partial = either(&answer, "partialSuccess", "partial_success")?;
            // The JSON encoding of protobuf writes 64-bit integers as strings. Some servers write numbers.
            let rejected = partial
                .as_object()?
                .iter()
                .find(|(key, _)| key.starts_with("rejected"));
            let rejected = rejected.and_then(|(_, count)| match count {
                Value::String(text) => text.parse().ok(),
                count => count.as_i64(),
            });
            let message = either(partial, "errorMessage", "error_message").and_then(Value::as_str);
            Some(PartialSuccessMessage {
                rejected: rejected.unwrap_or(0),
                error_message: message.unwrap_or_default().to_owned(),
            })
        })
    } else {
        ExportResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
    };
    let found = found.unwrap_or_default();
    PartialSuccess {
        rejected: u64::try_from(found.rejected).unwrap_or(0),
        message: line(&found.error_message),
    }
}

/// Returns the first line of a text, truncated. Empty if it has control characters.
pub(super) fn line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().any(char::is_control) {
        return String::new();
    }
    line.chars().take(MAX_MESSAGE_CHARACTERS).collect()
}

pub(super) fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn either<'a>(value: &'a Value, name: &str, other: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| value.get(other))
}

const MAX_MESSAGE_CHARACTERS: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(rejected: u64, message: &str) -> PartialSuccess {
        PartialSuccess {
            rejected,
            message: message.to_owned(),
        }
    }

    #[test]
    fn partial_success_is_read_in_every_spelling() {
        let nothing = PartialSuccess::default();
        let long = format!(
            r#"{{"partialSuccess":{{"errorMessage":"{}"}}}}"#,
            "x".repeat(5_000)
        );
        for (body, expected) in [
            (
                r#"{"partialSuccess":{"rejectedSpans":"5","errorMessage":"no"}}"#,
                rejected(5, "no"),
            ),
            (r#"{"partialSuccess":{"rejectedLogRecords":5}}"#, rejected(5, "")),
            (
                r#"{"partial_success":{"rejected_data_points":"7","error_message":"a\nb"}}"#,
                rejected(7, "a"),
            ),
            (
                r#"{"partialSuccess":{"errorMessage":"old version"}}"#,
                rejected(0, "old version"),
            ),
            (r#"{"partialSuccess":{"rejectedSpans":-1}}"#, nothing.clone()),
            (r#"{"partialSuccess":null}"#, nothing.clone()),
            (r#"{"partialSuccess":[]}"#, nothing.clone()),
            ("{}", nothing.clone()),
            ("", nothing.clone()),
            ("<html>", nothing.clone()),
            (long.as_str(), rejected(0, &"x".repeat(MAX_MESSAGE_CHARACTERS))),
        ] {
            assert_eq!(partial(body.as_bytes(), true), expected, "{body:.80}");
        }
        let answer = ExportResponse {
            partial_success: Some(PartialSuccessMessage {
                rejected: 9,
                error_message: "why".to_owned(),
            }),
        };
        assert_eq!(
            partial(&answer.encode_to_vec(), false),
            rejected(9, "why"),
            "protobuf"
        );
        for broken in [&b"\xff\xff\xff\xff"[..], b"\x0a\xff", b""] {
            assert_eq!(partial(broken, false), nothing, "{broken:?}");
        }
    }
}
