//! The attributes of a request.

use opentelemetry::KeyValue;

use super::incoming::Incoming;
use super::route;
use super::settings::Settings;
use crate::limits::{MAX_ATTRIBUTE_BYTES, truncate};
use crate::{line, recent, semconv};

impl<B> Incoming<'_, B> {
    /// The attributes that a sampler can see.
    pub(super) fn at_creation(&self, settings: &Settings) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(CAPACITY);
        match &self.call {
            Some(call) => {
                call.add_to(&mut attributes, self.origin.uri().path());
                self.add_server(&mut attributes);
            }
            None => self.add_http(settings, &mut attributes),
        }
        let headers = self.request.headers();
        let captured = &settings.shared.request_headers;
        attributes.extend(captured.attributes(headers, self.call.is_some()));
        attributes
    }

    fn add_http(&self, settings: &Settings, attributes: &mut Vec<KeyValue>) {
        let uri = self.origin.uri();
        attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD, self.method.label()));
        attributes.push(KeyValue::new(semconv::URL_SCHEME, self.scheme));
        attributes.push(match &self.route {
            Some(route) if route.text.as_str() == uri.path() => {
                KeyValue::new(semconv::URL_PATH, route.text.clone())
            }
            _ => KeyValue::new(semconv::URL_PATH, recent::target(uri.path())),
        });
        if let Some(query) = uri.query() {
            let shown = &settings.shared.query;
            let query = line::with(|line| shown.write(query, line), recent::target);
            attributes.push(KeyValue::new(semconv::URL_QUERY, query));
        }
        if self.method.is_other() {
            let sent = truncate(self.request.method().as_str(), MAX_ATTRIBUTE_BYTES).to_owned();
            attributes.push(KeyValue::new(semconv::HTTP_REQUEST_METHOD_ORIGINAL, sent));
        }
        self.add_server(attributes);
        let peer = || self.peer.map(|peer| peer.ip());
        if let Some(client) = self.origin.client().or_else(peer) {
            attributes.push(KeyValue::new(semconv::CLIENT_ADDRESS, recent::address(client)));
        }
        if let Some(agent) = self.user_agent {
            attributes.push(KeyValue::new(semconv::USER_AGENT_ORIGINAL, recent::header(agent)));
        }
        if let Some(route) = self.route.as_ref().filter(|route| route::is_final(route)) {
            attributes.push(KeyValue::new(semconv::HTTP_ROUTE, route.text.clone()));
        }
    }

    fn add_server(&self, attributes: &mut Vec<KeyValue>) {
        if let Some((host, port)) = self.origin.host_and_port() {
            attributes.push(KeyValue::new(semconv::SERVER_ADDRESS, host));
            attributes.extend(port.map(|port| KeyValue::new(semconv::SERVER_PORT, i64::from(port))));
        }
    }
}

/// Capacity for the usual number of attributes, so that the vector does not grow.
const CAPACITY: usize = 16;
