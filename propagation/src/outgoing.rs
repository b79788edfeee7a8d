//! The hosts that may see the context.

use std::fmt;
use std::sync::Arc;

use crate::outgoing_request::OutgoingRequest;

/// Selects the hosts that get trace context and those that get baggage.
///
/// **By default, trace context goes to every host and baggage to none.** Baggage contains what the
/// application, or a caller before it, stored: user ids, tenants, plans. It is only sent to hosts that are
/// named here. Trace context consists of random ids and of what tracing systems write into `tracestate`.
///
/// A pattern is a host name, `*.` followed by a domain for all hosts below that domain, or `*` for all hosts.
/// Case and port are ignored. The host is that of the request's URI, or else that of its `Host` header. A
/// request that has neither matches no named host.
///
/// A client that follows redirects by itself forwards its headers to other hosts: see
/// [`Outgoing::with_trusted_redirects`].
///
/// The policy applies to what a layer writes. Headers that the application itself set are left unchanged.
///
/// ```
/// use throughline_propagation::Outgoing;
///
/// let outgoing = Outgoing::new().with_baggage_to(["billing.internal", "*.svc.cluster.local"]);
/// # let _ = outgoing;
/// ```
#[derive(Clone)]
pub struct Outgoing {
    trace: Hosts,
    baggage: Hosts,
    trusts_redirects: bool,
}

impl Outgoing {
    /// Creates a policy that sends trace context to all hosts and baggage to none.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            trace: Hosts::All,
            baggage: Hosts::None,
            trusts_redirects: false,
        }
    }

    /// Sets the hosts that get `traceparent` and `tracestate`. Default: all.
    #[must_use]
    pub fn with_trace_to<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.trace = Hosts::named(patterns);
        self
    }

    /// Sets the hosts that get `baggage`. Default: none.
    #[must_use]
    pub fn with_baggage_to<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.baggage = Hosts::named(patterns);
        self
    }

    /// Sets whether clients that may follow redirects by themselves, such as `reqwest::Client`, get headers
    /// that are meant for named hosts only. Default: `false`.
    ///
    /// Such a client forwards the headers of a request: whatever host a redirect leads to, reqwest removes
    /// none of those that a layer writes. A layer cannot see whether a client follows redirects. Therefore a
    /// request of such a client gets a header only if every host may see it: by default `traceparent` and
    /// `tracestate`, and no `baggage`, even if its host is named.
    ///
    /// Enable this if your client follows no redirects (`reqwest::redirect::Policy::none()`), or if hosts to
    /// which a named host redirects may see the headers too.
    #[must_use]
    pub fn with_trusted_redirects(mut self, trusted: bool) -> Self {
        self.trusts_redirects = trusted;
        self
    }

    /// Returns what a host may see. The host has no port; `None` is an unknown host.
    #[must_use]
    pub fn to_host(&self, host: Option<&str>) -> Allowed {
        Allowed {
            trace: self.trace.include(host),
            baggage: self.baggage.include(host),
        }
    }

    /// Returns what a host may see if the client may forward it to other hosts by [following
    /// redirects](Self::with_trusted_redirects).
    #[must_use]
    pub fn to_host_and_redirects(&self, host: Option<&str>) -> Allowed {
        if self.trusts_redirects {
            return self.to_host(host);
        }
        Allowed {
            trace: matches!(self.trace, Hosts::All),
            baggage: matches!(self.baggage, Hosts::All),
        }
    }

    /// Returns what the host of a request may see, and the hosts to which its client may redirect it.
    #[must_use]
    pub fn to_request<R: OutgoingRequest>(&self, request: &R) -> Allowed {
        if R::MAY_BE_REDIRECTED {
            return self.to_host_and_redirects(request.host());
        }
        self.to_host(request.host())
    }
}

impl Default for Outgoing {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace,
            baggage,
            trusts_redirects,
        } = self;
        f.debug_struct("Outgoing")
            .field("trace", trace)
            .field("baggage", baggage)
            .field("trusts_redirects", trusts_redirects)
            .finish()
    }
}

/// What one request may carry, as decided by [`Outgoing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// `traceparent` and `tracestate`, and the headers of other formats.
    pub trace: bool,
    /// `baggage`.
    pub baggage: bool,
}

impl Allowed {
    /// Everything.
    pub const ALL: Self = Self {
        trace: true,
        baggage: true,
    };
    /// Trace context without baggage.
    pub const TRACE: Self = Self {
        trace: true,
        baggage: false,
    };

    /// Returns whether a header may be written. Any header that is not known to be baggage counts as trace
    /// context.
    pub(crate) fn permits(self, header: &str) -> bool {
        let is_baggage =
            header == "baggage" || BAGGAGE_PREFIXES.iter().any(|prefix| header.starts_with(prefix));
        if is_baggage { self.baggage } else { self.trace }
    }
}

#[derive(Debug, Clone)]
enum Hosts {
    All,
    None,
    Named(Arc<[String]>),
}

impl Hosts {
    fn named<P: Into<String>>(patterns: impl IntoIterator<Item = P>) -> Self {
        let patterns: Arc<[String]> = patterns.into_iter().map(Into::into).collect();
        match &*patterns {
            [] => Self::None,
            _ if patterns.iter().any(|pattern| pattern == "*") => Self::All,
            _ => Self::Named(patterns),
        }
    }

    fn include(&self, host: Option<&str>) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::None, _) | (_, None) => false,
            (Self::Named(patterns), Some(host)) => patterns.iter().any(|pattern| matches(pattern, host)),
        }
    }
}

fn matches(pattern: &str, host: &str) -> bool {
    // A fully qualified name ends with a dot and means the same host.
    let [pattern, host] = [pattern, host].map(|host| host.trim_matches(['[', ']']).trim_end_matches('.'));
    match pattern.strip_prefix('*') {
        Some(domain) => {
            let below = host.len().checked_sub(domain.len()).and_then(|at| host.get(at..));
            host.len() > domain.len() && below.is_some_and(|below| below.eq_ignore_ascii_case(domain))
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// The headers of Jaeger and OpenTracing for baggage, one entry each.
const BAGGAGE_PREFIXES: [&str; 3] = ["uberctx-", "ot-baggage-", "baggage-"];

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::HOST;

    use super::*;

    #[test]
    fn trace_goes_everywhere_and_baggage_nowhere_until_a_host_is_named() {
        let named = Outgoing::new()
            .with_baggage_to(["Billing.internal", "*.svc.local", "[::1]"])
            .with_trace_to(["billing.internal"]);
        let cases: &[(&Outgoing, &str, Option<&str>, bool, bool)] = &[
            (&Outgoing::new(), "http://anywhere.example/", None, true, false),
            (&Outgoing::new(), "/", None, true, false),
            (&named, "http://BILLING.internal:8443/x", None, true, true),
            (&named, "http://billing.internal./x", None, true, true),
            (&named, "http://a.svc.local.:80/", None, false, true),
            (&named, "http://xbilling.internal/", None, false, false),
            (&named, "http://a.svc.local/", None, false, true),
            (&named, "http://a.b.SVC.local/", None, false, true),
            (&named, "http://svc.local/", None, false, false),
            (&named, "http://evilsvc.local/", None, false, false),
            (&named, "http://svc.local.evil.example/", None, false, false),
            (&named, "http://[::1]:80/", None, false, true),
            (&named, "/path", Some("billing.internal:80"), true, true),
            (&named, "/path", Some("evil.example"), false, false),
            (&named, "/path", Some("not a host"), false, false),
            (&named, "/path", Some("[::1]:80"), false, true),
            (&named, "/path", Some("evil@billing.internal"), false, false),
            (&named, "/path", None, false, false),
            (
                &named,
                "http://evil.example/",
                Some("billing.internal"),
                false,
                false,
            ),
            (
                &named,
                "http://billing.internal@evil.example/",
                None,
                false,
                false,
            ),
        ];
        for (outgoing, uri, host, trace, baggage) in cases {
            let mut request = Request::get(*uri);
            if let Some(host) = host {
                request = request.header(HOST, *host);
            }
            let request = request.body(()).expect("a request");
            let (trace, baggage) = (*trace, *baggage);
            let allowed = outgoing.to_request(&request);
            assert_eq!(allowed, Allowed { trace, baggage }, "{uri} {host:?}");
        }
        assert!(
            named.to_host(Some("::1")).baggage,
            "an address without its brackets is the same host"
        );
        let all = Outgoing::new().with_baggage_to(["*"]);
        assert!(all.to_host(None).baggage, "a star is every host, known or not");
        let none = Outgoing::new().with_trace_to([""; 0]);
        assert!(!none.to_host(Some("a")).trace, "no pattern is no host");
    }

    #[test]
    fn a_client_that_follows_redirects_gets_what_every_host_may_see() {
        let named = Outgoing::new().with_baggage_to(["a"]).with_trace_to(["a"]);
        let cases = [
            (Outgoing::new(), true, false),
            (Outgoing::new().with_baggage_to(["a"]), true, false),
            (Outgoing::new().with_baggage_to(["*"]), true, true),
            (named.clone(), false, false),
            (named.clone().with_trusted_redirects(true), true, true),
            (
                named.with_trusted_redirects(true).with_trace_to(["b"]),
                false,
                true,
            ),
        ];
        for (outgoing, trace, baggage) in cases {
            let allowed = outgoing.to_host_and_redirects(Some("a"));
            assert_eq!(allowed, Allowed { trace, baggage }, "{outgoing:?}");
        }
    }

    #[test]
    fn headers_of_other_formats_are_told_apart() {
        let only_trace = Allowed {
            trace: true,
            baggage: false,
        };
        for (header, permitted) in [
            ("traceparent", true),
            ("b3", true),
            ("uber-trace-id", true),
            ("baggage", false),
            ("uberctx-user", false),
            ("ot-baggage-user", false),
        ] {
            assert_eq!(only_trace.permits(header), permitted, "{header}");
        }
    }
}
