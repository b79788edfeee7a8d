//! The methods that telemetry can contain.

use http::Method;

use crate::intern;
use crate::semconv::{KNOWN_METHODS, KNOWN_METHODS_VARIABLE, OTHER, UNKNOWN_METHOD_SPAN_NAME};

/// The known methods of a layer: those of the conventions, or the user's.
#[derive(Debug, Clone)]
pub(crate) struct Methods(Vec<&'static str>);

/// A method as recorded in telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownMethod(Option<&'static str>);

impl Methods {
    /// Reads the methods from the environment, or else uses those of the conventions.
    pub(crate) fn from_env() -> Self {
        Self::listed(&std::env::var(KNOWN_METHODS_VARIABLE).unwrap_or_default())
    }

    /// Parses a comma-separated list. If it has no method, those of the conventions are used, as if it were
    /// not set.
    fn listed(list: &str) -> Self {
        let named = Self::new(list.split(','));
        if named.0.is_empty() {
            return Self(KNOWN_METHODS.to_vec());
        }
        named
    }

    /// Creates a set of exactly these methods. They are case-sensitive.
    pub(crate) fn new<'a>(methods: impl IntoIterator<Item = &'a str>) -> Self {
        let named = methods.into_iter().map(str::trim).filter(|name| !name.is_empty());
        Self(named.filter_map(intern::text).collect())
    }

    pub(crate) fn classify(&self, method: &Method) -> KnownMethod {
        let sent = method.as_str();
        KnownMethod(self.0.iter().copied().find(|&method| method == sent))
    }
}

impl KnownMethod {
    /// Returns the value of the attribute.
    pub(crate) fn label(self) -> &'static str {
        self.0.unwrap_or(OTHER)
    }

    /// Returns the prefix of span names.
    pub(crate) fn span_name(self) -> &'static str {
        self.0.unwrap_or(UNKNOWN_METHOD_SPAN_NAME)
    }

    pub(crate) fn is_other(self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_share_one_label() {
        let methods = Methods(KNOWN_METHODS.to_vec());
        let cases = [
            (Method::GET, "GET", "GET"),
            (Method::PATCH, "PATCH", "PATCH"),
            (Method::from_bytes(b"XYZZY").expect("a token"), "_OTHER", "HTTP"),
            (Method::from_bytes(b"get").expect("a token"), "_OTHER", "HTTP"),
        ];
        for (method, label, name) in cases {
            let classified = methods.classify(&method);
            assert_eq!(
                (classified.label(), classified.span_name()),
                (label, name),
                "{method}"
            );
        }
    }

    #[test]
    fn an_empty_list_is_none() {
        for list in ["", " ", ","] {
            let classified = Methods::listed(list).classify(&Method::DELETE);
            assert_eq!(
                classified.label(),
                "DELETE",
                "{list:?}: as if the variable were not set"
            );
        }
    }

    #[test]
    fn a_list_replaces_the_default() {
        let methods = Methods::listed(" GET ,PROPFIND,,");
        let propfind = Method::from_bytes(b"PROPFIND").expect("a token");
        assert_eq!(methods.classify(&propfind).label(), "PROPFIND", "named");
        assert!(methods.classify(&Method::POST).is_other(), "no longer named");
    }
}
