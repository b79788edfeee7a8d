//! Secrets planted in generated texts, and arbitrary texts.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::{is_secret_name, redact, redact_url};

/// Notations of a secret in a text; `%` is replaced by the secret.
const WAYS: &[&str] = &[
    "https://h.test/p?key=%",
    "https://h.test/p?%",
    "h.test:443/x?a=b&k=%&c=d",
    "//user:%@h.test/p",
    "https://user:%@h.test",
    "https://user:a/%@h.test/p",
    "https://%@h.test:8080/p",
    "user:%@h.test",
    "%@h.test:5432/db",
    "GET /v1?key=%",
    "http://h.test/p?next=https://cb.test/x&key=%",
    "http://h.test/p?next=https://u:%@cb.test/x",
    "http://h.test/p#%",
    "http://h.test/p#id_token=%",
    "Authorization: Bearer %",
    "Authorization: Token %",
    "proxy-authorization: Basic %",
    "Bearer %",
    "Basic %",
    "x-api-key: %",
    "api-key=%",
    "x-goog-api-key: \"%\"",
    "{\"x-amz-security-token\": \"%\"}",
    "{\"authorization\": \"Bearer %\", \"accept\": \"text/html\"}",
    "HeaderMap { x_api_key: Some(\"%\"), other: 1 }",
    "(\"cookie\", \"a=1; b=%\")",
    "Cookie: a=1; b=%",
    "set-cookie: id=%; HttpOnly",
    "access_token=%",
    "client_secret: %",
    "https%3A%2F%2Fh.test%3Fkey%3D%",
    "sk-%",
];

fn secret() -> impl Strategy<Value = String> {
    // Hexadecimal digits may complete a percent-encoding that begins before them.
    "[G-Z][0-9g-zG-Z_~+/=.!$*-]{12,30}[g-z0-9]"
}

proptest! {
    #[test]
    fn planted_secrets_never_come_out(
        way in select(WAYS),
        secret in secret(),
        before in "([a-z]{1,8}[ :,(\\[{'\"]{1,2}){0,4}",
        after in "([ :,)\\]}'\"\\n]{1,2}[a-z?]{1,8}){0,4}",
        is_debug in any::<bool>(),
    ) {
        let secret = if way.starts_with("sk-") { secret.replace(|letter: char| !letter.is_alphanumeric(), "x") } else { secret };
        let planted = match way.rsplit_once('%') {
            Some((open, close)) => format!("{open}{secret}{close}"),
            None => unreachable!("each way has a place for the secret"),
        };
        let text = format!("{before} {planted}{after}");
        let text = if is_debug { format!("{text:?}") } else { text };
        let redacted = redact(&text);
        prop_assert!(!redacted.contains(&secret), "{:?} is {:?}", text, redacted);
        for piece in secret.as_bytes().chunks_exact(6) {
            let piece = String::from_utf8_lossy(piece);
            prop_assert!(!redacted.contains(&*piece), "a piece of it is left of {:?}: {:?}", text, redacted);
        }
    }

    #[test]
    fn any_text_is_redacted_without_panic(text in any::<String>(), odd in "[?@#=:,%/\"'`\\\\(\\[{a-f0-9 \\n\u{e9}]{0,60}") {
        for text in [text, odd] {
            let _ = (redact(&text), redact_url(&text), is_secret_name(&text));
        }
    }
}

/// A scanner that starts again at each of them would take hours.
#[test]
fn long_texts_take_one_pass() {
    for piece in [
        "key=",
        "a@",
        "??",
        "token:",
        "%25",
        "Bearer ",
        "//",
        "\"key\",\"",
        "(",
        "\\u0026",
        "key=(",
        "\"",
        "a ",
        "key>",
        "<key>",
        "?a\"",
        "Bearer:",
    ] {
        let text = piece.repeat(20_000);
        assert!(redact(&text).len() <= text.len() * 8, "{piece:?} many times");
    }
}
