//! The headers that are recorded on spans.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::redaction::redact;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{Key, KeyValue};

use crate::limits;
use crate::semconv::{
    HTTP_REQUEST_HEADER, HTTP_RESPONSE_HEADER, RPC_REQUEST_METADATA, RPC_RESPONSE_METADATA, SECRET_HEADERS,
};

/// Header names with the keys of their attributes. Headers that carry secrets are never included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Captured(Arc<[(HeaderName, Keys)]>);

/// The keys of one header's attribute.
#[derive(Debug)]
struct Keys {
    http: Key,
    rpc: Key,
}

/// The beginnings of the keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefixes {
    http: &'static str,
    /// Of a gRPC call.
    rpc: &'static str,
}

impl Prefixes {
    pub(crate) const REQUEST: Self = Self {
        http: HTTP_REQUEST_HEADER,
        rpc: RPC_REQUEST_METADATA,
    };
    pub(crate) const RESPONSE: Self = Self {
        http: HTTP_RESPONSE_HEADER,
        rpc: RPC_RESPONSE_METADATA,
    };

    fn keys(self, name: &str) -> Keys {
        let key = |prefix: &str| Key::from(Arc::<str>::from(format!("{prefix}{name}")));
        Keys {
            http: key(self.http),
            rpc: key(self.rpc),
        }
    }
}

impl Captured {
    /// Creates the attributes of these headers, each once. Invalid names and names of secrets are skipped.
    pub(crate) fn new<'a>(prefixes: Prefixes, names: impl IntoIterator<Item = &'a str>) -> Self {
        let valid = names
            .into_iter()
            .filter_map(|name| HeaderName::try_from(name).ok());
        let open: BTreeSet<String> = valid
            .filter(|name| !SECRET_HEADERS.contains(&name.as_str()))
            .map(|name| name.as_str().to_owned())
            .collect();
        let keyed = open.into_iter().filter_map(|name| {
            let keys = prefixes.keys(&name);
            Some((HeaderName::try_from(name).ok()?, keys))
        });
        Self(keyed.collect())
    }

    /// Returns the attributes of the headers that are present, within the [limits]. Values that are marked as
    /// sensitive are skipped, and secrets in other values are replaced. `is_call` selects the keys of a gRPC
    /// call.
    pub(crate) fn attributes(&self, headers: &HeaderMap, is_call: bool) -> impl Iterator<Item = KeyValue> {
        self.0.iter().filter_map(move |(name, keys)| {
            let key = if is_call { &keys.rpc } else { &keys.http };
            attribute(name, key, headers)
        })
    }
}

// Separate from the iterator, which usually yields nothing.
#[inline(never)]
fn attribute(name: &HeaderName, key: &Key, headers: &HeaderMap) -> Option<KeyValue> {
    let values = headers.get_all(name).iter();
    let open: Vec<Cow<'_, str>> = values
        .filter(|value| !value.is_sensitive())
        .take(limits::MAX_ARRAY_ITEMS)
        // A `referer` or a `location` is a URL.
        .map(|value| match text(value) {
            Cow::Borrowed(text) => redact(text),
            Cow::Owned(text) => Cow::Owned(redact(&text).into_owned()),
        })
        .collect();
    let values = || limits::text_array(open.iter().map(Cow::as_ref));
    (!open.is_empty()).then(|| KeyValue::new(key.clone(), values()))
}

/// Returns the value of a header, with U+FFFD for bytes that are not UTF-8.
pub(crate) fn text(value: &HeaderValue) -> Cow<'_, str> {
    // `from_utf8_lossy` alone looks at each byte.
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_and_no_secret() {
        let names = [
            "X-Tenant",
            "x-tenant",
            "cookie",
            "Authorization",
            "x-marked",
            "not a name",
            "x-absent",
        ];
        let captured = Captured::new(Prefixes::REQUEST, names);
        let mut marked = HeaderValue::from_static("secret");
        marked.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.append("x-tenant", HeaderValue::from_static("a"));
        headers.append("x-tenant", HeaderValue::from_bytes(b"b\xff").expect("a value"));
        headers.insert("cookie", HeaderValue::from_static("id=1"));
        headers.insert("authorization", HeaderValue::from_static("Bearer 1"));
        headers.insert("x-marked", marked);
        headers.insert("x-other", HeaderValue::from_static("not listed"));
        let shown: Vec<String> = captured
            .attributes(&headers, false)
            .map(|attribute| format!("{}={}", attribute.key, attribute.value))
            .collect();
        assert_eq!(
            shown,
            ["http.request.header.x-tenant=[\"a\",\"b\u{fffd}\"]"],
            "the attributes"
        );
        let call: Vec<Key> = captured
            .attributes(&headers, true)
            .map(|attribute| attribute.key)
            .collect();
        assert_eq!(call, [Key::from("rpc.request.metadata.x-tenant")], "of a call");
    }

    #[test]
    fn what_is_never_recorded_is_secret_in_texts_too() {
        for name in SECRET_HEADERS {
            let text = format!("{name}: s3cr3t");
            assert_eq!(redact(&text), format!("{name}: REDACTED"), "{name}");
        }
    }

    #[test]
    fn secrets_stay_secret_whoever_asks() {
        let secrets = [
            "Authorization",
            "proxy-authorization",
            "COOKIE",
            "set-cookie",
            "x-api-key",
            "api-key",
        ];
        let captured = Captured::new(Prefixes::REQUEST, secrets);
        let mut headers = HeaderMap::new();
        for name in secrets {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name, HeaderValue::from_static("s3cr3t"));
        }
        assert_eq!(
            captured.attributes(&headers, false).count(),
            0,
            "none of {secrets:?}"
        );
    }
}
