//! The server that requests are forwarded to.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use http::uri::{Authority, PathAndQuery, Scheme, Uri};

/// The server that requests are forwarded to: a scheme, a host and a base path.
///
/// ```
/// use throughline_forward::Upstream;
///
/// let upstream: Upstream = "http://127.0.0.1:11434/base/".parse()?;
/// let target = upstream.join(&"/api//chat?x=%2F".parse()?)?;
/// assert_eq!(target, "http://127.0.0.1:11434/base/api//chat?x=%2F");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at the end.
    base: String,
}

impl Upstream {
    /// Returns the URI of a request at this server: the base path, followed by path and query of `uri`.
    ///
    /// # Errors
    ///
    /// If the path has a segment `.` or `..`, also with encoded points: a server may resolve it to a path
    /// outside of the base path. If the joined URI is longer than 65,534 bytes.
    pub fn join(&self, uri: &Uri) -> Result<Uri, InvalidTarget> {
        match uri.path_and_query() {
            // It is shared, not copied.
            Some(path) if self.base.is_empty() => {
                check(path.as_str())?;
                self.with_path(path.clone())
            }
            path => self.join_path(path.map_or("/", PathAndQuery::as_str)),
        }
    }

    /// Returns the URI of a path and query at this server, like [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join), and if `path` does not begin with a slash.
    pub fn join_path(&self, path: &str) -> Result<Uri, InvalidTarget> {
        check(path)?;
        let joined = match &*self.base {
            "" => path.parse::<PathAndQuery>(),
            base => format!("{base}{path}").try_into(),
        };
        self.with_path(joined.map_err(|_| INVALID_PATH)?)
    }

    fn with_path(&self, path: PathAndQuery) -> Result<Uri, InvalidTarget> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|_| INVALID_PATH)
    }

    /// Returns the host, without the port. An IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Returns the host and, if one was given, the port.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Returns whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Returns the base path, without a slash at its end. Empty if there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base
    }
}

impl FromStr for Upstream {
    type Err = InvalidUpstream;

    /// Parses a URL such as `https://api.openai.com` or `http://127.0.0.1:8000/v1`.
    fn from_str(url: &str) -> Result<Self, InvalidUpstream> {
        let uri: Uri = url.parse().map_err(|_| InvalidUpstream("is no URL"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(InvalidUpstream("has no scheme and host"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(InvalidUpstream("has another scheme than http or https"));
        }
        if authority.as_str().contains('@') {
            return Err(InvalidUpstream("has a user name or password"));
        }
        if authority.host().is_empty() {
            return Err(InvalidUpstream("has no host"));
        }
        if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
            return Err(InvalidUpstream("has an invalid port"));
        }
        let path = parts
            .path_and_query
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() || url.contains('#') {
            return Err(InvalidUpstream("has a query or a fragment"));
        }
        let base = path.path().trim_end_matches('/').to_owned();
        if base.split('/').any(is_dot_segment) {
            return Err(InvalidUpstream("has a segment \".\" or \"..\""));
        }
        Ok(Self {
            scheme,
            authority,
            base,
        })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.base)
    }
}

/// Refuses paths that do not begin with a slash, or may lead out of the base path.
fn check(path: &str) -> Result<(), InvalidTarget> {
    let end = path.find('?').unwrap_or(path.len());
    if !path.starts_with('/') {
        return Err(InvalidTarget("the path does not begin with a slash"));
    }
    let mut segments = path.get(..end).unwrap_or(path).split(['/', '\\']);
    let leads_out = segments.any(|segment| match segment.contains('%') {
        false => is_dot_segment(segment),
        // Some servers decode separators before they resolve a path.
        true => ["%2F", "%2f", "%5C", "%5c"]
            .iter()
            .fold(segment.to_owned(), |segment, separator| {
                segment.replace(separator, "/")
            })
            .split('/')
            .any(is_dot_segment),
    });
    match leads_out {
        true => Err(InvalidTarget("the path has a segment \".\" or \"..\"")),
        false => Ok(()),
    }
}

const INVALID_PATH: InvalidTarget = InvalidTarget("the path is invalid or too long");

/// Whether a segment of a path is `.` or `..`, where `%2e` is a point. Some servers remove parameters, as in `..;a=b`.
fn is_dot_segment(segment: &str) -> bool {
    let segment = segment.split(';').next().unwrap_or_default();
    let Some(first) = strip_point(segment) else {
        return false;
    };
    first.is_empty() || strip_point(first).is_some_and(str::is_empty)
}

fn strip_point(text: &str) -> Option<&str> {
    text.strip_prefix('.')
        .or_else(|| text.strip_prefix("%2e"))
        .or_else(|| text.strip_prefix("%2E"))
}

/// The URL of an upstream that cannot be used. Its text does not repeat the URL, which may have a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidUpstream(&'static str);

impl fmt::Display for InvalidUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.0;
        write!(
            f,
            "the URL {reason}; expected one such as https://api.openai.com, without user, query and fragment"
        )
    }
}

impl Error for InvalidUpstream {}

/// A path that cannot be forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTarget(&'static str);

impl fmt::Display for InvalidTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidTarget {}
