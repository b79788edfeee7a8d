//! Attributes that the user adds to the spans of model calls.

use std::fmt;
use std::iter::repeat;
use std::sync::Arc;

use http::Extensions;
use opentelemetry::{Context, KeyValue};
use throughline_tracing_layer::limits::{MAX_LABEL_BYTES, truncate};

use crate::semconv;

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
#[derive(Clone, Default)]
pub struct CallAttributes {
    attributes: Arc<[KeyValue]>,
    /// The names and values of variables of the prompt.
    variables: Arc<[(String, String)]>,
}

impl CallAttributes {
    /// Creates a set of attributes.
    pub fn new(attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        Self {
            attributes: attributes.into_iter().collect(),
            variables: Arc::default(),
        }
    }

    /// Says that the history of the conversation was shortened before the call, such as by a summary:
    /// `gen_ai.conversation.compacted` = `true`. Default: not recorded.
    ///
    /// ```
    /// use throughline_llm_layer::CallAttributes;
    ///
    /// let attributes = CallAttributes::default().with_compacted_conversation();
    /// ```
    #[must_use]
    pub fn with_compacted_conversation(mut self) -> Self {
        let compacted = KeyValue::new(semconv::CONVERSATION_COMPACTED, true);
        self.attributes = self.attributes.iter().cloned().chain([compacted]).collect();
        self
    }

    /// Adds the value of a variable of the prompt's template: `gen_ai.prompt.variable.{name}`.
    ///
    /// It is content, so it is recorded only where [`LlmLayer::with_capture`] says so, cut to the limit of one
    /// text. The redaction hook does not see it.
    ///
    /// ```
    /// use throughline_llm_layer::CallAttributes;
    ///
    /// let attributes = CallAttributes::default().with_prompt_variable("city", "Paris");
    /// ```
    ///
    /// [`LlmLayer::with_capture`]: crate::LlmLayer::with_capture
    #[must_use]
    pub fn with_prompt_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let variable = (name.into(), value.into());
        self.variables = self.variables.iter().cloned().chain([variable]).collect();
        self
    }
}

/// Omits the values of variables.
impl fmt::Debug for CallAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        f.debug_struct("CallAttributes")
            .field("attributes", &self.attributes)
            .field("variables", &variables)
            .finish()
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

    /// Adds those whose names are not among the attributes yet; with content, if texts may have so many bytes.
    pub(super) fn add_to(&self, attributes: &mut Vec<KeyValue>, content_limit: Option<usize>) {
        let all = self.0.iter().flatten();
        let content = all
            .clone()
            .filter_map(|extra| Some(extra.variables.iter().zip(repeat(content_limit?))));
        let variables = content.flatten().map(|((name, value), limit)| {
            let name = format!("{}{}", semconv::PROMPT_VARIABLE, truncate(name, MAX_LABEL_BYTES));
            KeyValue::new(name, truncate(value, limit).to_owned())
        });
        for attribute in all
            .flat_map(|extra| extra.attributes.iter().cloned())
            .chain(variables)
        {
            if attributes.iter().all(|present| present.key != attribute.key) {
                attributes.push(attribute);
            }
        }
    }
}
