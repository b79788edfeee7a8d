//! Hop-by-hop headers, which belong to one connection:
//! [RFC 9110, section 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1).

use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};

/// Removes all hop-by-hop headers, including those that `Connection` lists.
///
/// `Content-Length`, `Content-Type`, `Host` and other fields that say where a message ends or goes stay even
/// if `Connection` lists them. Otherwise a caller could have them removed between two servers.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let listed: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .flat_map(listed_names)
            .filter(|name| !END_TO_END.contains(name))
            .collect();
        for name in &listed {
            headers.remove(name);
        }
    }
    for (name, is_present) in HOP_BY_HOP.iter().zip(present(headers)) {
        if is_present {
            headers.remove(name);
        }
    }
}

/// Returns which of the [`HOP_BY_HOP`] headers a message has. Most have none or one, and a look-up of each
/// takes longer than this.
fn present(headers: &HeaderMap) -> [bool; HOP_BY_HOP_COUNT] {
    let mut present = [false; HOP_BY_HOP_COUNT];
    for name in headers.keys() {
        for (is_present, hop_by_hop) in present.iter_mut().zip(&HOP_BY_HOP) {
            *is_present |= name == hop_by_hop;
        }
    }
    present
}

/// The names that a value of `Connection` lists.
fn listed_names(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let names = value.as_bytes().split(|byte| *byte == b',');
    names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
}

const HOP_BY_HOP_COUNT: usize = 9;

static HOP_BY_HOP: [HeaderName; HOP_BY_HOP_COUNT] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The headers without which the next server would read another message.
static END_TO_END: [HeaderName; 5] = [
    http::header::AUTHORIZATION,
    http::header::CONTENT_ENCODING,
    http::header::CONTENT_LENGTH,
    http::header::CONTENT_TYPE,
    http::header::HOST,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(headers: &[(&'static str, &'static str)]) -> Vec<String> {
        let pairs = headers.iter();
        let mut map: HeaderMap = pairs
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        remove_hop_by_hop(&mut map);
        map.iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn hop_by_hop_headers_are_removed_and_all_others_stay() {
        for name in &HOP_BY_HOP {
            let name: &'static str = Box::leak(name.as_str().to_owned().into_boxed_str());
            assert_eq!(
                removed(&[(name, "x"), ("accept", "*/*")]),
                ["accept: */*"],
                "{name}"
            );
        }
    }

    #[test]
    fn headers_that_connection_lists_are_removed() {
        for connection in ["x-a,x-b", " x-a , close, X-B", "x-b, , x-a, a b"] {
            let map = [
                ("connection", connection),
                ("x-a", "1"),
                ("x-b", "2"),
                ("x-c", "3"),
            ];
            assert_eq!(removed(&map), ["x-c: 3"], "connection: {connection}");
        }
    }

    #[test]
    fn connection_cannot_remove_what_delimits_a_message() {
        for name in [
            "content-length",
            "content-type",
            "content-encoding",
            "authorization",
            "host",
        ] {
            let remaining = removed(&[
                (
                    "connection",
                    "content-length, content-type, content-encoding, authorization, host",
                ),
                (name, "7"),
            ]);
            assert_eq!(remaining, [format!("{name}: 7")], "{name}");
        }
    }
}
