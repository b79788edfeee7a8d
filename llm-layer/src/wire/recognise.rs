//! Which requests are model calls.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::{Method, Uri};
use serde_json::Value;

use super::ask::string;
use super::{Format, Path, Rule, WireFormat, known};

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) host: Option<&'a str>,
    pub(crate) port: Option<u16>,
}

impl<'a> Target<'a> {
    /// The target of a request with an absolute URI, or with the authority that its `host` header names.
    pub(crate) fn new(method: &'a Method, uri: &'a Uri, authority: Option<&'a str>) -> Self {
        let (host, port) = match (uri.host(), authority) {
            (Some(host), _) => (Some(host), uri.port_u16()),
            (None, Some(authority)) => match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (Some(host), port.parse().ok()),
                _ => (Some(authority), None),
            },
            (None, None) => (None, None),
        };
        let default = match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        };
        Self {
            method,
            path: uri.path(),
            host: host.map(|host| host.trim_start_matches('[').trim_end_matches(']')),
            port: port.or(default),
        }
    }

    /// Whether the host is `domain`, or stands below it, in any case.
    pub(crate) fn is_at(&self, domain: &str) -> bool {
        let Some((above, end)) = self.host.and_then(|host| {
            let host = host.strip_suffix('.').unwrap_or(host);
            host.split_at_checked(host.len().checked_sub(domain.len())?)
        }) else {
            return false;
        };
        end.eq_ignore_ascii_case(domain) && (above.is_empty() || above.ends_with('.'))
    }
}

/// A request that is a model call.
#[derive(Debug, Clone)]
pub(crate) struct Recognised {
    pub(crate) wire: Wire,
    pub(crate) provider: Cow<'static, str>,
}

/// A wire format, wherever it is from.
#[derive(Clone)]
pub(crate) enum Wire {
    BuiltIn(Format),
    Users(Arc<dyn WireFormat>),
}

/// What is known of a request's body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known<'a> {
    /// It is still to be read.
    NotYet,
    /// It cannot be seen.
    Never,
    Body(&'a Value),
}

impl Deref for Wire {
    type Target = dyn WireFormat;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::BuiltIn(format) => format.wire(),
            Self::Users(wire) => &**wire,
        }
    }
}

impl Wire {
    /// Whether the value at a path says nothing, whatever it is.
    pub(super) fn ignores(&self, at: &Path) -> bool {
        match self {
            Self::BuiltIn(format) => format.ignores(at),
            Self::Users(wire) => wire.ignores(at),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation())
    }
}

impl Known<'_> {
    /// Whether it is a body of this format, as far as can be seen.
    pub(super) fn is(self, wire: &dyn WireFormat) -> bool {
        match self {
            Self::NotYet | Self::Never => true,
            Self::Body(body) => wire.matches(body),
        }
    }

    /// Whether a rule that is about the request holds for its model too; `None` as long as it may.
    fn is_meant(self, rule: &Rule, path: &str) -> Option<bool> {
        let body = match self {
            _ if rule.is_of_any_model() => return Some(true),
            Self::NotYet => return None,
            Self::Never => &Value::Null,
            Self::Body(body) => body,
        };
        let model = match &rule.wire {
            Some(wire) => wire.ask(path, body).model,
            None => string(body, "model").map(str::to_owned),
        };
        Some(rule.is_of(model.as_deref()))
    }
}

/// Recognises a model call: by the user's rules, else by its method, the end of its path, since a proxy may have any
/// host, and the shape of its body.
///
/// What is recognised before the body is known may be no model call after all, or another.
pub(crate) fn recognise(target: &Target<'_>, rules: &[Rule], body: Known<'_>) -> Option<Recognised> {
    if target.method != Method::POST {
        return None;
    }
    let path = target.path.trim_end_matches('/');
    for rule in rules.iter().filter(|rule| rule.is_about(target, path)) {
        match (body.is_meant(rule, path), &rule.wire) {
            (Some(true), None) => return None,
            (Some(true) | None, Some(wire)) if body.is(&**wire) => {
                return Some(Recognised {
                    wire: wire.clone(),
                    provider: rule.provider.clone(),
                });
            }
            _ => {}
        }
    }
    let (format, provider) = known::find(target, path, body)?;
    Some(Recognised {
        wire: Wire::BuiltIn(format),
        provider: provider.into(),
    })
}
