//! The model in the body of a request: where it stands, and how it is replaced without touching other bytes.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::form;

/// What the gateway reads from the body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelField {
    /// The model's name. `None` if the body has no member or field `model`.
    pub(crate) name: Option<String>,
    /// The bytes of its value in the body, with the quotes of JSON.
    range: Range<usize>,
    notation: Notation,
    /// The most output tokens that the request asks for.
    pub(crate) max_output: Option<u64>,
}

/// How the name of the model is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// As a string of JSON.
    Json,
    /// As the value of a field of a form.
    Form,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
    #[serde(default)]
    max_tokens: Option<MaxTokens>,
    #[serde(default)]
    max_completion_tokens: Option<MaxTokens>,
    #[serde(default)]
    max_output_tokens: Option<MaxTokens>,
    #[serde(default, rename = "generationConfig", alias = "generation_config")]
    generation: Option<Generation>,
}

#[derive(Deserialize)]
struct Generation {
    #[serde(default, rename = "maxOutputTokens", alias = "max_output_tokens")]
    max_output_tokens: Option<MaxTokens>,
}

/// A number of tokens. Other values are the provider's to refuse.
#[derive(Deserialize)]
#[serde(untagged)]
enum MaxTokens {
    Count(u64),
    Other(serde::de::IgnoredAny),
}

impl MaxTokens {
    fn count(this: Option<Self>) -> Option<u64> {
        match this? {
            Self::Count(count) => Some(count),
            Self::Other(_) => None,
        }
    }
}

impl ModelField {
    /// Reads the body of a request with these headers: a form with files, or else JSON.
    ///
    /// # Errors
    ///
    /// Returns what is wrong if the body has not the form of its type, has a member twice, or a model that is
    /// no string. A provider may read such a body in another way than the gateway.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, String> {
        match headers
            .get(CONTENT_TYPE)
            .and_then(|kind| form::boundary(kind.as_bytes()))
        {
            Some(boundary) => Self::read_form(body, boundary),
            None => Self::read_json(body),
        }
    }

    fn read_form(body: &[u8], boundary: &[u8]) -> Result<Self, String> {
        let mut field = Self {
            name: None,
            range: 0..0,
            notation: Notation::Form,
            max_output: None,
        };
        if let Some(range) = form::field(body, boundary, b"model")? {
            let value = body.get(range.clone()).unwrap_or_default();
            let name = std::str::from_utf8(value).map_err(|_| "the field \"model\" is no text".to_owned())?;
            field.name = Some(checked_name(name)?.to_owned());
            field.range = range;
        }
        Ok(field)
    }

    fn read_json(body: &[u8]) -> Result<Self, String> {
        // serde also accepts an array with the members in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err("the body is not a JSON object".to_owned());
        }
        let parsed: Body<'_> = serde_json::from_slice(body).map_err(|error| describe(&error))?;
        let mut field = Self {
            name: None,
            range: 0..0,
            notation: Notation::Json,
            max_output: MaxTokens::count(parsed.max_completion_tokens)
                .or_else(|| MaxTokens::count(parsed.max_tokens))
                .or_else(|| MaxTokens::count(parsed.max_output_tokens))
                .or_else(|| MaxTokens::count(parsed.generation?.max_output_tokens)),
        };
        if let Some(raw) = parsed.model {
            let name: Cow<'_, str> =
                serde_json::from_str(raw.get()).map_err(|_| "model is not a string".to_owned())?;
            checked_name(&name)?;
            // The raw value is a part of the body, so that the distance of the two is its position.
            let start = (raw.get().as_ptr().addr()).wrapping_sub(body.as_ptr().addr());
            field.range = start..start.saturating_add(raw.get().len());
            field.name = Some(name.into_owned());
        }
        Ok(field)
    }

    /// Returns the body with another model. All other bytes are those of `body`.
    pub(crate) fn replace(&self, body: &Bytes, model: &str) -> Bytes {
        let (Some(before), Some(after)) = (body.get(..self.range.start), body.get(self.range.end..)) else {
            return body.clone();
        };
        if self.name.is_none() {
            return body.clone();
        }
        let value = match self.notation {
            Notation::Json => Cow::Owned(serde_json::Value::from(model).to_string()),
            Notation::Form => Cow::Borrowed(model),
        };
        let mut replaced = BytesMut::with_capacity(before.len() + value.len() + after.len());
        replaced.extend_from_slice(before);
        replaced.extend_from_slice(value.as_bytes());
        replaced.extend_from_slice(after);
        replaced.freeze()
    }
}

fn checked_name(name: &str) -> Result<&str, String> {
    match name.len() <= MAX_MODEL_BYTES {
        true => Ok(name),
        false => Err(format!(
            "the name of the model is longer than {MAX_MODEL_BYTES} bytes"
        )),
    }
}

/// The error without the value at which it is, which may be a part of a prompt.
fn describe(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            // serde quotes the name of a field by grave accents.
            let message = error.to_string();
            let twice = message.strip_prefix("duplicate field `");
            match twice.and_then(|rest| rest.split('`').next()) {
                Some(member) => format!("{member} is there twice, at line {line} column {column}"),
                None => {
                    format!(
                        "the body is not a JSON object of the expected form, at line {line} column {column}"
                    )
                }
            }
        }
        _ => format!("the body is not valid JSON, at line {line} column {column}"),
    }
}

/// The longest name of a model.
const MAX_MODEL_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_is_replaced_and_no_other_byte_changes() {
        for (body, name, replaced) in [
            (r#"{"model":"a"}"#, "a", r#"{"model":"b\"c"}"#),
            (
                "{ \"x\" : {\"model\":\"no\"},\r\n\"model\" :\t\"a\\u0062\" , \"y\":[\"model\"] }",
                "ab",
                "{ \"x\" : {\"model\":\"no\"},\r\n\"model\" :\t\"b\\\"c\" , \"y\":[\"model\"] }",
            ),
            (
                r#"{"messages":[{"content":"\"model\":\"z\""}],"model":"ä"}"#,
                "ä",
                r#"{"messages":[{"content":"\"model\":\"z\""}],"model":"b\"c"}"#,
            ),
        ] {
            let bytes = Bytes::from(body.to_owned());
            let field = ModelField::read_json(&bytes).expect(body);
            assert_eq!(field.name.as_deref(), Some(name), "{body}");
            assert_eq!(field.replace(&bytes, "b\"c"), replaced, "{body}");
        }
    }

    #[test]
    fn bodies_without_a_model_stay() {
        for body in ["{}", r#"{"model":null}"#, r#"{"input":"model"}"#] {
            let bytes = Bytes::from(body);
            let field = ModelField::read_json(&bytes).expect(body);
            assert_eq!(field.name, None, "{body}");
            assert_eq!(field.replace(&bytes, "x"), body, "{body}");
        }
    }

    #[test]
    fn bodies_that_a_provider_may_read_in_another_way_are_refused() {
        for (body, reason) in [
            ("", "not valid JSON, at line 1 column 0"),
            ("{\"model\":\"a\"", "not valid JSON"),
            ("[\"secret\"]", "the body is not a JSON object"),
            ("\"secret\"", "not a JSON object of the expected form"),
            (r#"{"model":7}"#, "is not a string"),
            (
                r#"{"model":"a","model":"b"}"#,
                "model is there twice, at line 1 column 20",
            ),
            (r#"{"model":"a"}x"#, "not valid JSON"),
        ] {
            let error = ModelField::read_json(body.as_bytes()).expect_err(body);
            assert!(error.contains(reason), "{body}: {error}");
            assert!(!error.contains("secret"), "{body}: {error}");
        }
        let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(513));
        let error = ModelField::read_json(long.as_bytes()).expect_err("a long name");
        assert_eq!(error, "the name of the model is longer than 512 bytes");
    }

    #[test]
    fn output_limit_is_read_in_the_words_of_each_api() {
        for (body, max) in [
            (r#"{"max_tokens":5}"#, Some(5)),
            (r#"{"max_completion_tokens":6,"max_tokens":5}"#, Some(6)),
            (r#"{"max_output_tokens":7}"#, Some(7)),
            (r#"{"generationConfig":{"maxOutputTokens":8,"x":1}}"#, Some(8)),
            (r#"{"max_tokens":"many"}"#, None),
            (r#"{"max_tokens":-1}"#, None),
            (r#"{"max_tokens":null}"#, None),
        ] {
            assert_eq!(
                ModelField::read_json(body.as_bytes()).expect(body).max_output,
                max,
                "{body}"
            );
        }
    }

    #[test]
    fn model_in_a_form_is_replaced_as_text() {
        let kind = "multipart/form-data; boundary=b".parse().expect("a value");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
        let form = |model: &str| {
            Bytes::from(format!(
                "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n--b--\r\n"
            ))
        };
        let body = form("whisper-1");
        let field = ModelField::read(&headers, &body).expect("a form");
        assert_eq!(field.name.as_deref(), Some("whisper-1"), "the name");
        assert_eq!(field.replace(&body, "b\"c"), form("b\"c"), "without quotes");
    }
}
