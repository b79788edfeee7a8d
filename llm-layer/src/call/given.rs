//! Attributes of the user's.

use std::sync::Arc;

use http::Extensions;
use opentelemetry::{Context, KeyValue};

/// Attributes for the spans of model calls: a value of the context, for all calls beneath, or one of a request's
/// extensions, for that call.
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
/// A call has those of its request and those of the innermost context that has any. Of two with one name the request's
/// counts, and what the layer itself says when the call begins counts before both. They go onto spans and never onto
/// metrics. A `reqwest::Request` has no extensions to read; reqwest-middleware's `with_extension` is heeded.
#[derive(Debug, Clone, Default)]
pub struct CallAttributes(Arc<[KeyValue]>);

impl CallAttributes {
    /// These attributes.
    pub fn new(attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        Self(attributes.into_iter().collect())
    }
}

/// What the user gave for one call.
#[derive(Debug)]
pub(super) struct Given([Option<CallAttributes>; 2]);

impl Given {
    pub(super) fn of(cx: &Context, extensions: Option<&Extensions>) -> Self {
        let of_request = extensions.and_then(|extensions| extensions.get().cloned());
        Self([of_request, cx.get().cloned()])
    }

    /// Adds what is not yet among the attributes of a span.
    pub(super) fn add_to(&self, attributes: &mut Vec<KeyValue>) {
        for attribute in self.0.iter().flatten().flat_map(|given| given.0.iter()) {
            if attributes.iter().all(|known| known.key != attribute.key) {
                attributes.push(attribute.clone());
            }
        }
    }
}
