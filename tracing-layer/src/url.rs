//! The parts of a URL, and how it is recorded.

use std::fmt;
use std::sync::Arc;

use crate::query::Query;
use crate::semconv::{self, REDACTED};
use crate::{line, protocol, recent};

/// The URL of a request, without its fragment. It may have secrets in its query and its user info.
#[derive(Clone, Copy)]
pub struct RequestUrl<'a> {
    /// `None` if the request does not name one.
    pub(crate) scheme: Option<&'a str>,
    /// Empty if the request does not name one.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> RequestUrl<'a> {
    /// Returns the host, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        self.host_and_port().0
    }

    /// Returns the port that the URL names.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.host_and_port().1
    }

    /// Returns the port that the URL names, or else the default port of its scheme.
    #[must_use]
    pub fn port_or_known_default(&self) -> Option<u16> {
        self.port().or_else(|| protocol::default_port(self.scheme?))
    }

    /// Returns the path.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// Returns the query, without the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// Returns the scheme, which is `http` if the request does not name one.
    pub(crate) fn scheme_or_http(&self) -> &'a str {
        self.scheme.unwrap_or(semconv::HTTP)
    }

    fn host_and_port(&self) -> (Option<&'a str>, Option<u16>) {
        protocol::host_and_port(self.authority).map_or((None, None), |(host, port)| (Some(host), port))
    }

    /// Returns the URL with `REDACTED` for user, password and the values of its query that are not shown.
    /// `is_host` skips the check of an authority that is known to be a host only.
    pub(crate) fn redacted(&self, shown: &Query, is_host: bool) -> Arc<str> {
        line::with(|line| self.write(shown, is_host, line), recent::target)
    }

    /// Returns the part after the user info of `user:a/b@host/path`, whose authority ends at the `/` of the
    /// password: its port is not a number, and its path has an `@`.
    fn behind_user_info(&self) -> Option<&str> {
        let port = self.authority.bytes().rposition(|byte| byte == b':')?;
        let mut port = self.authority.bytes().skip(port + 1);
        if port.all(|byte| byte.is_ascii_digit() || byte == b']') {
            return None;
        }
        self.path.get(self.path.rfind('@')?..)
    }

    fn write(&self, shown: &Query, is_host: bool, line: &mut String) {
        line.push_str(self.scheme_or_http());
        line.push_str("://");
        if is_host {
            line.push_str(self.authority);
            line.push_str(self.path);
        } else {
            self.write_authority_and_path(line);
        }
        if let Some(query) = self.query {
            line.push('?');
            shown.write(query, line);
        }
    }

    fn write_authority_and_path(&self, line: &mut String) {
        let host = match self.authority.rsplit_once('@') {
            Some((user, host)) => {
                line.push_str(REDACTED);
                if user.contains(':') {
                    line.push(':');
                    line.push_str(REDACTED);
                }
                line.push('@');
                host
            }
            None => self.authority,
        };
        match self.behind_user_info() {
            Some(host) => {
                line.push_str(REDACTED);
                line.push_str(host);
            }
            None => {
                line.push_str(host);
                line.push_str(self.path);
            }
        }
    }
}

/// Redacts user, password and the values of the query.
impl fmt::Debug for RequestUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted(&Query::Redacted, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_not_encoded() {
        let cases = [
            ("u:a", "/b@h/p", "https://REDACTED@h/p"),
            ("u:1", "/b@h/p", "https://u:1/b@h/p"),
            ("[::1]:1", "/a@b", "https://[::1]:1/a@b"),
            ("[::1]", "/p", "https://[::1]/p"),
            ("h", "/a@b", "https://h/a@b"),
        ];
        for (authority, path, expected) in cases {
            let url = RequestUrl {
                scheme: Some("https"),
                authority,
                path,
                query: None,
            };
            assert_eq!(
                &*url.redacted(&Query::Redacted, false),
                expected,
                "{authority}{path}"
            );
        }
    }

    #[test]
    fn urls() {
        let cases = [
            ("example.com", "https://example.com/p?sig=REDACTED"),
            ("me:secret@example.com:1", {
                "https://REDACTED:REDACTED@example.com:1/p?sig=REDACTED"
            }),
            ("me@example.com", "https://REDACTED@example.com/p?sig=REDACTED"),
            ("a@b:c@example.com", {
                "https://REDACTED:REDACTED@example.com/p?sig=REDACTED"
            }),
        ];
        for (authority, expected) in cases {
            let url = RequestUrl {
                scheme: Some("https"),
                authority,
                path: "/p",
                query: Some("sig=1"),
            };
            assert_eq!(&*url.redacted(&Query::Redacted, false), expected, "{authority}");
        }
    }
}
