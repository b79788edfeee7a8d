//! Trace and span ids: big-endian numbers, in hexadecimal.

/// Reads the 16 bytes of a trace id. Returns `None` for another length and for zeros.
pub(crate) fn trace_id(bytes: &[u8]) -> Option<u128> {
    let id = u128::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// Reads the 8 bytes of a span id. Returns `None` for another length and for zeros.
pub(crate) fn span_id(bytes: &[u8]) -> Option<u64> {
    let id = u64::from_be_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// Parses a trace id of 32 hexadecimal digits.
pub(crate) fn parse_trace_id(text: &str) -> Option<u128> {
    let is_id = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|id| is_id && *id != 0)
}

/// Parses a span id of 16 hexadecimal digits.
pub(crate) fn parse_span_id(text: &str) -> Option<u64> {
    let is_id = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|id| is_id && *id != 0)
}

pub(crate) fn trace_text(id: u128) -> String {
    format!("{id:032x}")
}

pub(crate) fn span_text(id: u64) -> String {
    format!("{id:016x}")
}
