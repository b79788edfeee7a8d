//! What the user knows better.

use std::borrow::Cow;
use std::sync::Arc;

use super::WireFormat;
use super::candidates::Candidate;
use super::guarded::Guarded;
use super::recognise::{Recognised, Target, Wire};

/// Says which requests are model calls, and whose: by their path, host and model.
///
/// ```
/// use throughline_llm_layer::{Format, LlmLayer, Rule};
///
/// let layer = LlmLayer::new()
///     .with_rule(Rule::new("/internal/ask", Format::OpenAiChat).at("llm.example.com").by("acme"))
///     .with_rule(Rule::new("/chat/completions", Format::OpenAiChat).of("claude-*").by("anthropic"))
///     .with_rule(Rule::ignore("/api/chat"));
/// ```
#[derive(Debug, Clone)]
pub struct Rule {
    path: Cow<'static, str>,
    domain: Cow<'static, str>,
    model: Cow<'static, str>,
    wire: Option<Wire>,
    provider: Cow<'static, str>,
}

impl Rule {
    /// A `POST` to a path that ends with `path`, with a body of the format's shape or one that cannot be seen, is a model
    /// call in this format: a [`Format`](crate::Format), or your own.
    #[must_use]
    pub fn new(path: impl Into<Cow<'static, str>>, format: impl WireFormat + 'static) -> Self {
        Self {
            wire: Some(Wire::Users(Arc::new(Guarded(format)))),
            provider: "_OTHER".into(),
            ..Self::ignore(path)
        }
    }

    /// A request to a path that ends with `path` is no model call, whatever it looks like.
    #[must_use]
    pub fn ignore(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            domain: "".into(),
            model: "*".into(),
            wire: None,
            provider: "".into(),
        }
    }

    /// Only at this domain, or below it. By default at any.
    #[must_use]
    pub fn at(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Only for this model, as the request names it, or with `*` at the end, for all that begin so. By default for any.
    ///
    /// The rule does not apply to a request whose model was not read, such as one that streams and names it behind the
    /// [limit](crate::LlmLayer::with_request_limit).
    #[must_use]
    pub fn of(mut self, model: impl Into<Cow<'static, str>>) -> Self {
        self.model = model.into();
        self
    }

    /// The provider: `gen_ai.provider.name`. By default `_OTHER`.
    #[must_use]
    pub fn by(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.provider = provider.into();
        self
    }

    pub(super) fn is_about(&self, target: &Target<'_>, path: &str) -> bool {
        path.ends_with(&*self.path) && (self.domain.is_empty() || target.is_at(&self.domain))
    }

    /// Whether the rule is for this very model.
    pub(crate) fn names(&self, model: &str) -> bool {
        self.model == model
    }

    /// Whether the rule is for models that begin so, and not for any.
    pub(crate) fn includes(&self, model: &str) -> bool {
        self.model != "*" && is_model(&self.model, Some(model))
    }

    /// What a request that this rule is about may be.
    pub(super) fn candidate(&self) -> Candidate {
        match &self.wire {
            Some(wire) => {
                let recognised = Recognised {
                    wire: wire.clone(),
                    provider: self.provider.clone(),
                };
                Candidate::new(recognised, self.model.clone())
            }
            None => Candidate::ignored(self.model.clone()),
        }
    }
}

/// Whether a request's model is the one that a rule names.
pub(super) fn is_model(pattern: &str, model: Option<&str>) -> bool {
    let is = |model: &str| match pattern.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning),
        None => model == pattern,
    };
    pattern == "*" || model.is_some_and(is)
}
