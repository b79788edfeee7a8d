//! The capture of content, which is off by default: what tools receive and return, and in `LlmLayer`, prompts
//! and answers.
//!
//! [`Capture`] says where content is recorded. [`Scope::with_capture`](crate::scope::Scope::with_capture)
//! sets it for a scope and all scopes beneath it; elsewhere the environment decides.
//!
//! Each text and each attribute is cut to a size that keeps the JSON valid: 16 KiB and 64 KiB.

mod limits;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use opentelemetry::otel_warn;
use serde_json::Value;

pub use self::limits::{json_bytes, shorten_texts};

/// Where content is recorded. It may contain anything that people write to a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capture {
    /// Nowhere.
    #[default]
    NoContent,
    /// In attributes of the span.
    SpanOnly,
    /// In the event `gen_ai.client.inference.operation.details` of a model call: a log record if the
    /// `LlmLayer` has a logger provider, else an event of the span. Tools have no such event, so their
    /// content is recorded nowhere.
    EventOnly,
    /// In both.
    SpanAndEvent,
}

impl Capture {
    /// Returns the choice of the environment variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`:
    /// `NO_CONTENT`, `SPAN_ONLY`, `EVENT_ONLY`, `SPAN_AND_EVENT`, or the former values `false` (nowhere) and
    /// `true` (on the span). Case is ignored.
    ///
    /// Any other value is reported to OpenTelemetry's internal log, and nothing is captured.
    #[must_use]
    pub fn from_env() -> Self {
        let choice = std::env::var(CAPTURE_VARIABLE).unwrap_or_default();
        if choice.trim().is_empty() {
            return Self::NoContent;
        }
        Self::from_choice(&choice).unwrap_or_else(|| {
            otel_warn!(
                name: "throughline.unknown_capture",
                message = format!(
                    "{CAPTURE_VARIABLE}={choice:?} is none of NO_CONTENT, SPAN_ONLY, EVENT_ONLY, SPAN_AND_EVENT, true, false: \
                     no content is captured"
                )
            );
            Self::NoContent
        })
    }

    fn from_choice(choice: &str) -> Option<Self> {
        match choice.trim().to_ascii_uppercase().as_str() {
            "NO_CONTENT" | "FALSE" => Some(Self::NoContent),
            "SPAN_ONLY" | "TRUE" => Some(Self::SpanOnly),
            "EVENT_ONLY" => Some(Self::EventOnly),
            "SPAN_AND_EVENT" => Some(Self::SpanAndEvent),
            _ => None,
        }
    }

    /// Returns whether content is recorded anywhere.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::NoContent
    }

    /// Returns whether content is recorded in attributes of spans.
    #[must_use]
    pub fn is_on_span(self) -> bool {
        matches!(self, Self::SpanOnly | Self::SpanAndEvent)
    }

    /// Returns whether content is recorded in events.
    #[must_use]
    pub fn is_on_event(self) -> bool {
        matches!(self, Self::EventOnly | Self::SpanAndEvent)
    }
}

/// A hook that may change or clear content.
pub(crate) type Redact = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// How a scope records content. What it does not set comes from the scope above.
#[derive(Clone, Default)]
pub(crate) struct ContentSettings {
    pub(crate) capture: Option<Capture>,
    pub(crate) redact: Option<Redact>,
}

impl ContentSettings {
    /// Returns the settings of a scope, and those of the scope above where there are none.
    pub(crate) fn inherited(own: Option<&Arc<Self>>, above: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        let (Some(own), Some(above)) = (own, above) else {
            return own.or(above).cloned();
        };
        Some(Arc::new(Self {
            capture: own.capture.or(above.capture),
            redact: own.redact.clone().or_else(|| above.redact.clone()),
        }))
    }

    /// Returns whether content is recorded on spans: as the settings say, else the environment.
    pub(crate) fn is_on_span(settings: Option<&Arc<Self>>) -> bool {
        let capture = settings.and_then(|settings| settings.capture);
        capture.unwrap_or_else(|| *ENVIRONMENT).is_on_span()
    }

    /// Returns content as the value of an attribute, redacted and cut to size: JSON, or the text itself if it
    /// is one.
    ///
    /// A text that is the JSON of an object or array is that value. `None` if the hook clears the content or
    /// panics.
    pub(crate) fn attribute(&self, mut content: Value) -> Option<String> {
        if let Some(parsed) = content
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
        {
            if parsed.is_object() || parsed.is_array() {
                content = parsed;
            }
        }
        if let Some(redact) = &self.redact {
            catch_unwind(AssertUnwindSafe(|| redact(&mut content))).ok()?;
        }
        limits::shrink(&mut content, MAX_CONTENT_BYTES, MAX_TEXT_BYTES);
        match content {
            Value::Null => None,
            Value::String(text) => Some(text),
            content => serde_json::to_string(&content).ok(),
        }
    }
}

impl fmt::Debug for ContentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentSettings")
            .field("capture", &self.capture)
            .field("redact", &self.redact.is_some())
            .finish()
    }
}

const CAPTURE_VARIABLE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/// The largest attribute of content.
const MAX_CONTENT_BYTES: usize = 64 * 1024;
/// The longest text in it.
const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The choice for scopes without one, read once.
static ENVIRONMENT: LazyLock<Capture> = LazyLock::new(Capture::from_env);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn choices() {
        let cases = [
            ("NO_CONTENT", Some(Capture::NoContent)),
            ("span_only", Some(Capture::SpanOnly)),
            ("EVENT_ONLY", Some(Capture::EventOnly)),
            ("SPAN_AND_EVENT", Some(Capture::SpanAndEvent)),
            ("true", Some(Capture::SpanOnly)),
            ("false", Some(Capture::NoContent)),
            ("", None),
            ("yes", None),
        ];
        for (choice, capture) in cases {
            assert_eq!(Capture::from_choice(choice), capture, "{choice}");
        }
    }

    #[test]
    fn content_is_recorded_as_json_or_text() {
        let settings = ContentSettings::default();
        for (content, expected) in [
            (json!({"a": [1, null]}), Some(r#"{"a":[1,null]}"#)),
            (json!(r#" {"a": 1} "#), Some(r#"{"a":1}"#)),
            (json!("[1]"), Some("[1]")),
            (json!("7"), Some("7")),
            (json!("sunny"), Some("sunny")),
            (json!("{broken"), Some("{broken")),
            (json!(7), Some("7")),
            (json!(""), Some("")),
            (json!(null), None),
        ] {
            assert_eq!(
                settings.attribute(content.clone()).as_deref(),
                expected,
                "{content}"
            );
        }
    }

    #[test]
    fn a_hook_may_change_or_clear_content_and_panic() {
        let redacted = |redact: fn(&mut Value)| {
            let settings = ContentSettings {
                redact: Some(Arc::new(redact)),
                ..ContentSettings::default()
            };
            settings.attribute(json!(r#"{"token": "secret", "user": "ann"}"#))
        };
        let changed = redacted(|content| content["token"] = json!("REDACTED"));
        assert_eq!(
            changed.as_deref(),
            Some(r#"{"token":"REDACTED","user":"ann"}"#),
            "changed"
        );
        assert_eq!(redacted(|content| *content = Value::Null), None, "cleared");
        assert_eq!(
            redacted(|_| panic!("on purpose")),
            None,
            "a panic records nothing"
        );
    }

    #[test]
    fn a_long_text_is_cut_before_it_is_recorded() {
        let text = ContentSettings::default().attribute(json!("é".repeat(MAX_TEXT_BYTES)));
        let text = text.expect("a text");
        assert!(
            text.ends_with("é…") && text.len() <= MAX_TEXT_BYTES + '…'.len_utf8(),
            "{} bytes",
            text.len()
        );
    }
}
