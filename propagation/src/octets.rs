//! Parsing that the grammars of all headers share.

/// Trims the optional white space of RFC 9110: spaces and tabs only.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Splits at the first `delimiter`. The second part is `None` if there is no delimiter.
pub(crate) fn split_once(text: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == delimiter)?;
    let (before, after) = text.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}
