//! What a call is billed for.

use std::time::SystemTime;

use throughline_agents::CallUsage;
use throughline_llm_wire::{Reply, Usage, UsagePart};

use super::part::{BilledPart, ByPart};

/// What a call is billed for: its parts, and what their prices depend on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BilledUsage {
    counts: ByPart<u64>,
    /// The smallest and the largest prompt of the call.
    pub(super) prompts: (u64, u64),
    other_model: Option<String>,
    service_tier: Option<String>,
    region: Option<String>,
    reported_cost: Option<f64>,
    time: Option<SystemTime>,
}

impl BilledUsage {
    /// Creates the usage of one request without tokens, in the standard service tier.
    #[must_use]
    pub fn new() -> Self {
        Self::default().with_count(BilledPart::Request, 1)
    }

    /// Sets the number of tokens of a part, or of its searches, seconds, pages or requests. Default: 0, and
    /// one request.
    #[must_use]
    pub fn with_count(mut self, part: BilledPart, count: u64) -> Self {
        self.counts.set(part, count);
        self
    }

    /// Sets the size of the prompt in tokens, cached ones included. Models may have other prices beyond a
    /// certain size. Default: 0.
    #[must_use]
    pub fn with_context(mut self, tokens: u64) -> Self {
        self.prompts = (tokens, tokens);
        self
    }

    /// Sets the service tier, such as `flex`. The usual names of the standard tier (`default`, `standard`,
    /// `auto`, `on_demand`) are the same as none. Default: the standard tier.
    #[must_use]
    pub fn with_service_tier(mut self, tier: &str) -> Self {
        let tier = tier.to_ascii_lowercase();
        let tier = tier.strip_prefix("on_demand_").unwrap_or(&tier);
        self.service_tier = (!STANDARD_TIERS.contains(&tier)).then(|| tier.to_owned());
        self
    }

    /// Sets the region of inference, such as `us`, if the price may depend on it. `global` and
    /// `not_available` are the same as none. Default: none.
    #[must_use]
    pub fn with_region(mut self, region: &str) -> Self {
        let region = region.to_ascii_lowercase();
        self.region = (!NO_REGIONS.contains(&&*region)).then_some(region);
        self
    }

    /// Sets the time at which the call ended. Some prices of LiteLLM's table depend on it. Default: the time
    /// at which the cost is computed.
    #[must_use]
    pub fn with_time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Sets the name of another model whose tokens are among those of the call, such as one that a server
    /// tool called. Such a call has no cost by a table, since its tokens have prices of several models.
    /// Default: none.
    #[must_use]
    pub fn with_other_model(mut self, model: &str) -> Self {
        self.other_model = Some(model.to_owned());
        self
    }

    /// Sets the provider's own cost of the call. Default: none.
    #[must_use]
    pub fn with_reported_cost(mut self, cost: f64) -> Self {
        self.reported_cost = Some(cost);
        self
    }

    /// Returns the number of tokens of a part, or of its searches, seconds, pages or requests.
    #[must_use]
    pub fn count(&self, part: BilledPart) -> u64 {
        self.counts.get(part)
    }

    /// Returns the parts that are not 0.
    pub fn parts(&self) -> impl Iterator<Item = (BilledPart, u64)> {
        let parts = BilledPart::ALL.into_iter().map(|part| (part, self.count(part)));
        parts.filter(|(_, count)| *count > 0)
    }

    /// Returns the size of the prompt in tokens, cached ones included. If the model ran several times within
    /// the call, returns that of the largest prompt.
    #[must_use]
    pub fn context(&self) -> u64 {
        self.prompts.1
    }

    /// Returns the smallest prompt of a call in which the model ran several times.
    pub(super) fn smallest_context(&self) -> u64 {
        self.prompts.0
    }

    /// Returns the name of another model whose tokens are among those of the call.
    #[must_use]
    pub fn other_model(&self) -> Option<&str> {
        self.other_model.as_deref()
    }

    /// Returns the service tier in lower case. `None`: the standard tier.
    #[must_use]
    pub fn service_tier(&self) -> Option<&str> {
        self.service_tier.as_deref()
    }

    /// Returns the region of inference in lower case.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns the time at which the call ended, if it is set.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        self.time
    }

    /// Returns the provider's own cost of the call, if the provider reports it: `throughline.cost.reported`.
    #[must_use]
    pub fn reported_cost(&self) -> Option<f64> {
        self.reported_cost
    }

    /// Returns what a call is billed for. `totals` are its tokens, which may be estimates; `reply` has
    /// their parts; `tier` is the service tier, if it stands outside of the usage. Returns `None` if the
    /// tokens are not known, and no other unit is reported.
    pub(crate) fn from_reply(totals: &CallUsage, reply: &Reply, tier: Option<&str>) -> Option<Self> {
        let (reported, billing) = (reply.usage(), reply.billing());
        let mut usage = Self::new();
        let searches = match reply.model() {
            Some(model) if is_billed_by_grounded_prompt(model) => billing.searches().min(1),
            _ => billing.searches(),
        };
        for (part, count) in [
            (BilledPart::WebSearch, searches),
            (BilledPart::Citation, billing.citation_tokens()),
            (BilledPart::AudioSecond, billing.audio_seconds()),
            (BilledPart::Page, billing.pages()),
            (BilledPart::SearchUnit, billing.search_units()),
        ] {
            usage.counts.set(part, count);
        }
        let units = [billing.audio_seconds(), billing.pages(), billing.search_units()];
        let (input, output) = match (totals.input, totals.output) {
            (Some((input, _)), Some((output, _))) => (input, output),
            // What is billed by other units may have no tokens.
            (None, None | Some((0, _))) if units.iter().any(|count| *count > 0) => (0, 0),
            _ => return None,
        };
        usage.prompts = reported.run_prompts().unwrap_or((input, input));
        usage.split_input(input, reported);
        usage.split_output(output, reported);
        // Anthropic reports the fast mode beside the tier, which is then `standard`.
        let speed = billing.speed().filter(|speed| *speed != "standard");
        if let Some(tier) = speed.or_else(|| billing.service_tier()).or(tier) {
            usage = usage.with_service_tier(tier);
        }
        if let Some(region) = billing.region() {
            usage = usage.with_region(region);
        }
        usage.reported_cost = billing.cost();
        Some(usage)
    }

    /// Divides the input. Reports may contradict themselves, so each part is limited to the rest of the
    /// total.
    fn split_input(&mut self, total: u64, reported: &Usage) {
        let reported = |part| reported.part(part).unwrap_or(0);
        let mut rest = total;
        let written = reported(UsagePart::CacheWrite).max(reported(UsagePart::CacheWriteHour));
        let written = take(&mut rest, written);
        let hour = reported(UsagePart::CacheWriteHour).min(written);
        let read = take(&mut rest, reported(UsagePart::CacheRead));
        let audio = reported(UsagePart::AudioInput).min(total);
        let image = reported(UsagePart::ImageInput).min(total - audio);
        // Providers that report cached tokens by modality include them in the modality's input. If the
        // modality of cached tokens is not reported, they are text, unless there are more of them than text.
        let excess = (audio + image).saturating_sub(rest);
        let mut uncategorised = read;
        let cached_audio = reported(UsagePart::AudioCacheRead)
            .max(excess.min(audio))
            .min(audio);
        let cached_audio = take(&mut uncategorised, cached_audio);
        let excess = excess.saturating_sub(cached_audio);
        let cached_image = reported(UsagePart::ImageCacheRead).max(excess).min(image);
        let cached_image = take(&mut uncategorised, cached_image);
        let audio = take(&mut rest, audio - cached_audio);
        let image = take(&mut rest, image - cached_image);
        for (part, count) in [
            (BilledPart::CacheWrite5m, written - hour),
            (BilledPart::CacheWrite1h, hour),
            (BilledPart::CacheRead, uncategorised),
            (BilledPart::CacheReadAudio, cached_audio),
            (BilledPart::CacheReadImage, cached_image),
            (BilledPart::InputAudio, audio),
            (BilledPart::InputImage, image),
            (BilledPart::Input, rest),
        ] {
            self.counts.set(part, count);
        }
    }

    fn split_output(&mut self, total: u64, reported: &Usage) {
        let mut rest = total;
        let parts = [
            (BilledPart::OutputImage, reported.part(UsagePart::ImageOutput)),
            (BilledPart::OutputAudio, reported.part(UsagePart::AudioOutput)),
            (BilledPart::Reasoning, reported.reasoning()),
        ];
        for (part, count) in parts {
            let count = take(&mut rest, count.unwrap_or(0));
            self.counts.set(part, count);
        }
        self.counts.set(BilledPart::Output, rest);
    }
}

/// Returns whether a model's searches are billed once a prompt. Those of Gemini 3 and newer are billed by the
/// query: <https://ai.google.dev/gemini-api/docs/pricing>.
fn is_billed_by_grounded_prompt(model: &str) -> bool {
    ["gemini-1.", "gemini-2."]
        .iter()
        .any(|family| model.starts_with(family))
}

/// Takes at most `count` of what is there.
fn take(rest: &mut u64, count: u64) -> u64 {
    let taken = count.min(*rest);
    *rest -= taken;
    taken
}

/// A call whose cost is to be computed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BilledCall<'a> {
    /// The provider: `gen_ai.provider.name`.
    pub provider: &'a str,
    /// The requested model.
    pub request_model: Option<&'a str>,
    /// The model that answered.
    pub response_model: Option<&'a str>,
    /// What the call is billed for.
    pub usage: &'a BilledUsage,
}

impl<'a> BilledCall<'a> {
    /// Creates a call of a model.
    #[must_use]
    pub fn new(provider: &'a str, model: &'a str, usage: &'a BilledUsage) -> Self {
        Self {
            provider,
            request_model: Some(model),
            response_model: None,
            usage,
        }
    }

    /// Sets the model that answered, whose price goes before that of the requested one. Default: none.
    #[must_use]
    pub fn with_response_model(mut self, model: &'a str) -> Self {
        self.response_model = Some(model);
        self
    }
}

/// The names of the standard tier.
const STANDARD_TIERS: [&str; 5] = ["", "auto", "default", "standard", "on_demand"];
/// The regions that do not matter for the price.
const NO_REGIONS: [&str; 3] = ["", "global", "not_available"];
