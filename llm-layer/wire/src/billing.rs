//! What a usage report says about billing beside its token counts.

use crate::cut;
use crate::json::Scalar;

/// What a usage report says about billing beside its token counts. If a value is reported several times, the
/// last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Billing {
    cost: Option<CostBits>,
    service_tier: Option<String>,
    speed: Option<String>,
    region: Option<String>,
    search_context: Option<String>,
    searches: u64,
    /// The searches of the list that is being read.
    listed_searches: u64,
    page_visits: u64,
    citation_tokens: u64,
    audio_seconds: u64,
    pages: u64,
    search_units: u64,
}

impl Default for Billing {
    fn default() -> Self {
        Self::NONE
    }
}

/// A cost that can be hashed and compared, as the digest of a reply needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CostBits(u64);

impl Billing {
    /// What a usage says that reports nothing.
    pub(crate) const NONE: Self = Self {
        cost: None,
        service_tier: None,
        speed: None,
        region: None,
        search_context: None,
        searches: 0,
        listed_searches: 0,
        page_visits: 0,
        citation_tokens: 0,
        audio_seconds: 0,
        pages: 0,
        search_units: 0,
    };

    /// Returns the provider's own cost of the call (OpenRouter, Vercel, Perplexity, xAI, DeepInfra), in the
    /// provider's currency.
    #[must_use]
    pub fn cost(&self) -> Option<f64> {
        self.cost.map(|CostBits(bits)| f64::from_bits(bits))
    }

    /// Returns the service tier as the usage report names it (Anthropic, Bedrock, Gemini). OpenAI reports the
    /// tier outside of the usage: see [`ReplyDetail::ServiceTier`](crate::ReplyDetail::ServiceTier).
    #[must_use]
    pub fn service_tier(&self) -> Option<&str> {
        self.service_tier.as_deref()
    }

    /// Returns the speed of inference (Anthropic): `standard`, `fast`.
    #[must_use]
    pub fn speed(&self) -> Option<&str> {
        self.speed.as_deref()
    }

    /// Returns the region of inference, if the price may depend on it (Anthropic): `us`, `global`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns the number of web searches that are billed by number (Anthropic, Gemini, OpenAI, OpenRouter,
    /// Perplexity, xAI). For Perplexity, a call that names the size of its search context is at least one.
    #[must_use]
    pub fn searches(&self) -> u64 {
        let searches = self.searches.saturating_sub(self.page_visits);
        searches.max(u64::from(self.search_context.is_some()))
    }

    /// Returns the tokens of citations (Perplexity), which are neither input nor output.
    #[must_use]
    pub fn citation_tokens(&self) -> u64 {
        self.citation_tokens
    }

    /// Returns the seconds of audio, rounded up, where audio is billed by its length (OpenAI's and Mistral's
    /// transcription).
    #[must_use]
    pub fn audio_seconds(&self) -> u64 {
        self.audio_seconds
    }

    /// Returns the number of pages that were read (Mistral's OCR).
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// Returns the number of search units (Cohere's rerank).
    #[must_use]
    pub fn search_units(&self) -> u64 {
        self.search_units
    }

    pub(crate) fn set_service_tier(&mut self, tier: Scalar<'_>) {
        set(&mut self.service_tier, tier);
    }

    /// Counts a search in an answer that lists its searches.
    pub(crate) fn add_search(&mut self) {
        self.searches = self.searches.saturating_add(1);
    }

    /// Counts a query of a list, which a stream may send again. Empty queries are not billed.
    pub(crate) fn add_listed_search(&mut self, query: &str, is_first: bool) {
        if is_first {
            self.listed_searches = 0;
        }
        self.listed_searches = self.listed_searches.saturating_add(u64::from(!query.is_empty()));
        self.searches = self.searches.max(self.listed_searches);
    }

    /// Counts a search that turns out to open or search a page, which is not billed.
    pub(crate) fn add_page_visit(&mut self) {
        self.page_visits = self.page_visits.saturating_add(1);
    }

    /// Takes a value, if its path is one of those below. The names are distinct among providers.
    pub(crate) fn read(&mut self, path: &str, value: Scalar<'_>) {
        // Most values are not of a report.
        let Some(name) = REPORTS.iter().find_map(|report| path.strip_prefix(report)) else {
            return;
        };
        match name {
            "cost" | "cost.total_cost" | "estimated_cost" => self.set_cost(value, 1.0),
            "cost_in_usd_ticks" => self.set_cost(value, TICKS_PER_DOLLAR),
            "service_tier" => self.set_service_tier(value),
            "speed" => set(&mut self.speed, value),
            "inference_geo" => set(&mut self.region, value),
            "search_context_size" => set(&mut self.search_context, value),
            "server_tool_use.web_search_requests" | "num_search_queries" | "num_sources_used" => {
                self.searches = value.as_count().unwrap_or(self.searches);
            }
            "citation_tokens" => self.citation_tokens = value.as_count().unwrap_or(self.citation_tokens),
            "pages_processed" => self.pages = value.as_count().unwrap_or(self.pages),
            "billed_units.search_units" => {
                self.search_units = value.as_count().unwrap_or(self.search_units);
            }
            "seconds" | "prompt_audio_seconds" => {
                let seconds = number(value).map(f64::ceil);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "such a cast saturates"
                )]
                let seconds = seconds.map(|seconds| seconds as u64);
                self.audio_seconds = seconds.unwrap_or(self.audio_seconds);
            }
            _ => {}
        }
    }

    fn set_cost(&mut self, value: Scalar<'_>, divisor: f64) {
        if let Some(cost) = number(value) {
            self.cost = Some(CostBits((cost / divisor).to_bits()));
        }
    }
}

/// Returns a number from 0 to 10¹²: larger ones are errors of the provider.
fn number(value: Scalar<'_>) -> Option<f64> {
    let Scalar::Number(digits) = value else {
        return None;
    };
    let number = digits.parse().ok();
    number.filter(|number| (0.0..=MAX_NUMBER).contains(number))
}

fn set(slot: &mut Option<String>, value: Scalar<'_>) {
    if let Scalar::Text(text) = value {
        *slot = Some(cut::at_char_boundary(text, MAX_NAME_BYTES).to_owned());
    }
}

/// The objects that hold reports of usage.
const REPORTS: [&str; 3] = ["usage.", "usage_info.", "meta."];
const MAX_NUMBER: f64 = 1e12;
/// The unit of xAI's costs: 10⁻¹⁰ dollars.
const TICKS_PER_DOLLAR: f64 = 1e10;
/// The most bytes of a tier, a speed or a region.
const MAX_NAME_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs() {
        for (path, digits, expected) in [
            ("usage.cost", "0.00333", Some(0.00333)),
            ("usage.cost", "0", Some(0.0)),
            ("usage.cost.total_cost", "0.01", Some(0.01)),
            ("usage.estimated_cost", "1e-5", Some(1e-5)),
            ("usage.cost_in_usd_ticks", "37756000", Some(0.003_775_6)),
            ("usage.cost", "-1", None),
            ("usage.cost", "1e999", None),
            ("cost", "1", None),
        ] {
            let mut billing = Billing::default();
            billing.read(path, Scalar::Number(digits));
            assert_eq!(billing.cost(), expected, "{path} = {digits}");
        }
    }

    #[test]
    fn other_units() {
        let mut billing = Billing::default();
        for (path, digits) in [
            ("usage.seconds", "8.47"),
            ("usage_info.pages_processed", "3"),
            ("meta.billed_units.search_units", "2"),
        ] {
            billing.read(path, Scalar::Number(digits));
        }
        let units = (billing.audio_seconds(), billing.pages(), billing.search_units());
        assert_eq!(units, (9, 3, 2), "seconds, pages and search units");
        billing.read("usage.prompt_audio_seconds", Scalar::Number("12"));
        billing.read("usage.seconds", Scalar::Number("1e300"));
        billing.read("usage.seconds", Scalar::Null);
        assert_eq!(billing.audio_seconds(), 12, "what is no length changes nothing");
    }

    #[test]
    fn a_search_context_is_a_search() {
        let mut billing = Billing::default();
        assert_eq!(billing.searches(), 0, "nothing was searched");
        billing.read("usage.search_context_size", Scalar::Text("low"));
        assert_eq!(billing.searches(), 1, "one search with a context");
        billing.read("usage.num_search_queries", Scalar::Number("3"));
        assert_eq!(billing.searches(), 3, "as many as are reported");
    }

    #[test]
    fn names_are_bounded() {
        let mut billing = Billing::default();
        billing.read("usage.service_tier", Scalar::Text(&"x".repeat(5_000)));
        let length = billing.service_tier().map(str::len);
        assert_eq!(length, Some(MAX_NAME_BYTES), "a tier of 5,000 bytes");
    }
}
