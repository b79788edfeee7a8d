//! The body of a client's request: read into memory if the gateway needs it, or passed on as it arrives.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body::Body as _;
use http_body_util::BodyExt;

use crate::body::Body;
use crate::config::Listener;
use crate::form;
use crate::model_field::ModelField;
use crate::refusal::{Refusal, RefusalKind};
use crate::upstream::{ForwardedBody, TooLarge, body_refusal};

/// The body of a client's request.
pub(crate) enum ReceivedBody {
    Held { bytes: Bytes, field: Option<ModelField> },
    Streamed(Body),
}

/// Why the gateway reads a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// A route or a budget depends on the model, so that a request whose model cannot be read is refused.
    pub(crate) model: bool,
    /// The request may be sent again.
    pub(crate) retry: bool,
}

impl ReceivedBody {
    /// Reads the body if the model or a retry needs it.
    pub(crate) async fn read(
        parts: &Parts,
        body: Body,
        needs: Needs,
        listener: &Listener,
    ) -> Result<Self, Refusal> {
        let max = listener.max_body_bytes;
        let length = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(Refusal::from(&TooLarge(max)));
        }
        if body.is_end_stream() {
            return Ok(Self::Held {
                bytes: Bytes::new(),
                field: None,
            });
        }
        let is_read = (needs.model || needs.retry) && is_json(parts) || needs.model && is_form(parts);
        if !is_read || parts.method != http::Method::POST {
            return Ok(Self::Streamed(body));
        }
        let body = ForwardedBody::streamed(body, max, listener.timeouts.body.duration());
        let bytes = match body.collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) => return Err(body_refusal(&error)),
        };
        let is_encoded = parts
            .headers
            .get(CONTENT_ENCODING)
            .is_some_and(|value| value != "identity");
        let field = match is_encoded {
            true if needs.model => Err(
                "the body is encoded; the gateway reads the model from bodies without content-encoding"
                    .to_owned(),
            ),
            true => Ok(None),
            false => ModelField::read(&parts.headers, &bytes).map(Some),
        };
        match field {
            Ok(field) => Ok(Self::Held { bytes, field }),
            Err(message) if needs.model => Err(Refusal::new(RefusalKind::Invalid, message)),
            // The provider says what is wrong.
            Err(_) => Ok(Self::Held { bytes, field: None }),
        }
    }

    /// Returns the model that the body names, if it was read.
    pub(crate) fn model(&self) -> Option<&str> {
        match self {
            Self::Held { field, .. } => field.as_ref()?.name.as_deref(),
            Self::Streamed(_) => None,
        }
    }

    /// Returns the length of the body, and the most output tokens that it asks for.
    pub(crate) fn expected(&self) -> (u64, Option<u64>) {
        match self {
            Self::Held { bytes, field } => (
                bytes.len() as u64,
                field.as_ref().and_then(|field| field.max_output),
            ),
            Self::Streamed(body) => (body.size_hint().lower(), None),
        }
    }
}

/// Whether a request is a form that may name a model: audio or images. Uploads of files name none, and may be
/// long.
fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE);
    let is_upload = ["/files", "/parts"]
        .iter()
        .any(|end| parts.uri.path().ends_with(end));
    !is_upload && kind.is_some_and(|kind| form::boundary(kind.as_bytes()).is_some())
}

/// Whether a request may be JSON. Some clients set no content type.
fn is_json(parts: &Parts) -> bool {
    parts.headers.get(CONTENT_TYPE).is_none_or(|kind| {
        let kind = kind.as_bytes();
        let kind = kind
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        kind.eq_ignore_ascii_case(b"application/json")
            || kind.ends_with(b"+json")
            || kind.eq_ignore_ascii_case(b"text/plain")
    })
}
