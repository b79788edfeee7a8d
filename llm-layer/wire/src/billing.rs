//! What a usage report says about billing beside its token counts.

use crate::cut;
use crate::json::Scalar;

/// What a usage report says about billing beside its token counts. If a value is reported several times, the
/// last one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Billing {
    cost: Option<CostBits>,
    service_tier: Option<String>,
    speed: Option<String>,
    region: Option<String>,
    search_context: Option<String>,
    searches: u64,
    page_visits: u64,
    citation_tokens: u64,
}

/// A cost that can be hashed and compared, as the digest of a reply needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CostBits(u64);

impl Billing {
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

    /// Returns the number of web searches that are billed by number (Anthropic, OpenAI, OpenRouter,
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

    pub(crate) fn set_service_tier(&mut self, tier: Scalar<'_>) {
        set(&mut self.service_tier, tier);
    }

    /// Counts a search in an answer that lists its searches.
    pub(crate) fn add_search(&mut self) {
        self.searches = self.searches.saturating_add(1);
    }

    /// Counts a search that turns out to open or search a page, which is not billed.
    pub(crate) fn add_page_visit(&mut self) {
        self.page_visits = self.page_visits.saturating_add(1);
    }

    /// Takes a value, if its path is one of those below. The names are distinct among providers.
    pub(crate) fn read(&mut self, path: &str, value: Scalar<'_>) {
        let Some(name) = path.strip_prefix("usage.") else {
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
            _ => {}
        }
    }

    fn set_cost(&mut self, value: Scalar<'_>, divisor: f64) {
        let Scalar::Number(digits) = value else {
            return;
        };
        let cost = digits.parse().map(|cost: f64| cost / divisor);
        if let Some(cost) = cost.ok().filter(|cost| cost.is_finite() && *cost >= 0.0) {
            self.cost = Some(CostBits(cost.to_bits()));
        }
    }
}

fn set(slot: &mut Option<String>, value: Scalar<'_>) {
    if let Scalar::Text(text) = value {
        *slot = Some(cut::at_char_boundary(text, MAX_NAME_BYTES).to_owned());
    }
}

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
