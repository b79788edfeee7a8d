//! The template of a path, and the name of the span that it determines.

use std::borrow::Cow;
use std::sync::Arc;

use crate::intern;
use crate::method::KnownMethod;
use crate::series::Text;

/// A template such as `/users/{id}`, with the span name `{method} {template}`. Both are interned if there is
/// space.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) text: Text,
    pub(crate) span_name: Cow<'static, str>,
}

impl Template {
    pub(crate) fn new(method: KnownMethod, text: &str) -> Self {
        let method = method.span_name();
        match intern::named(method, text) {
            Some(named) => Self {
                text: named.route.into(),
                span_name: named.span.into(),
            },
            None => Self {
                text: Arc::<str>::from(text).into(),
                span_name: format!("{method} {text}").into(),
            },
        }
    }
}

/// Returns the name of a span, with its template if there is one.
pub(crate) fn span_name(method: KnownMethod, template: Option<&Template>) -> Cow<'static, str> {
    template.map_or_else(
        || method.span_name().into(),
        |template| template.span_name.clone(),
    )
}
