//! Cuts content to size without breaking its JSON.
//!
//! The values are shortened, not the serialised text, so the result is always valid JSON. Each part is an
//! attribute with its own limit. First each text is cut to the limit of one text. While the part is
//! still too large, that limit is halved, down to [`MIN_TEXT_BYTES`], so that many short texts survive rather
//! than few long ones, and the number of passes is logarithmic. If that is not enough, the oldest messages
//! are dropped, since the latest ones explain the answer.

use serde_json::Value;
use throughline_agents::content::{json_bytes, shorten_texts};

use super::Limits;

/// Shortens the texts of each part, then drops its oldest messages, until it fits the limits.
pub(super) fn truncate(parts: [&mut Vec<Value>; 4], limits: Limits) {
    for part in parts {
        let mut text = limits.text;
        part.iter_mut().for_each(|value| shorten_texts(value, text));
        let mut size = json_bytes(&*part);
        while size > limits.total && text > MIN_TEXT_BYTES {
            text /= 2;
            part.iter_mut().for_each(|value| shorten_texts(value, text));
            size = json_bytes(&*part);
        }
        if size > limits.total {
            drop_oldest(part, size, limits.total);
        }
    }
}

/// Drops as many of the first values as needed, in one pass: to measure the remaining values again after each
/// one would be quadratic.
fn drop_oldest(part: &mut Vec<Value>, mut size: usize, total: usize) {
    let mut dropped = 0;
    for value in &*part {
        if size <= total {
            break;
        }
        // With its comma. The last value has none, but after it the part is empty anyway.
        size = size.saturating_sub(json_bytes(value) + 1);
        dropped += 1;
    }
    part.drain(..dropped);
}

/// Texts are not cut to less than this; then messages are dropped.
const MIN_TEXT_BYTES: usize = 64;
