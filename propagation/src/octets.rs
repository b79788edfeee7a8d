//! What the grammars of the headers have in common.

/// Without the optional white space of RFC 9110 around it: spaces and tabs, nothing else.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// What stands before the first `delimiter`, and what after it.
pub(crate) fn split_once(text: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == delimiter)?;
    let (before, after) = text.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}
