//! The URL of a connection.

use std::borrow::Cow;

use http::{Method, Uri};

use super::parameters::bounded;
use crate::providers::Provider;
use crate::rule::Rule;
use crate::target::Target;

/// What a request needs of the URL.
pub(super) struct SessionUrl {
    /// Without a slash at its end.
    pub(super) path: Box<str>,
    host: Option<Box<str>>,
    port: Option<u16>,
}

impl SessionUrl {
    pub(super) fn new(url: &Uri) -> Self {
        let default_port = match url.scheme_str() {
            Some("ws" | "http") => Some(80),
            Some("wss" | "https") => Some(443),
            _ => None,
        };
        Self {
            path: url.path().trim_end_matches('/').into(),
            host: url.host().map(|host| host.trim_matches(['[', ']']).into()),
            port: url.port_u16().or(default_port),
        }
    }

    /// Returns the target that the same request would have over HTTP.
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            method: &Method::POST,
            path: &self.path,
            query: None,
            host: self.host.as_deref(),
            port: self.port,
        }
    }
}

/// Returns the model that a URL names. Azure calls it a deployment.
pub(super) fn model(url: &Uri) -> Option<String> {
    let parameters = || url.query().unwrap_or_default().split('&');
    let value = |name: &str| {
        let mut values = parameters().filter_map(|parameter| parameter.split_once('='));
        let (_, value) = values.find(|(other, _)| *other == name)?;
        let value = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
        (!value.is_empty()).then(|| bounded(&value))
    };
    value("model").or_else(|| value("deployment"))
}

/// Returns the provider of a connection. `None` if a rule says that it carries no model calls.
pub(super) fn provider(
    target: &Target<'_>,
    rules: &[Rule],
    usual: &'static str,
) -> Option<Cow<'static, str>> {
    let rules = rules.iter().filter(|rule| rule.is_about(target, target.path));
    let mut candidates = rules.map(Rule::candidate);
    match candidates.find(|candidate| candidate.comes_first(target.path)) {
        Some(candidate) => Some(candidate.into_recognised()?.provider),
        None => Some(
            Provider::at(target)
                .and_then(Provider::id)
                .unwrap_or(usual)
                .into(),
        ),
    }
}
