//! Reads the bodies of answers: partial success and the collector's words, as protobuf or JSON.
//!
//! A body is read as far as it can be. One that cannot be read says nothing, whatever its status says stands.

use std::time::Duration;

use prost::Message;
use serde_json::Value;

use super::Partial;

/// The answer to an accepted request. The three signals' answers differ in names only, which are not on the wire.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`, in which a collector explains a refusal.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// What an accepted request's answer says was not taken.
pub(super) fn partial(body: &[u8], is_json: bool) -> Partial {
    let found = if is_json {
        json(body).and_then(|answer| {
            let partial = either(&answer, "partialSuccess", "partial_success")?;
            // A whole number of 64 bits is text in JSON of protobuf, and a number where somebody was lenient.
            let rejected = partial
                .as_object()?
                .iter()
                .find(|(key, _)| key.starts_with("rejected"));
            let rejected = rejected.and_then(|(_, count)| match count {
                Value::String(text) => text.parse().ok(),
                count => count.as_i64(),
            });
            let message = either(partial, "errorMessage", "error_message").and_then(Value::as_str);
            Some(PartialSuccess {
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
    Partial {
        rejected: u64::try_from(found.rejected).unwrap_or(0),
        message: line(&found.error_message),
    }
}

/// What a refusal's body says to people: the message of its status, else its first line, if it is text.
#[cfg(feature = "otlp-http")]
pub(super) fn message(body: &[u8], is_protobuf: bool) -> String {
    if is_protobuf {
        return RpcStatus::decode(body).map_or_else(|_| String::new(), |status| line(&status.message));
    }
    let status = json(body);
    let message = status.as_ref().and_then(|status| status.get("message")?.as_str());
    let text = message.unwrap_or_else(|| std::str::from_utf8(body).unwrap_or_default());
    if text.trim_start().starts_with('<') {
        return String::new();
    }
    line(text)
}

/// The wait that the details of a status name.
#[cfg(feature = "otlp-grpc")]
pub(super) fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = RpcStatus::decode(details).ok()?;
    let detail = status
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*detail.value).ok()?.delay?;
    let (seconds, nanos) = (
        u64::try_from(delay.seconds).ok()?,
        u32::try_from(delay.nanos).ok()?,
    );
    Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanos.into()))
}

/// The first line of a text, as long as one reads; nothing if it has control characters.
pub(super) fn line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().any(char::is_control) {
        return String::new();
    }
    line.chars().take(MAX_MESSAGE_CHARACTERS).collect()
}

fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn either<'a>(value: &'a Value, name: &str, other: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| value.get(other))
}

const MAX_MESSAGE_CHARACTERS: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(rejected: u64, message: &str) -> Partial {
        Partial {
            rejected,
            message: message.to_owned(),
        }
    }

    #[test]
    fn partial_success_is_read_in_every_spelling() {
        let nothing = Partial::default();
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
            partial_success: Some(PartialSuccess {
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

    #[cfg(feature = "otlp-http")]
    #[test]
    fn a_refusal_is_explained_in_the_collectors_words() {
        let status = RpcStatus {
            message: "too many spans".to_owned(),
            details: Vec::new(),
        };
        for (body, is_protobuf, expected) in [
            (status.encode_to_vec(), true, "too many spans"),
            (b"\xff\xff".to_vec(), true, ""),
            (br#"{"code":3,"message":"bad\nspan"}"#.to_vec(), false, "bad"),
            (b"{}".to_vec(), false, "{}"),
            (
                b"request body too large\nmore".to_vec(),
                false,
                "request body too large",
            ),
            (b" <html>".to_vec(), false, ""),
            (b"\xff\xfe".to_vec(), false, ""),
            (b"a\x07b".to_vec(), false, ""),
        ] {
            assert_eq!(message(&body, is_protobuf), expected, "{body:?}");
        }
    }

    #[cfg(feature = "otlp-grpc")]
    #[test]
    fn the_wait_of_a_status_is_found_among_its_details() {
        let status = |details| {
            RpcStatus {
                message: String::new(),
                details,
            }
            .encode_to_vec()
        };
        let detail = |name: &str, value: Vec<u8>| Detail {
            type_url: format!("type.googleapis.com/google.rpc.{name}"),
            value,
        };
        let wait = |seconds, nanos| {
            RetryInfo {
                delay: Some(Delay { seconds, nanos }),
            }
            .encode_to_vec()
        };
        let other = detail("DebugInfo", vec![1]);
        for (details, expected) in [
            (
                vec![other.clone(), detail("RetryInfo", wait(2, 500_000_000))],
                Some(Duration::from_millis(2_500)),
            ),
            (vec![detail("RetryInfo", wait(-1, 0))], None),
            (
                vec![detail("RetryInfo", wait(i64::MAX, i32::MAX))],
                Some(Duration::new(i64::MAX as u64 + 2, 147_483_647)),
            ),
            (vec![detail("RetryInfo", Vec::new())], None),
            (vec![other], None),
            (Vec::new(), None),
        ] {
            assert_eq!(retry_delay(&status(details.clone())), expected, "{details:?}");
        }
        assert_eq!(retry_delay(b"\xff\xff"), None, "no status at all");
    }
}
