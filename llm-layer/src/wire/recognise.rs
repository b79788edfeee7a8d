//! Which requests are model calls.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::{Method, Uri};

use super::candidates::{Candidate, Candidates};
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

/// The formats that a request may be in: by the user's rules, else by its method, the end of its path, since a proxy may
/// have any host. The shape of its body decides among them.
pub(crate) fn candidates(target: &Target<'_>, rules: &[Rule]) -> Candidates {
    Candidates::new(all(target, target.path.trim_end_matches('/'), rules).collect())
}

/// What a request seems to be before its body is read; that may show that it is no model call after all, or another.
pub(crate) fn recognise(target: &Target<'_>, rules: &[Rule]) -> Option<Recognised> {
    let path = target.path.trim_end_matches('/');
    let mut all = all(target, path, rules);
    all.find(|candidate| candidate.comes_first(path))?
        .into_recognised()
}

fn all<'a>(target: &'a Target<'_>, path: &'a str, rules: &'a [Rule]) -> impl Iterator<Item = Candidate> + 'a {
    let is_call = target.method == Method::POST;
    let by_rule = rules
        .iter()
        .filter(move |rule| is_call && rule.is_about(target, path));
    let built_in = is_call.then(|| known::find(target, path));
    by_rule.map(Rule::candidate).chain(built_in.into_iter().flatten())
}
