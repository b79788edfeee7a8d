//! The host and port of an authority.
//!
//! Servers and clients see the same few authorities again and again. Each thread caches some parsed ones: a
//! hit costs one comparison instead of a look at each byte.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use http::HeaderValue;

use crate::{protocol, recent};

/// The parts of `user@host:port`.
#[derive(Debug)]
pub(crate) struct Authority<'a> {
    /// The whole host, as written.
    pub(crate) host: &'a str,
    /// The host as recorded in telemetry.
    pub(crate) label: Arc<str>,
    pub(crate) port: Option<u16>,
    /// Whether all bytes of the host are allowed in hosts.
    pub(crate) is_clean: bool,
}

struct Read {
    text: Box<str>,
    host: Range<usize>,
    label: Arc<str>,
    port: Option<u16>,
    is_clean: bool,
}

impl<'a> Authority<'a> {
    pub(crate) fn new(text: &'a str) -> Option<Self> {
        if text.len() > recent::MAX_LENGTH {
            return Read::new(text)?.with_text(text);
        }
        let find = |slots: &RefCell<Slots>| {
            let mut slots = slots.try_borrow_mut().ok()?;
            let slot = slots.get_mut(recent::place(text.as_bytes()))?;
            match slot {
                Some(read) if *read.text == *text => read.with_text(text),
                _ => slot.insert(Read::new(text)?).with_text(text),
            }
        };
        match READ.try_with(find) {
            Ok(read) => read,
            Err(_) => Read::new(text)?.with_text(text),
        }
    }
}

/// Returns the recorded host and the port of a `Host` header, if the header is ASCII and all bytes of the host
/// are allowed in hosts.
pub(crate) fn label_and_port(header: &HeaderValue) -> Option<(Arc<str>, Option<u16>)> {
    let bytes = header.as_bytes();
    if !bytes.is_ascii() {
        return None;
    }
    // A text that was seen recently is known to be UTF-8.
    let find = |slots: &RefCell<Slots>| {
        let slots = slots.try_borrow().ok()?;
        let read = slots.get(recent::place(bytes))?.as_ref()?;
        (read.text.as_bytes() == bytes && read.is_clean).then(|| (Arc::clone(&read.label), read.port))
    };
    READ.try_with(find).ok().flatten().or_else(|| {
        let authority = Authority::new(std::str::from_utf8(bytes).ok()?)?;
        authority.is_clean.then_some((authority.label, authority.port))
    })
}

impl Read {
    fn new(text: &str) -> Option<Self> {
        let (host, port) = protocol::host_and_port(text)?;
        let start = host.as_ptr().addr() - text.as_ptr().addr();
        Some(Self {
            text: text.into(),
            host: start..start + host.len(),
            label: recent::text(&protocol::host_label(host)),
            port,
            is_clean: host.bytes().all(protocol::is_of_host),
        })
    }

    /// Applies the cached ranges to an equal text.
    fn with_text<'a>(&self, text: &'a str) -> Option<Authority<'a>> {
        Some(Authority {
            host: text.get(self.host.clone())?,
            label: Arc::clone(&self.label),
            port: self.port,
            is_clean: self.is_clean,
        })
    }
}

type Slots = [Option<Read>; recent::SLOTS];

thread_local! {
    static READ: RefCell<Slots> = const { RefCell::new([const { None }; recent::SLOTS]) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_read_again_are_the_same() {
        let long = format!("{}.example:1", "x".repeat(2_000));
        let cases = [
            ("example.com", Some(("example.com", "example.com", None, true))),
            (
                "API.Example.com.:8080",
                Some(("API.Example.com.", "api.example.com", Some(8080), true)),
            ),
            ("me:secret@h:1", Some(("h", "h", Some(1), true))),
            ("[::1]:443", Some(("::1", "::1", Some(443), true))),
            ("a\"b:1", Some(("a\"b", "a\"b", Some(1), false))),
            ("host:99999", Some(("host", "host", None, true))),
            (":80", None),
            ("[::1", None),
            ("", None),
        ];
        for _ in 0..2 {
            for (text, expected) in cases {
                let read = Authority::new(text);
                let read = read
                    .as_ref()
                    .map(|it| (it.host, &*it.label, it.port, it.is_clean));
                assert_eq!(read, expected, "{text:?}");
            }
            let read = Authority::new(&long).expect("a long one");
            assert_eq!(
                (read.host.len(), read.label.len(), read.port),
                (2_008, 1_024, Some(1)),
                "the host is whole, its label is cut"
            );
        }
    }

    #[test]
    fn authorities_that_share_a_slot_are_told_apart() {
        // Same length, same first and last bytes.
        let (one, other) = ("aaaaaaaa-1-zzzzzzzz:80", "aaaaaaaa-2-zzzzzzzz:80");
        for _ in 0..2 {
            for text in [one, other] {
                let read = Authority::new(text).expect("a host");
                assert_eq!((read.host, read.port), (&text[..19], Some(80)), "{text}");
            }
        }
    }
}
