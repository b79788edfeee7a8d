//! Texts with and without secrets, one by one.

mod planted;

use std::borrow::Cow;

use super::*;

/// The text that must not remain.
const SECRET: &str = "S3cr3tV4lue";

#[test]
fn texts_lose_their_secrets_and_nothing_else() {
    let cases = [
        // The case of the issue.
        ("http://h/p?next=https://cb/x&key=SECRET", "http://h/p?REDACTED"),
        ("https://u:a/SECRET@h/p", "https://REDACTED@h/p"),
        ("h:443/x?key=SECRET", "h:443/x?REDACTED"),
        ("//u:SECRET@h", "//REDACTED@h"),
        ("GET /v1?key=SECRET", "GET /v1?REDACTED"),
        (
            "sent Authorization: Bearer SECRET",
            "sent Authorization: REDACTED",
        ),
        // URLs.
        (
            "error for url (https://x.test:1/v1/m:gen?key=SECRET&alt=sse): timed out",
            { "error for url (https://x.test:1/v1/m:gen?REDACTED): timed out" },
        ),
        ("(https://x.test/p) and 'http://me:SECRET@y.test?k=SECRET'", {
            "(https://x.test/p) and 'http://REDACTED@y.test?REDACTED'"
        }),
        ("https://h/cb#access=SECRET", "https://h/cb#REDACTED"),
        ("https://h/cb#SECRET?x", "https://h/cb#REDACTED"),
        ("/cb#SECRET", "/cb#REDACTED"),
        (
            "https://u:SECRET@h/p?mail=a@b.c&k=SECRET",
            "https://REDACTED@h/p?REDACTED",
        ),
        ("https://h/p?mail=a@b.c&k=SECRET", "https://REDACTED"),
        ("GET /p?mail=a@b.c&k=SECRET", "GET /p?REDACTED"),
        ("https://SECRET/a?b@h/p", "https://REDACTED"),
        ("u:SECRET?b@h/p", "REDACTED"),
        ("//u:SECRET?b@h/p", "//REDACTED"),
        ("https://u:a?SECRET@h/p", "https://REDACTED"),
        ("https://u:a@SECRET@h/p", "https://REDACTED@h/p"),
        ("dial u:SECRET@h: refused", "dial REDACTED@h: refused"),
        ("clone SECRET@h/x.git", "clone REDACTED@h/x.git"),
        ("proxy=http://SECRET@h:1", "proxy=http://REDACTED@h:1"),
        (
            r#"{"a":"https://h/p?k=SECRET","b":"kept"}"#,
            r#"{"a":"https://h/p?REDACTED","b":"kept"}"#,
        ),
        (
            r#"{\"a\":\"https://h/p?k=SECRET\",\"b\":1}"#,
            r#"{\"a\":\"https://h/p?REDACTED\",\"b\":1}"#,
        ),
        (
            r#"GET /p?q="SECRET"&x=SECRET HTTP/1.1"#,
            "GET /p?REDACTED HTTP/1.1",
        ),
        ("https:\\/\\/u:SECRET@h\\/p?k=SECRET", "REDACTED@h\\/p?REDACTED"),
        ("[https://h/?SECRET]", "[https://h/?REDACTED]"),
        ("https://h/p?q=o'SECRET", "https://h/p?REDACTED"),
        // Encoded.
        ("at https%3A%2F%2Fh%2Fp%3Fkey%3DSECRET now", "at REDACTED now"),
        ("at https%253A%252F%252Fu%253ASECRET%2540h.", "at REDACTED."),
        ("https://h/a%20b?k=SECRET", "https://h/a%20b?REDACTED"),
        ("/p/api%5Fkey=SECRET", "REDACTED"),
        (r"a\u0026token\u003dSECRET", "REDACTED"),
        ("Authorization%3A%20Bearer%20SECRET", "REDACTED"),
        // Headers.
        ("bearer SECRET.", "bearer REDACTED."),
        ("Bearer token: SECRET", "Bearer token: REDACTED"),
        ("Basic SECRET==, then", "Basic REDACTED, then"),
        ("basic SECRET", "basic REDACTED"),
        ("BEARER+SECRET", "BEARER+REDACTED"),
        (
            "authorization: Digest username=\"x\", response=\"SECRET\"\nnext",
            "authorization: REDACTED\nnext",
        ),
        ("Proxy-Authorization=Token SECRET", "Proxy-Authorization=REDACTED"),
        ("X-Api-Key: SECRET was refused", "X-Api-Key: REDACTED was refused"),
        ("cookie: a=1; id=SECRET\r\nhost: h", "cookie: REDACTED\r\nhost: h"),
        (
            r#"{"authorization": "Bearer SECRET", "accept": "*/*"}"#,
            r#"{"authorization": "REDACTED", "accept": "*/*"}"#,
        ),
        (
            r#"{"x-goog-api-key":"SECRET SECRET","a":1}"#,
            r#"{"x-goog-api-key":"REDACTED","a":1}"#,
        ),
        (
            r#"Headers { api_key: Some("SECRET SECRET"), n: 1 }"#,
            "Headers { api_key: REDACTED, n: 1 }",
        ),
        (
            r#"{"set-cookie": ["a=1", "id=SECRET"], "n": 1}"#,
            r#"{"set-cookie": REDACTED, "n": 1}"#,
        ),
        (
            r#"("x-amz-security-token", "SECRET")"#,
            r#"("x-amz-security-token", "REDACTED")"#,
        ),
        (
            r#"{"name":"api-key","value":"SECRET"}"#,
            r#"{"name":"api-key","value":"REDACTED"}"#,
        ),
        (
            "{'X-Api-Key': 'SECRET', 'n': 1}",
            "{'X-Api-Key': 'REDACTED', 'n': 1}",
        ),
        (
            r#"headers["x-api-key"] = "SECRET""#,
            r#"headers["x-api-key"] = "REDACTED""#,
        ),
        (
            r#"{\"x-api-key\": \"SECRET\", \"n\": 1}"#,
            r#"{\"x-api-key\": \"REDACTED\", \"n\": 1}"#,
        ),
        (
            "curl -H 'x-api-key: SECRET' https://h/",
            "curl -H 'x-api-key: REDACTED' https://h/",
        ),
        ("x-auth-token => SECRET,", "x-auth-token => REDACTED,"),
        (
            "Ocp-Apim-Subscription-Key:SECRET;",
            "Ocp-Apim-Subscription-Key:REDACTED;",
        ),
        // Pairs.
        (
            "grant_type=x&client_secret=SECRET",
            "grant_type=x&client_secret=REDACTED",
        ),
        (
            "user=me password='SECRET SECRET' db=x",
            "user=me password='REDACTED' db=x",
        ),
        ("filter[token]=SECRET", "filter[token]=REDACTED"),
        ("code=SECRET", "code=REDACTED"),
        (r#"{"password":"SECRET"}"#, r#"{"password":"REDACTED"}"#),
        ("<Key>a</Key><Secret>SECRET SECRET</Secret><Code>x</Code>", {
            "<Key>REDACTED</Key><Secret>REDACTED</Secret><Code>x</Code>"
        }),
        ("Incorrect API key: SECRET", "Incorrect API key: REDACTED"),
        (
            r#"Url { password: Some("SECRET"), query: Some("a=SECRET") }"#,
            "Url { password: REDACTED, query: REDACTED }",
        ),
        // Words.
        (
            "Incorrect API key provided: sk-proj-SECRET. See",
            "Incorrect API key provided: REDACTED. See",
        ),
        ("key AIzaSySECRET here", "key REDACTED here"),
        ("(ghp_SECRET)", "(REDACTED)"),
        ("eyJhbGciOi.SECRET.x-_y", "REDACTED"),
    ];
    for (text, expected) in cases {
        let text = text.replace("SECRET", SECRET);
        let redacted = redact(&text);
        assert!(!redacted.contains(SECRET), "the secret is in {redacted:?}");
        assert_eq!(redacted, expected, "of {text:?}");
    }
}

#[test]
fn prose_stays_as_it_is() {
    let cases = [
        "",
        "timed out",
        "what? a :// b@c",
        "Really?! (why?) \"so?\"",
        "write to alice@example.com.",
        "https://example.com/a/b:c and http://[::1]:80/",
        "status code=503, error code: 40001",
        r#"{"error":{"code":"invalid_api_key","type":"x","status":401}}"#,
        "unexpected token: `}` at line 3",
        "unexpected token `=` and key: not found",
        "invalid signature: expected 3 parts",
        "oauth: no grant, signature: bad",
        "token::Kind and secret://",
        "a basic example of a bearer",
        "max_tokens=4096, tokens: 4096, state=idle",
        "x-ratelimit-remaining-tokens: 10000",
        "sk-learn-estimators and sk-SK",
        "pull request rust-lang/rust#12345",
        "node_modules/@types/node",
        "100% of 5 %",
        "GET /users/7 HTTP/1.1: 404",
        "client error (Connect): tcp connect error: Connection refused (os error 111)",
        "expected `,` or `}` at line 1 column 17",
        "authorization is missing, \"x-api-key\" too",
    ];
    for text in cases {
        assert!(
            matches!(redact(text), Cow::Borrowed(same) if same == text),
            "{text:?} is {:?}",
            redact(text)
        );
    }
}

#[test]
fn urls_of_settings() {
    let cases = [
        ("http://127.0.0.1:4317", "http://127.0.0.1:4317"),
        ("http://h:1/p?", "http://h:1/p?"),
        (
            "https://u:SECRET@h/v1/traces?k=SECRET#SECRET",
            "https://REDACTED@h/v1/traces?REDACTED",
        ),
        ("https://u:a \"b/SECRET@h:1/p", "https://REDACTED@h:1/p"),
        ("https://u:a?SECRET@h:1/p", "https://REDACTED"),
        ("https://h/p?mail=a@SECRET", "https://REDACTED"),
        ("https://h/p#a@SECRET", "https://REDACTED"),
        ("https://h/p#SECRET", "https://h/p#REDACTED"),
        ("u:SECRET@h:4317", "REDACTED@h:4317"),
        ("", ""),
    ];
    for (url, expected) in cases {
        let url = url.replace("SECRET", SECRET);
        assert_eq!(redact_url(&url), expected, "of {url:?}");
    }
}

#[test]
fn secret_names() {
    let secret = [
        "key",
        "api_key",
        "api-key",
        "apikey",
        "API Key",
        "access_token",
        "id_token",
        "refresh_token",
        "token",
        "jwt",
        "auth",
        "password",
        "secret",
        "client_secret",
        "code",
        "subscription-key",
        "X-Goog-Credential",
        "X-Amz-Signature",
        "sig",
        "AWSAccessKeyId",
        "X-Amz-Security-Token",
        "sessionid",
        "PHPSESSID",
        "state",
        "pwd",
        "tokens",
        "tok%65n",
        "%2574oken",
        "name[]token",
        "filter[token]",
        "token[]",
        "user.password",
        "x_my_auth_token",
        "Ocp-Apim-Subscription-Key",
        "api+key",
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "x-api-key",
        "x-goog-api-key",
        "dbPassword",
        "x-honeycomb-team",
        "X-Hub-Signature-256",
        "DD-APPLICATION-KEY",
        "uptrace-dsn",
        "helicone-auth",
        "cf-access-jwt-assertion",
    ];
    for name in secret {
        assert!(is_secret_name(name), "{name:?} is secret");
    }
    for name in [
        "page",
        "limit",
        "q",
        "max_tokens",
        "monkey",
        "",
        "[]",
        "%",
        "sort[by]",
        "encoding",
        "country_code",
        "user",
    ] {
        assert!(!is_secret_name(name), "{name:?} is not secret");
    }
}

#[test]
fn names_are_compared_without_what_does_not_matter() {
    let cases = [
        ("page", "page", true, true),
        ("Page", "pa-g_e", true, true),
        ("page%5B%5D", "page", true, true),
        ("page[token]", "page", false, true),
        ("page[token]", "Token", false, true),
        ("page[a][b]", "a.b", false, false),
        ("page.size", "page[size]", true, true),
        ("pages", "page", false, false),
        ("", "page", false, false),
    ];
    for (name, other, same, has) in cases {
        assert_eq!(is_same_name(name, other), same, "{name:?} is {other:?}");
        assert_eq!(has_name(name, other), has, "{name:?} has {other:?}");
    }
}
