//! Attributes that the user adds to the spans of model calls.

use std::sync::Arc;

use http::Extensions;
use opentelemetry::{Context, KeyValue};

/// Attributes for the spans of model calls: a value of the context, for all calls beneath, or one of a
/// request's extensions, for that call.
///
/// ```
/// use http::Request;
/// use opentelemetry::{Context, KeyValue};
/// use throughline_llm_layer::CallAttributes;
///
/// let of_all = CallAttributes::new([KeyValue::new("tenant", "acme")]);
/// let _attached = Context::current_with_value(of_all).attach(); // or `future.in_context(…)`
///
/// let of_one = CallAttributes::new([KeyValue::new("experiment", 7)]);
/// let request = Request::post("https://api.openai.com/v1/chat/completions").extension(of_one).body(())?;
/// # Ok::<_, http::Error>(())
/// ```
///
/// A call has the attributes of its request and those of the innermost context that has any. On a name clash,
/// attributes set by the layer when the call begins win, then the request's, then the context's. They are
/// recorded on spans, never on metrics. A `reqwest::Request` has no extensions; reqwest-middleware's
/// `with_extension` is supported.
#[derive(Debug, Clone, Default)]
pub struct CallAttributes(Arc<[KeyValue]>);

impl CallAttributes {
    /// Creates a set of attributes.
    pub fn new(attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        Self(attributes.into_iter().collect())
    }
}

/// The attributes that the user adds to one call: those of the request, then those of the context.
#[derive(Debug)]
pub(super) struct ExtraAttributes([Option<CallAttributes>; 2]);

impl ExtraAttributes {
    pub(super) fn new(cx: &Context, extensions: Option<&Extensions>) -> Self {
        let of_request = extensions.and_then(|extensions| extensions.get().cloned());
        Self([of_request, cx.get().cloned()])
    }

    /// Adds those whose names are not among the attributes yet.
    pub(super) fn add_to(&self, attributes: &mut Vec<KeyValue>) {
        for attribute in self.0.iter().flatten().flat_map(|extra| extra.0.iter()) {
            if attributes.iter().all(|present| present.key != attribute.key) {
                attributes.push(attribute.clone());
            }
        }
    }
}
