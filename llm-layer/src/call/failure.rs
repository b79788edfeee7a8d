//! What went wrong with a call, in the words of whoever knows best.

use std::borrow::Cow;

use http::StatusCode;
use throughline_agents::budget;
use throughline_tracing_layer::error_message::error_message;
use throughline_tracing_layer::error_type::error_type;
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};
use throughline_tracing_layer::observe::End;

use super::state::CallState;

/// Why a call failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// The provider's code, else the status, else the kind of error: few values.
    pub(super) kind: Cow<'static, str>,
    pub(super) description: String,
}

impl Failure {
    fn new(kind: impl Into<Cow<'static, str>>, description: impl Into<String>) -> Self {
        let mut description = description.into();
        truncate_string(&mut description, MAX_ATTRIBUTE_BYTES);
        Self {
            kind: kind.into(),
            description,
        }
    }

    /// Why this call failed, if it did. `intact` says that the response was read to its end and made sense.
    pub(super) fn find(call: &CallState, end: End<'_>, intact: bool) -> Option<Self> {
        if let Some(refusal) = &call.budget.refusal {
            return Some(Self::new(budget::TOKEN_BUDGET_EXCEEDED, refusal.to_string()));
        }
        let code = code(call);
        if let Some(status) = call
            .response
            .status
            .filter(|status| status.is_client_error() || status.is_server_error())
        {
            return Some(Self::refused(status, code));
        }
        // The error of a fetched response is one of the request that created it.
        let is_fetch = call.request.parameters.operation.is_fetch();
        if call.response.reader.reply().error().is_some() && !is_fetch {
            let code = code.unwrap_or_else(|| "_OTHER".to_owned());
            let description = format!("the provider reported {code} in its answer");
            return Some(Self::new(code, description));
        }
        if let End::ServiceError(cause) = end {
            return Some(Self::new(error_type(cause), error_message(&cause)));
        }
        let cancelled = || Self::new("cancelled", "the caller left before the answer was complete");
        if let Some(abandoned) = &call.drain.abandoned {
            return (!abandoned.answered).then(cancelled);
        }
        match end {
            End::BodyError(cause) => Some(Self::new(
                error_type(cause),
                format!("the answer broke off: {}", error_message(&cause)),
            )),
            End::Panicked => Some(Self::new("panic", "the call panicked")),
            _ if call.is_answered() => None,
            End::Dropped => Some(cancelled()),
            _ if !call.response.reader.is_reading() => None,
            _ if call.is_stream() && (intact || call.response.reader.reply().documents() > 0) => Some(
                Self::new("incomplete_stream", "the stream ended before its last event"),
            ),
            _ if !intact || call.response.reader.reply().is_empty() => {
                Some(Self::new(MALFORMED, "the answer is not what the API promises"))
            }
            _ => None,
        }
    }

    fn refused(status: StatusCode, code: Option<String>) -> Self {
        let status = status.as_str();
        match code.filter(|code| code != status) {
            Some(code) => {
                let description = format!("the provider answered {status}: {code}");
                Self::new(code, description)
            }
            None => Self::new(status.to_owned(), format!("the provider answered {status}")),
        }
    }

    /// Whether the answer made no sense.
    pub(super) fn is_malformed(&self) -> bool {
        self.kind == MALFORMED
    }
}

/// The provider's code for an error, if it is one: a short word, so that it has few values.
fn code(call: &CallState) -> Option<String> {
    let is_code = |code: &&String| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        !code.is_empty() && code.len() <= 64 && code.bytes().all(word)
    };
    let error = call.response.reader.reply().error()?;
    let code = error.code.as_ref().filter(is_code);
    code.or_else(|| error.class.as_ref().filter(is_code)).cloned()
}

const MALFORMED: &str = "malformed_response";
