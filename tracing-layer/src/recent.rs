//! Recently seen texts, so that seeing them again costs no allocation.
//!
//! The requests of a server have the same few hosts, clients and user agents again and again, and many have
//! the same path and query. Each thread caches some of them. A new text replaces an older one, so the network
//! cannot make the cache grow.
//!
//! All of these texts become attributes, so they are also cut to the [limit](crate::limits) of an attribute
//! here.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::LocalKey;

use http::HeaderValue;

use crate::headers;
use crate::limits::{MAX_ATTRIBUTE_BYTES, truncate};

/// Returns the text, shared if it was seen recently.
pub(crate) fn text(text: &str) -> Arc<str> {
    shared(&NAMES, text)
}

/// Returns the value of a header as text, with U+FFFD for bytes that are not UTF-8.
pub(crate) fn header(value: &HeaderValue) -> Arc<str> {
    let bytes = value.as_bytes();
    // If it was seen recently, it is known to be UTF-8.
    let find = |slots: &RefCell<Slots>| {
        let slots = slots.try_borrow().ok()?;
        let cached = slots.get(place(bytes))?.as_ref()?;
        (cached.as_bytes() == bytes).then(|| Arc::clone(cached))
    };
    NAMES
        .try_with(find)
        .ok()
        .flatten()
        .unwrap_or_else(|| text(&headers::text(value)))
}

/// The same for a path or a query. Their number is unbounded, so they have slots of their own.
pub(crate) fn target(text: &str) -> Arc<str> {
    shared(&TARGETS, text)
}

fn shared(seen: &'static LocalKey<RefCell<Slots>>, text: &str) -> Arc<str> {
    if text.len() > MAX_LENGTH {
        return truncate(text, MAX_ATTRIBUTE_BYTES).into();
    }
    let find = |slots: &RefCell<Slots>| {
        let mut slots = slots.try_borrow_mut().ok()?;
        let slot = slots.get_mut(place(text.as_bytes()))?;
        match slot {
            Some(cached) if **cached == *text => Some(Arc::clone(cached)),
            _ => Some(Arc::clone(slot.insert(text.into()))),
        }
    };
    seen.try_with(find).ok().flatten().unwrap_or_else(|| text.into())
}

/// Returns the address as text.
///
/// A dual-stack listener shows an IPv4 address as `::ffff:a.b.c.d`. It is recorded as IPv4.
pub(crate) fn address(ip: IpAddr) -> Arc<str> {
    let ip = ip.to_canonical();
    // Formatting takes ten times as long as this.
    let find = |slots: &RefCell<AddressSlots>| {
        let mut slots = slots.try_borrow_mut().ok()?;
        let slot = slots.get_mut(place_of_address(ip))?;
        match slot {
            Some((cached, text)) if *cached == ip => Some(Arc::clone(text)),
            _ => Some(Arc::clone(&slot.insert((ip, formatted(ip))).1)),
        }
    };
    ADDRESSES
        .try_with(find)
        .ok()
        .flatten()
        .unwrap_or_else(|| formatted(ip))
}

fn formatted(ip: IpAddr) -> Arc<str> {
    let mut line = Line {
        bytes: [0; 48],
        length: 0,
    };
    match write!(line, "{ip}") {
        Ok(()) => line.as_str().into(),
        Err(fmt::Error) => ip.to_string().into(),
    }
}

/// A text on the stack, long enough for any address.
struct Line {
    bytes: [u8; 48],
    length: usize,
}

impl Line {
    fn as_str(&self) -> &str {
        let written = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

type Slots = [Option<Arc<str>>; SLOTS];
type AddressSlots = [Option<(IpAddr, Arc<str>)>; SLOTS];

thread_local! {
    static NAMES: RefCell<Slots> = const { RefCell::new([const { None }; SLOTS]) };
    static TARGETS: RefCell<Slots> = const { RefCell::new([const { None }; SLOTS]) };
    static ADDRESSES: RefCell<AddressSlots> = const { RefCell::new([const { None }; SLOTS]) };
}

/// Returns the slot of a text. Its length and its first and last bytes distinguish most texts.
pub(crate) fn place(text: &[u8]) -> usize {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let ends = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => word(first) ^ word(last).rotate_left(29),
        _ => text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    slot(ends ^ text.len() as u64)
}

fn place_of_address(ip: IpAddr) -> usize {
    match ip {
        IpAddr::V4(ip) => slot(ip.to_bits().into()),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            slot(bits as u64 ^ (bits >> 64) as u64)
        }
    }
}

fn slot(bits: u64) -> usize {
    (bits.wrapping_mul(MULTIPLIER) >> SHIFT) as usize
}

/// The number of slots per thread for names, for targets, and for addresses.
pub(crate) const SLOTS: usize = 64;
/// The maximum length of a cached text, in bytes: 32 KiB per thread in total.
pub(crate) const MAX_LENGTH: usize = 256;
/// Leaves as many bits as the number of a slot has.
const SHIFT: u32 = u64::BITS - SLOTS.trailing_zeros();
/// The fraction of the golden ratio, which spreads similar values.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seen_again_is_shared() {
        let agents = ["curl/8.9", "", "Mozilla/5.0 (X11; Linux x86_64)", "ä"];
        for agent in agents {
            let first = text(agent);
            assert_eq!(&*first, agent, "the text itself");
            assert!(Arc::ptr_eq(&first, &text(agent)), "{agent:?} is shared");
        }
    }

    #[test]
    fn targets_displace_no_names() {
        let name = text("example.com");
        for n in 0..1_000 {
            let path = format!("/users/{n}");
            assert_eq!(&*target(&path), path, "the path itself");
        }
        assert!(Arc::ptr_eq(&name, &text("example.com")), "still shared");
        assert!(
            Arc::ptr_eq(&target("/"), &target("/")),
            "so is a path that comes again"
        );
    }

    #[test]
    fn a_collision_is_told_apart() {
        // Same length, same first and last bytes.
        let (one, other) = ("aaaaaaaa-1-zzzzzzzz", "aaaaaaaa-2-zzzzzzzz");
        for _ in 0..2 {
            assert_eq!(&*text(one), one, "one");
            assert_eq!(&*text(other), other, "other");
        }
    }

    #[test]
    fn any_length() {
        for length in (0..MAX_LENGTH + 2).chain([MAX_ATTRIBUTE_BYTES]) {
            let long = "x".repeat(length);
            assert_eq!(&*text(&long), long, "{length} bytes");
        }
        let longer = "é".repeat(MAX_ATTRIBUTE_BYTES);
        assert_eq!(text(&longer).len(), MAX_ATTRIBUTE_BYTES, "cut");
        assert_eq!(target(&longer).len(), MAX_ATTRIBUTE_BYTES, "cut too");
    }

    #[test]
    fn addresses() {
        let longest = "2001:db8:1111:2222:3333:4444:5555:6666";
        let cases = [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            (longest, longest),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("::ffff:255.255.255.255", "255.255.255.255"),
            ("::ffff:7f00:1", "127.0.0.1"),
            ("::127.0.0.1", "::7f00:1"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ];
        for (address, expected) in cases {
            let ip: IpAddr = address.parse().expect("an address");
            let first = super::address(ip);
            assert_eq!(&*first, expected, "{address}");
            assert!(Arc::ptr_eq(&first, &super::address(ip)), "{address} is shared");
        }
        // More than there are slots.
        for bits in 0..10 * SLOTS as u32 {
            let ip = IpAddr::from(bits.to_be_bytes());
            assert_eq!(
                *address(ip),
                ip.to_string(),
                "an address that displaces another one"
            );
        }
    }
}
