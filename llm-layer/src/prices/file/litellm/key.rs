//! The keys of LiteLLM's table.

use crate::prices::part::BilledPart;

/// A key that is a price.
pub(super) struct Key<'a> {
    pub(super) part: BilledPart,
    pub(super) is_current: bool,
    /// The size of prompt above which it applies, in tokens.
    pub(super) over: u64,
    pub(super) tier: &'a str,
}

impl<'a> Key<'a> {
    /// Returns what a key is the price of. `None` if it is none, or one of another unit. It is an error if a
    /// suffix is not understood: without its price, that of the base would be taken.
    pub(super) fn parse(key: &'a str) -> Result<Option<Self>, &'static str> {
        let bases = BASES
            .iter()
            .filter_map(|(base, part)| Some((key.strip_prefix(base)?, *part)));
        // A base may begin with another one.
        let Some((rest, part)) = bases.min_by_key(|(rest, _)| rest.len()) else {
            return Ok(None);
        };
        match rest {
            "_cache_hit" => Ok(Some(Self {
                part: BilledPart::CacheRead,
                is_current: false,
                over: 0,
                tier: "",
            })),
            // No usage reports these writes.
            rest if rest.starts_with("_above_12hr") => Ok(None),
            rest => Self::suffixes(part, rest).map(Some).ok_or(SUFFIXES),
        }
    }

    fn suffixes(part: BilledPart, rest: &'a str) -> Option<Self> {
        let (over, rest) = match rest.strip_prefix("_above_") {
            Some(rest) => {
                let (size, rest) = rest.split_once("k_tokens")?;
                (size.parse::<u64>().ok()?.checked_mul(1_000)?, rest)
            }
            None => (0, rest),
        };
        let tier = match rest {
            "" => "",
            "_batches" => "batch",
            rest => rest.strip_prefix('_').filter(|tier| !tier.contains('_'))?,
        };
        Some(Self {
            part,
            is_current: true,
            over,
            tier,
        })
    }

    /// Returns the price in the unit of [`Price`](crate::prices::Price).
    pub(super) fn scaled(&self, rate: f64) -> f64 {
        if self.part.is_tokens() { rate * 1e6 } else { rate }
    }
}

const SUFFIXES: &str =
    "this suffix is unknown: accepted are a size such as `_above_200k_tokens`, then a tier such as `_flex`";

/// The keys without suffixes of tier and size.
const BASES: &[(&str, BilledPart)] = &[
    ("input_cost_per_token", BilledPart::Input),
    ("input_cost_per_audio_token", BilledPart::InputAudio),
    ("input_cost_per_image_token", BilledPart::InputImage),
    ("cache_read_input_token_cost", BilledPart::CacheRead),
    ("cache_read_input_audio_token_cost", BilledPart::CacheReadAudio),
    ("cache_read_input_image_token_cost", BilledPart::CacheReadImage),
    ("cache_creation_input_token_cost", BilledPart::CacheWrite5m),
    (
        "cache_creation_input_token_cost_above_1hr",
        BilledPart::CacheWrite1h,
    ),
    ("output_cost_per_token", BilledPart::Output),
    ("output_cost_per_audio_token", BilledPart::OutputAudio),
    ("output_cost_per_image_token", BilledPart::OutputImage),
    ("output_cost_per_reasoning_token", BilledPart::Reasoning),
    ("citation_cost_per_token", BilledPart::Citation),
    ("input_cost_per_request", BilledPart::Request),
    ("input_cost_per_query", BilledPart::SearchUnit),
    ("input_cost_per_second", BilledPart::AudioSecond),
    ("ocr_cost_per_page", BilledPart::Page),
];
