//! What a request says about itself.

use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, Request};
use opentelemetry::KeyValue;

use crate::method::Known;
use crate::protocol;
use crate::redact::Redaction;
use crate::semconv;

/// The attributes that a sampler may want to see.
pub(super) fn at_creation<B>(
    request: &Request<B>,
    method: Known,
    scheme: &'static str,
    redaction: &Redaction,
) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(CAPACITY);
    let uri = request.uri();
    attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, method.label()));
    attributes.push(KeyValue::new(semconv::URL_SCHEME, scheme));
    attributes.push(KeyValue::new(semconv::URL_PATH, uri.path().to_owned()));
    if method.is_other() {
        let sent = request.method().as_str().to_owned();
        attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD_ORIGINAL, sent));
    }
    if let Some(query) = uri.query() {
        attributes.push(KeyValue::new(
            semconv::URL_QUERY,
            redaction.query(query).into_owned(),
        ));
    }
    let authority = uri.authority().map(http::uri::Authority::as_str);
    if let Some((host, port)) = authority
        .or_else(|| text(request.headers(), &HOST))
        .and_then(protocol::host_and_port)
    {
        attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, host.to_owned()));
        attributes.extend(port.map(|port| KeyValue::new(semconv::SERVER_PORT, i64::from(port))));
    }
    if let Some(agent) = text(request.headers(), &USER_AGENT) {
        attributes.push(KeyValue::new(semconv::USER_AGENT_ORIGINAL, agent.to_owned()));
    }
    attributes
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Room for all that a span usually gets, so that it grows no more.
const CAPACITY: usize = 16;
