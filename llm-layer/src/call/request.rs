//! The head of a request that may be a model call.

use std::sync::Arc;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use throughline_llm_wire::{RequestReader, Rule, Target};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate};
use throughline_tracing_layer::message::HttpRequest;

use super::ReadAhead;

/// What the head of a request that may be a model call says.
#[derive(Debug)]
pub(super) struct CallHead {
    pub(super) reader: RequestReader,
    pub(super) address: Option<Arc<str>>,
    pub(super) port: Option<u16>,
}

impl CallHead {
    /// Returns `None` if the request is no model call.
    pub(super) fn new<R: HttpRequest<ReadAhead>>(request: &R, rules: &[Rule]) -> Option<Self> {
        let target = target(request);
        Some(Self {
            reader: RequestReader::new(&target, request.headers(), rules)?,
            address: target.host.map(|host| truncate(host, MAX_ATTRIBUTE_BYTES).into()),
            port: target.port,
        })
    }
}

/// Returns the target by which a request is recognised.
pub(crate) fn target<R: HttpRequest<ReadAhead>>(request: &R) -> Target<'_> {
    let url = request.url();
    Target {
        method: request.method(),
        path: url.path(),
        query: url.query(),
        host: url.host(),
        port: url.port_or_known_default(),
    }
}

/// Returns whether a body has a content encoding.
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
