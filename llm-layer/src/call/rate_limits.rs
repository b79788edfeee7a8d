//! What a provider reports as remaining of its rate limits.

use http::HeaderMap;

use super::dimensions::Dimensions;
use super::state::CallState;
use crate::semconv;

/// Records the limits that the head of an answer reports, if the user enabled it.
pub(super) fn record(call: &CallState, headers: &HeaderMap) {
    let instruments = call.shared.instruments.in_context(&call.cx);
    let Some(instruments) = instruments.filter(|_| call.shared.config.rate_limits) else {
        return;
    };
    for (kind, remaining) in remaining(headers) {
        let budget = instruments.budget(&call.shared.config);
        let kind = budget.rate_limit_kind(kind);
        let dimensions = Dimensions::from_request(call, budget);
        let mut labels = dimensions
            .series(budget.rate_limits(), [Some(&kind), None])
            .into_labels();
        labels.remove(semconv::OPERATION_NAME);
        instruments.remaining.record(remaining, labels.as_slice());
    }
}

/// Of what, and how much: `x-ratelimit-remaining-tokens: 7` is 7 `tokens`.
fn remaining(headers: &HeaderMap) -> impl Iterator<Item = (String, u64)> {
    let limits = headers.iter().filter_map(|(name, value)| {
        let kind = kind(name.as_str())?;
        Some((kind, value.to_str().ok()?.trim().parse().ok()?))
    });
    limits.take(MAX_KINDS)
}

fn kind(name: &str) -> Option<String> {
    let kind = match name.strip_prefix("x-ratelimit-remaining-") {
        Some(kind) => kind,
        None => name
            .strip_prefix("anthropic-ratelimit-")?
            .strip_suffix("-remaining")?,
    };
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_kind = !kind.is_empty() && kind.len() <= MAX_KIND_BYTES && kind.bytes().all(is_word);
    is_kind.then(|| kind.replace('-', "_"))
}

/// The most kinds of one answer, and the longest name of one: the network must not make up series as it
/// likes.
const MAX_KINDS: usize = 8;
const MAX_KIND_BYTES: usize = 24;
