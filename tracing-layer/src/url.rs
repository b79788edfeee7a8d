//! A URL in its parts, and what is recorded of it.

use std::sync::Arc;

use crate::line;
use crate::query::Query;
use crate::recent;
use crate::semconv::REDACTED;

/// A URL without its fragment.
#[derive(Clone, Copy)]
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl Url<'_> {
    /// The URL with `REDACTED` for user and password, and for the values of its query that are not shown. `is_host` spares a
    /// look at an authority that is known to be a host alone.
    pub(crate) fn redacted(&self, shown: &Query, is_host: bool) -> Arc<str> {
        line::with(|line| self.write(shown, is_host, line), recent::target)
    }

    /// What is not user info of `user:a/b@host/path`, whose authority ends at the `/` of the password: it has a port that is
    /// no number, and a path with an `@`.
    fn behind_user_info(&self) -> Option<&str> {
        let port = self.authority.bytes().rposition(|byte| byte == b':')?;
        let mut port = self.authority.bytes().skip(port + 1);
        if port.all(|byte| byte.is_ascii_digit() || byte == b']') {
            return None;
        }
        self.path.get(self.path.rfind('@')?..)
    }

    fn write(&self, shown: &Query, is_host: bool, line: &mut String) {
        line.push_str(self.scheme);
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
            let url = Url {
                scheme: "https",
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
            let url = Url {
                scheme: "https",
                authority,
                path: "/p",
                query: Some("sig=1"),
            };
            assert_eq!(&*url.redacted(&Query::Redacted, false), expected, "{authority}");
        }
    }
}
