//! What a provider says is left of its rate limits.

use http::HeaderMap;

use super::watch::Watching;
use crate::semconv;

impl Watching {
    /// Records what the head of an answer says is left, if the user wants it.
    pub(super) fn record_rate_limits(&self, headers: &HeaderMap) {
        let instruments = self.shared.instruments.in_context(&self.cx);
        let Some(instruments) = instruments.filter(|_| self.shared.config.rate_limits) else {
            return;
        };
        for (kind, remaining) in remaining(headers) {
            let budget = instruments.budget(&self.shared.config);
            let kind = budget.rate_limit_kind(kind);
            let dimensions = budget.request_dimensions(self);
            let mut labels = dimensions.series(budget.rate_limits(), [&kind]);
            labels.remove(semconv::OPERATION_NAME);
            instruments.remaining.record(remaining, labels.as_slice());
        }
    }
}

/// Of what, and how much: `x-ratelimit-remaining-tokens: 7` is 7 `tokens`.
fn remaining(headers: &HeaderMap) -> impl Iterator<Item = (String, u64)> {
    let known = headers.iter().filter_map(|(name, value)| {
        let kind = kind(name.as_str())?;
        Some((kind, value.to_str().ok()?.trim().parse().ok()?))
    });
    known.take(KINDS)
}

fn kind(name: &str) -> Option<String> {
    let kind = match name.strip_prefix("x-ratelimit-remaining-") {
        Some(kind) => kind,
        None => name
            .strip_prefix("anthropic-ratelimit-")?
            .strip_suffix("-remaining")?,
    };
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_kind = !kind.is_empty() && kind.len() <= LENGTH && kind.bytes().all(is_word);
    is_kind.then(|| kind.replace('-', "_"))
}

/// The most kinds of one answer, and the longest name of one: the network must not make up series as it likes.
const KINDS: usize = 8;
const LENGTH: usize = 24;
