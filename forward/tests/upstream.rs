//! Upstreams: which URLs are accepted, and where requests go.

use http::Uri;
use proptest::prelude::*;
use throughline_forward::Upstream;

#[test]
fn urls_that_are_accepted() {
    for (url, shown, base) in [
        ("https://api.openai.com", "https://api.openai.com", ""),
        ("https://api.openai.com/", "https://api.openai.com", ""),
        ("HTTP://Host:80/a/b/", "http://Host:80/a/b", "/a/b"),
        ("http://[::1]:8080", "http://[::1]:8080", ""),
    ] {
        let upstream: Upstream = url.parse().expect(url);
        assert_eq!(upstream.to_string(), shown, "{url}");
        assert_eq!(upstream.base_path(), base, "{url}");
    }
}

#[test]
fn urls_that_are_refused() {
    for (url, reason) in [
        ("", "is no URL"),
        ("api.openai.com", "has no scheme and host"),
        ("/v1", "has no scheme and host"),
        ("ftp://host", "another scheme"),
        ("http://user:secret@host", "a user name or password"),
        ("http://host/?q", "a query or a fragment"),
        ("http://host/#f", "a query or a fragment"),
        ("http://host/a/../b", "a segment"),
        ("http://host:port/", "an invalid port"),
        ("http://host:99999/", "an invalid port"),
    ] {
        let error = url.parse::<Upstream>().expect_err(url).to_string();
        assert!(error.contains(reason), "{url:?}: {error}");
        assert!(!error.contains("secret"), "{url:?}: {error}");
    }
}

#[test]
fn requests_are_joined_to_the_base_path() {
    for (base, uri, target) in [
        ("http://h", "/v1/models", "http://h/v1/models"),
        ("http://h/b", "/v1/models?x=%2F&y", "http://h/b/v1/models?x=%2F&y"),
        ("http://h/b/", "//v1//x/", "http://h/b//v1//x/"),
        ("http://h", "http://evil.example/v1", "http://h/v1"),
        ("http://h", "//evil.example/v1", "http://h//evil.example/v1"),
        (
            "http://h/b",
            "/.well-known/x?../..",
            "http://h/b/.well-known/x?../..",
        ),
        ("http://h/b", "/...", "http://h/b/..."),
        ("https://h", "*", "https://h/*"),
    ] {
        let upstream: Upstream = base.parse().expect(base);
        let uri: Uri = uri.parse().expect(uri);
        let joined = match upstream.join(&uri) {
            Ok(joined) => joined.to_string(),
            Err(error) => error.to_string(),
        };
        let expected = match uri.path() {
            "*" => "the path does not begin with a slash",
            _ => target,
        };
        assert_eq!(joined, expected, "{base} and {uri}");
    }
}

#[test]
fn paths_that_lead_out_of_the_base_are_refused() {
    let upstream: Upstream = "http://h/tenant".parse().expect("a URL");
    for path in [
        "/..",
        "/../x",
        "/a/../../x",
        "/./x",
        "/%2e%2E/x",
        "/.%2e",
        "/a/%2e",
        // Decoded by some servers before they resolve the path.
        "/v1/..%2fadmin",
        "/v1/x%2F%2e%2e%2fadmin",
        "/v1/..%5Cadmin",
        "/v1/..;a=b/admin",
        "/a\\..\\b",
    ] {
        let error = upstream.join_path(path).expect_err(path).to_string();
        assert_eq!(error, "the path has a segment \".\" or \"..\"", "{path}");
    }
}

proptest! {
    /// Whatever a caller sends, a request goes to the configured host, below the base path.
    #[test]
    fn target_is_always_below_the_upstream(text in "[/:@?#.%\\\\a-z0-9e]{0,40}", absolute in any::<bool>()) {
        let upstream: Upstream = "http://good.example:81/base".parse().expect("a URL");
        let text = if absolute { format!("http://{text}") } else { format!("/{text}") };
        if let Ok(target) = text.parse::<Uri>().map_err(|_| ()).and_then(|uri| upstream.join(&uri).map_err(|_| ())) {
            prop_assert_eq!(target.authority().map(|authority| authority.as_str()), Some("good.example:81"));
            prop_assert!(target.path().starts_with("/base/"), "{}", target);
        }
    }
}
