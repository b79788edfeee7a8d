//! The route of a request, and the span name that comes of it.

use std::borrow::Cow;

use http::Extensions;
use opentelemetry::{KeyValue, StringValue};

use crate::intern;
use crate::method::Known;
use crate::semconv;

/// A route with the name of its span.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) template: StringValue,
    pub(super) span_name: Cow<'static, str>,
}

impl Route {
    pub(super) fn new(method: Known, template: &str) -> Self {
        let method = method.span_name();
        match intern::named(method, template) {
            Some(named) => Self {
                template: named.route.into(),
                span_name: named.span.into(),
            },
            None => Self {
                template: template.to_owned().into(),
                span_name: format!("{method} {template}").into(),
            },
        }
    }

    pub(super) fn attribute(&self) -> KeyValue {
        KeyValue::new(semconv::HTTP_ROUTE, self.template.clone())
    }

    /// The route that the framework has found before the layer was reached.
    pub(super) fn matched(method: Known, extensions: &Extensions) -> Option<Self> {
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return Some(Self::new(method, path.as_str()));
        }
        let _ = (method, extensions);
        None
    }
}
