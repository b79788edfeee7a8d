//! Reads the collector's message from the bodies of rejections over HTTP.

use prost::Message;

use super::answer::{json, line};

/// `google.rpc.Status`, which contains the reason of a rejection.
#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(string, tag = "2")]
    message: String,
}

/// Returns the message in the body of a rejection: the message of its status, otherwise the first line of
/// text.
pub(super) fn message(body: &[u8], is_protobuf: bool) -> String {
    if is_protobuf {
        return StatusMessage::decode(body).map_or_else(|_| String::new(), |status| line(&status.message));
    }
    let status = json(body);
    let message = status.as_ref().and_then(|status| status.get("message")?.as_str());
    let text = message.unwrap_or_else(|| std::str::from_utf8(body).unwrap_or_default());
    if text.trim_start().starts_with('<') {
        return String::new();
    }
    line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejection_contains_the_collectors_message() {
        let status = StatusMessage {
            message: "too many spans".to_owned(),
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
}
