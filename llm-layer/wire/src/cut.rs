//! Cutting text.

/// Returns as much of `text` as fits in `limit` bytes, cut at a character boundary.
pub(crate) fn at_char_boundary(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
