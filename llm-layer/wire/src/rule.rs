//! Rules by which users include and exclude requests.

use std::borrow::Cow;

use crate::candidates::{Candidate, is_model};
use crate::recognised::{AnyFormat, Recognised};
use crate::target::Target;

/// A rule that says which requests are model calls, and which are not, by path, host and model. The first
/// rule that applies wins, before everything that is built in.
///
/// ```
/// use throughline_llm_wire::{Format, Rule};
///
/// let rules = [
///     Rule::new("/internal/ask", Format::OpenAiChat).with_domain("llm.example.com").with_provider("acme"),
///     Rule::new("/chat/completions", Format::OpenAiChat).with_model("claude-*").with_provider("anthropic"),
///     Rule::ignore("/api/chat"),
/// ];
/// ```
#[derive(Debug, Clone)]
pub struct Rule {
    path: Cow<'static, str>,
    domain: Cow<'static, str>,
    model: Cow<'static, str>,
    format: Option<AnyFormat>,
    provider: Cow<'static, str>,
}

impl Rule {
    /// A `POST` request to a path that ends with `path` is a model call in this format, a
    /// [`Format`](crate::Format) or your own, if its body has the format's shape or cannot be read.
    #[must_use]
    pub fn new(path: impl Into<Cow<'static, str>>, format: impl Into<AnyFormat>) -> Self {
        Self {
            format: Some(format.into()),
            provider: "_OTHER".into(),
            ..Self::ignore(path)
        }
    }

    /// A request to a path that ends with `path` is not a model call.
    #[must_use]
    pub fn ignore(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            domain: "".into(),
            model: "*".into(),
            format: None,
            provider: "".into(),
        }
    }

    /// Sets the domain that the rule applies to, subdomains included. Default: any.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Sets the model that the rule applies to, as requests name it; with `*` at the end, all models that
    /// begin so. Default: any.
    ///
    /// The rule does not apply if the model was not read, for example because the request names it after the
    /// limit.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<Cow<'static, str>>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the provider: `gen_ai.provider.name`. Default: `_OTHER`.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.provider = provider.into();
        self
    }

    pub(crate) fn is_about(&self, target: &Target<'_>, path: &str) -> bool {
        path.ends_with(&*self.path) && (self.domain.is_empty() || target.is_at(&self.domain))
    }

    /// Returns whether the rule is for this very model.
    #[must_use]
    pub fn names(&self, model: &str) -> bool {
        self.model == model
    }

    /// Returns whether the rule is for models that begin as this one, and not for any model.
    #[must_use]
    pub fn includes(&self, model: &str) -> bool {
        self.model != "*" && is_model(&self.model, Some(model))
    }

    /// What a request that this rule is about may be.
    pub(crate) fn candidate(&self) -> Candidate {
        match &self.format {
            Some(format) => {
                let recognised = Recognised {
                    format: format.clone(),
                    provider: self.provider.clone(),
                };
                Candidate::new(recognised, self.model.clone())
            }
            None => Candidate::ignored(self.model.clone()),
        }
    }
}
