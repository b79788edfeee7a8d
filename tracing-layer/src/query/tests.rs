//! What is recorded of queries, for each setting.

use super::*;

fn recorded(shown: &Query, query: &str) -> String {
    let mut line = String::new();
    shown.write(query, &mut line);
    line
}

#[test]
fn by_default_names_are_recorded_and_no_value() {
    let cases = [
        ("", ""),
        ("a=b&c=d", "a=REDACTED&c=REDACTED"),
        ("page=2", "page=REDACTED"),
        ("SIG=abc&sig=", "SIG=REDACTED&sig=REDACTED"),
        ("q=1&Signature=x=y&z", "q=REDACTED&Signature=REDACTED&REDACTED"),
        ("a=1;key=S;b", "a=REDACTED;key=REDACTED;REDACTED"),
        ("&&a=1&", "&&a=REDACTED&"),
        (
            "name[]=S&filter[token]=S&a.b=S",
            "name[]=REDACTED&filter[token]=REDACTED&a.b=REDACTED",
        ),
        (
            "filter%5Btoken%5D=S&s%69g=S",
            "filter%5Btoken%5D=REDACTED&s%69g=REDACTED",
        ),
        ("next=https://cb/x?key=S&k=S", "next=REDACTED&k=REDACTED"),
        // No names.
        ("bare", "REDACTED"),
        ("dG9rZW50b2tlbnRva2Vu==&a=1", "REDACTED&a=REDACTED"),
        ("https://u:S@h/=1", "REDACTED"),
        ("{\"key\":\"S\",\"f\":\"a=b\"}", "REDACTED"),
        ("%7B%22key%22%3A%22S=1", "REDACTED"),
        ("%257B%2522key%2522=1", "REDACTED"),
        ("%zz=1&%=1&%4=1", "REDACTED&REDACTED&REDACTED"),
        ("=S", "=REDACTED"),
    ];
    for (query, expected) in cases {
        assert_eq!(recorded(&Query::default(), query), expected, "{query:?}");
    }
    let long = "n".repeat(65);
    assert_eq!(
        recorded(&Query::Redacted, &format!("{long}=1")),
        "REDACTED",
        "a name of 65 bytes"
    );
    let many = "key=S&".repeat(10_000);
    assert_eq!(
        recorded(&Query::Redacted, &many),
        "key=REDACTED&".repeat(10_000),
        "many"
    );
}

#[test]
fn only_some_values_are_shown() {
    let cases = [
        ("page=2&limit=10&key=S", "page=2&limit=10&key=REDACTED"),
        (
            "Page=2&li-mit=10&page[]=3&page%5B%5D=4",
            "Page=2&li-mit=10&page[]=3&page%5B%5D=4",
        ),
        (
            "page[token]=S&apage=S&page2=S",
            "page[token]=REDACTED&apage=REDACTED&page2=REDACTED",
        ),
        ("page&bare", "page&REDACTED"),
        ("page=1;key=S&page=2", "page=1;key=REDACTED&page=2"),
    ];
    for (query, expected) in cases {
        assert_eq!(
            recorded(&Query::only(["page", "limit"]), query),
            expected,
            "{query:?}"
        );
    }
    assert_eq!(recorded(&Query::only([]), "a=1"), "a=REDACTED", "none");
}

#[test]
fn all_values_are_shown_but_secrets() {
    let secret = [
        "key",
        "api_key",
        "api-key",
        "apikey",
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
        "X-Goog-Signature",
        "AWSAccessKeyId",
        "Signature",
        "sig",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "ACCESS_TOKEN",
        "accessToken",
        "api%5Fkey",
        "k%65y",
        "to+ken",
        "token[]",
        "filter[token]",
        "filter%5Btoken%5D",
        "user.password",
    ];
    let query = Query::all_but_secrets();
    for name in secret {
        assert_eq!(
            recorded(&query, &format!("{name}=S")),
            format!("{name}=REDACTED"),
            "{name}"
        );
    }
    let cases = [
        ("page=2&q=a+b&limit=10;x=%20", "page=2&q=a+b&limit=10;x=%20"),
        ("a=1;key=S", "a=1;key=REDACTED"),
        ("a=1&amp;key=S", "a=1&REDACTED;key=REDACTED"),
        ("next=https://cb/x?key=S", "next=REDACTED"),
        ("next=https%3A%2F%2Fcb%2Fx%3Fkey%3DS", "next=REDACTED"),
        ("next=https%253A%252F%252Fu%253AS%2540cb", "next=REDACTED"),
        ("next=https://cb/x", "next=https://cb/x"),
        ("a=1%26key%3DS", "a=REDACTED"),
        ("filter={%22token%22:%22S%22}", "filter=REDACTED"),
        ("h=Bearer+S&h=Basic%20S", "h=REDACTED&h=REDACTED"),
        ("x=sk-proj-12345678", "x=REDACTED"),
        ("%2574oken=S", "REDACTED"),
        ("bare", "REDACTED"),
    ];
    for (text, expected) in cases {
        assert_eq!(recorded(&query, text), expected, "{text:?}");
    }
}

#[test]
fn a_deny_list_of_ones_own_is_added_or_alone() {
    let added = Query::all_but(["cur-sor"]);
    assert_eq!(
        recorded(&added, "cursor=S&page[CURSOR]=S&key=S&page=2"),
        "cursor=REDACTED&page[CURSOR]=REDACTED&key=REDACTED&page=2",
        "with the secret names"
    );
    let alone = Query::AllBut(["cursor"].into());
    assert_eq!(
        recorded(&alone, "cursor=S&key=1"),
        "cursor=REDACTED&key=1",
        "alone"
    );
}

#[test]
fn the_variable_is_read_or_refused() {
    let accepted = [
        ("", "a=REDACTED&b=REDACTED&key=REDACTED"),
        (" Redacted ", "a=REDACTED&b=REDACTED&key=REDACTED"),
        ("only:a", "a=1&b=REDACTED&key=REDACTED"),
        ("ONLY: a , b,", "a=1&b=2&key=REDACTED"),
        ("all-but-secrets", "a=1&b=2&key=REDACTED"),
        ("all-but:b", "a=1&b=REDACTED&key=REDACTED"),
    ];
    for (value, expected) in accepted {
        let query = Query::parse(value).expect(value);
        assert_eq!(recorded(&query, "a=1&b=2&key=S"), expected, "{value:?}");
    }
    for value in [
        "all",
        "none",
        "only",
        "only:",
        "only: ,",
        "all-but",
        "all-but:",
        "redacted:a",
        "all-but-secrets:a",
        ":",
        "true",
    ] {
        assert!(Query::parse(value).is_none(), "{value:?} is refused");
    }
}
