//! What a request says about itself.

use std::sync::Arc;

use opentelemetry::KeyValue;

use super::outbound::{Attempt, Peer};
use crate::method::Known;
use crate::redact::Redaction;
use crate::semconv;

/// The attributes that a sampler may want to see.
pub(super) fn at_creation(
    attempt: &Attempt<'_>,
    method: Known,
    peer: Option<&Peer>,
    redaction: &Redaction,
) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(CAPACITY);
    attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, method.label()));
    if method.is_other() {
        let sent = attempt.method().as_str().to_owned();
        attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD_ORIGINAL, sent));
    }
    if let Some(peer) = peer {
        attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, Arc::clone(&peer.host)));
        attributes.push(KeyValue::new(semconv::SERVER_PORT, i64::from(peer.port)));
    }
    attributes.push(KeyValue::new(semconv::URL_FULL, redaction.url(attempt.url())));
    attributes
}

/// Room for all that a span usually gets, so that it grows no more.
const CAPACITY: usize = 12;
