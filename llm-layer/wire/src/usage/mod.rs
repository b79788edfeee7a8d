//! Token counts as providers report them, and the totals that follow from them.
//!
//! Providers disagree about what a count includes. OpenAI's input includes cached tokens, Anthropic's does
//! not; Gemini's output excludes reasoning, OpenAI's includes it; Cohere bills other numbers than it used;
//! and compatible APIs imitate OpenAI's names with their own meaning. So a format only says which
//! [`UsagePart`] a path stands for, and [`Usage::input`] and [`Usage::output`] compute the totals in one
//! place:
//!
//! - input is billed input, or input, or uncached input plus cached tokens; plus the input of provider tools;
//! - output is billed output, or output; plus thoughts;
//! - two contradictions occur and are corrected by adding the part: input that is less than its cached part,
//!   and reasoning that is more than the output that should include it;
//! - GigaChat documents that its input excludes cached tokens, so they are added whatever the numbers are;
//! - Vertex has reported Gemini's thoughts within the output: the total shows it;
//! - gateways to Anthropic leave cached tokens out of the input and not out of the total, and xAI leaves
//!   reasoning out of the output. So if input and output do not add up to the total, the first of these
//!   readings that does is used: with the tokens read from a cache, with those written to it, with both, with
//!   reasoning. If none does, the counts stand, and the usage [is inconsistent](Usage::is_consistent).
//!
//! A stream may report its usage several times. The last value counts, except that some servers end a stream
//! with zeros: a zero does not replace a positive count, unless the same document brings cached tokens that
//! take the place of the input.

mod part;
mod totals;

pub(crate) use self::part::Paths;
pub use self::part::UsagePart;
use self::part::part_at;
use crate::billing::Billing;
use crate::cut;
use crate::json::Scalar;

/// The usage that an answer reported. If a part is reported several times, the last value counts; a zero does
/// not replace a positive count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    counts: [Option<u64>; UsagePart::COUNT],
    billing: Billing,
    /// The parts for which the current document reports 0 after a positive count, as bits.
    zeroed: u32,
    /// The parts that the current document reports, as bits.
    reported: u32,
    /// The cached tokens when the current document began; `None` if no report had any yet.
    cached_before: Option<u64>,
    /// The uncached input when the current document began.
    uncached_before: Option<u64>,
    /// The input excludes cached tokens by the provider's documentation, whatever the numbers are.
    excludes_cached: bool,
    /// The runs of the model within one call, by their position, if the current document lists them.
    runs: Vec<Run>,
    /// The smallest and the largest prompt of the runs that are billed.
    run_prompts: Option<(u64, u64)>,
    /// The models that runs of the current document name, by their position.
    run_models: Vec<(usize, String)>,
    /// The models that the runs name that are billed.
    billed_models: Vec<String>,
}

/// The usage of an answer that reports none.
pub(crate) static NO_USAGE: Usage = Usage {
    counts: [None; UsagePart::COUNT],
    billing: Billing::NONE,
    zeroed: 0,
    reported: 0,
    cached_before: None,
    uncached_before: None,
    excludes_cached: false,
    runs: Vec::new(),
    run_prompts: None,
    run_models: Vec::new(),
    billed_models: Vec::new(),
};

/// One of several runs of a model within a call: uncached input, output, cache read, cache write, and of the
/// latter what stays for an hour.
type Run = [u64; Usage::RUN_PARTS.len()];

impl Usage {
    /// The parts of a [`Run`].
    const RUN_PARTS: [UsagePart; 5] = [
        UsagePart::UncachedInput,
        UsagePart::Output,
        UsagePart::CacheRead,
        UsagePart::CacheWrite,
        UsagePart::CacheWriteHour,
    ];
    /// The parts that are cached input, as bits.
    const CACHED: u32 = 1 << UsagePart::CacheRead as u32 | 1 << UsagePart::CacheWrite as u32;
    const UNCACHED: u32 = 1 << UsagePart::UncachedInput as u32;
    const TOTAL: u32 = 1 << UsagePart::Total as u32;
    /// The parts that a total is the sum of, as bits.
    const SUMMANDS: u32 = 1 << UsagePart::Input as u32 | 1 << UsagePart::Output as u32 | Self::UNCACHED;
    /// The maximum number of runs that are added up.
    const MAX_RUNS: usize = 256;
    const MAX_MODEL_BYTES: usize = 128;

    /// Reads a value, if `paths` has its path.
    pub(crate) fn read(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        if let (Some(part), Some(count)) = (part_at(paths, path, count), count) {
            self.set(part, count);
        }
    }

    /// Reads a value that may repeat what another path says, and counts only if it says more.
    pub(crate) fn raise(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        if let (Some(part), Some(count)) = (part_at(paths, path, count), count) {
            if self.part(part).is_none_or(|old| old < count) {
                self.set(part, count);
            }
        }
    }

    /// Whether a positive count of input or output was reported. The usage is then never
    /// [zero](Self::is_zero) again.
    pub(crate) fn has_tokens(&self) -> bool {
        let parts = [UsagePart::Input, UsagePart::UncachedInput, UsagePart::Output];
        parts
            .iter()
            .any(|part| self.part(*part).is_some_and(|count| count > 0))
    }

    pub(crate) fn set(&mut self, part: UsagePart, count: u64) {
        self.reported |= 1 << part as u32;
        match self.counts.get_mut(part as usize) {
            Some(Some(old)) if count == 0 && *old > 0 => self.zeroed |= 1 << part as u32,
            Some(slot) => *slot = Some(count),
            None => {}
        }
    }

    /// Adds a count to the part, for formats that report one count for each text.
    pub(crate) fn add(&mut self, part: UsagePart, count: Option<u64>) {
        if let Some(count) = count {
            self.set(part, count.saturating_add(self.part(part).unwrap_or(0)));
        }
    }

    /// Adds a value to its part, if `paths` has its path.
    pub(crate) fn add_one_of(&mut self, paths: &Paths, path: &str, count: Option<u64>) {
        if let Some(part) = part_at(paths, path, count) {
            self.add(part, count);
        }
    }

    /// Takes whether the input excludes cached tokens, by the provider's documentation.
    pub(crate) fn excludes_cached(&mut self, excludes: bool) {
        self.excludes_cached |= excludes;
    }

    /// Takes a value, if it is about billing.
    pub(crate) fn read_billing(&mut self, path: &str, value: Scalar<'_>) {
        self.billing.read(path, value);
    }

    /// Takes cached tokens that the input excludes, by the provider's documentation.
    pub(crate) fn set_cached_beside(&mut self, count: Option<u64>) {
        if let Some(count) = count {
            self.excludes_cached = true;
            self.set(UsagePart::CacheRead, count);
        }
    }

    pub(crate) fn billing_mut(&mut self) -> &mut Billing {
        &mut self.billing
    }

    pub(crate) fn billing(&self) -> &Billing {
        &self.billing
    }

    /// Reads a value of one of several runs of the model within the call, if `paths` has its path.
    pub(crate) fn read_run(&mut self, position: u32, paths: &Paths, path: &str, count: Option<u64>) {
        let part = part_at(paths, path, count);
        let part = part.and_then(|part| Self::RUN_PARTS.iter().position(|other| *other == part));
        let position = position as usize;
        let (Some(part), Some(count)) = (part, count) else {
            return;
        };
        if position < Self::MAX_RUNS && self.runs.len() <= position {
            self.runs.resize(position + 1, Run::default());
        }
        if let Some(slot) = self.runs.get_mut(position).and_then(|run| run.get_mut(part)) {
            *slot = count;
        }
    }

    /// Reads the model of one of several runs.
    pub(crate) fn read_run_model(&mut self, position: u32, model: &str) {
        if self.run_models.len() < Self::MAX_RUNS {
            let model = cut::at_char_boundary(model, Self::MAX_MODEL_BYTES).to_owned();
            self.run_models.push((position as usize, model));
        }
    }

    /// Returns the smallest and the largest prompt in tokens, if the model ran several times within the call.
    #[must_use]
    pub fn run_prompts(&self) -> Option<(u64, u64)> {
        self.run_prompts
    }

    /// Returns the models whose tokens are among those of the call, as far as the report names them.
    pub fn billed_models(&self) -> impl Iterator<Item = &str> {
        self.billed_models.iter().map(|model| &**model)
    }

    /// A document of the answer has ended.
    #[inline]
    pub(crate) fn end_document(&mut self) {
        if self.zeroed != 0 || !self.runs.is_empty() {
            self.apply_pending();
        }
        let reported = std::mem::take(&mut self.reported);
        if reported & (Self::CACHED | Self::UNCACHED) != 0 {
            self.separate_cached(reported);
            self.reported = 0;
        }
        // A total is that of its own report, not of a later one.
        if reported & Self::SUMMANDS != 0 && reported & Self::TOTAL == 0 {
            if let Some(total) = self.counts.get_mut(UsagePart::Total as usize) {
                *total = None;
            }
        }
    }

    fn apply_pending(&mut self) {
        // Runs without output are attempts that were declined, and are not billed.
        let runs = std::mem::take(&mut self.runs);
        let run_models = std::mem::take(&mut self.run_models);
        let is_billed = |[_, output, ..]: &Run| *output > 0;
        let billed: Vec<&Run> = runs.iter().filter(|run| is_billed(run)).collect();
        if !billed.is_empty() {
            let is_billed = |(at, _): &(usize, String)| runs.get(*at).is_some_and(is_billed);
            let billed_models = run_models.into_iter().filter(is_billed);
            self.billed_models = billed_models.map(|(_, model)| model).collect();
            let prompts = || {
                billed
                    .iter()
                    .map(|[input, _, read, written, _]| input + read + written)
            };
            self.run_prompts = prompts().min().zip(prompts().max());
            for (at, part) in Self::RUN_PARTS.into_iter().enumerate() {
                let counts = billed.iter().filter_map(|run| run.get(at));
                self.replace(part, counts.fold(0, |sum, count| sum.saturating_add(*count)));
            }
            self.zeroed = 0;
        }
        let zeroed = std::mem::take(&mut self.zeroed);
        if self.cached() > self.cached_before.unwrap_or(0) {
            for part in [UsagePart::Input, UsagePart::UncachedInput] {
                if zeroed & (1 << part as u32) != 0 {
                    self.replace(part, 0);
                }
            }
        }
    }

    /// Finds the uncached input where gateways report the whole prompt in its place. Anthropic does neither:
    ///
    /// - A stream begins with the whole prompt, since nothing is known of the cache, and none of its fields
    ///   is there.
    /// - A stream ends with the whole prompt, so that clients show the context in use.
    fn separate_cached(&mut self, reported: u32) {
        let (cached, input) = (self.cached(), self.part(UsagePart::UncachedInput));
        let repeats_input = reported & Self::UNCACHED != 0;
        let is_first = self.cached_before.is_none() && reported & Self::CACHED != 0;
        let uncached = match (input, self.uncached_before) {
            // Less than the cached tokens is not the whole prompt.
            (Some(input), _) if is_first && !repeats_input => input.checked_sub(cached),
            (Some(input), Some(before)) if self.cached_before == Some(cached) && input == before + cached => {
                Some(before)
            }
            _ => None,
        };
        if let Some(uncached) = uncached {
            self.replace(UsagePart::UncachedInput, uncached);
        }
        self.uncached_before = self.part(UsagePart::UncachedInput);
        if reported & Self::CACHED != 0 {
            self.cached_before = Some(cached);
        }
    }

    fn replace(&mut self, part: UsagePart, count: u64) {
        self.reported |= 1 << part as u32;
        if let Some(slot) = self.counts.get_mut(part as usize) {
            *slot = Some(count);
        }
    }

    /// Returns whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(Option::is_none)
    }

    /// Returns whether no part is more than 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.counts.iter().all(|count| count.unwrap_or(0) == 0)
    }

    /// Returns a part as it was reported.
    #[must_use]
    pub fn part(&self, part: UsagePart) -> Option<u64> {
        self.counts.get(part as usize).copied().flatten()
    }

    fn cached(&self) -> u64 {
        let cached = [UsagePart::CacheRead, UsagePart::CacheWrite];
        cached.iter().filter_map(|part| self.part(*part)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Usage, UsagePart};

    /// Returns the usage of one document.
    pub(super) fn usage(parts: &[(UsagePart, u64)]) -> Usage {
        let mut usage = Usage::default();
        for (part, count) in parts {
            usage.set(*part, *count);
        }
        usage.end_document();
        usage
    }

    /// What a stream begins with, and what it ends with.
    #[test]
    fn whole_prompts_in_place_of_the_uncached_input() {
        use UsagePart::{CacheRead, CacheWrite, Output, UncachedInput};
        type Report<'a> = &'a [(UsagePart, u64)];
        let cases: [(&str, Report<'_>, Report<'_>, u64); 7] = [
            (
                "Anthropic's",
                &[(UncachedInput, 10), (CacheWrite, 30), (CacheRead, 50)],
                &[
                    (UncachedInput, 10),
                    (CacheWrite, 30),
                    (CacheRead, 50),
                    (Output, 5),
                ],
                90,
            ),
            (
                "Anthropic's, with input from a search",
                &[(UncachedInput, 10), (CacheRead, 50)],
                &[(UncachedInput, 4000), (CacheRead, 50), (Output, 5)],
                4050,
            ),
            (
                "Anthropic's, without cache",
                &[(UncachedInput, 10), (CacheRead, 0)],
                &[(UncachedInput, 10), (CacheRead, 0), (Output, 5)],
                10,
            ),
            (
                "the split comes last",
                &[(UncachedInput, 100)],
                &[(UncachedInput, 20), (CacheRead, 80), (Output, 5)],
                100,
            ),
            (
                "the whole prompt, then its cached part",
                &[(UncachedInput, 100)],
                &[(CacheRead, 80), (Output, 5)],
                100,
            ),
            (
                "the uncached input, then more cached tokens than that",
                &[(UncachedInput, 10)],
                &[(CacheRead, 80), (Output, 5)],
                90,
            ),
            (
                "the whole prompt again at the end",
                &[(UncachedInput, 10), (CacheRead, 50)],
                &[(UncachedInput, 60), (CacheRead, 50), (Output, 5)],
                60,
            ),
        ];
        for (name, first, last, input) in cases {
            let mut usage = usage(first);
            for (part, count) in last {
                usage.set(*part, *count);
            }
            usage.end_document();
            assert_eq!(usage.input(), Some(input), "{name}");
        }
    }

    /// A stream may end with a report that has no total.
    #[test]
    fn a_total_is_that_of_its_report() {
        use UsagePart::{Input, Output, Total};
        let mut usage = usage(&[(Input, 11), (Total, 11)]);
        usage.set(Input, 11);
        usage.set(Output, 227);
        usage.end_document();
        let totals = (usage.input(), usage.output(), usage.is_consistent());
        assert_eq!(
            totals,
            (Some(11), Some(227), true),
            "the first total is out of date"
        );
    }

    #[test]
    fn a_zero_replaces_only_input_that_became_cached() {
        use UsagePart::{CacheRead, Output, UncachedInput};
        let mut usage = usage(&[(UncachedInput, 1515), (Output, 7)]);
        usage.set(UncachedInput, 0);
        usage.set(Output, 0);
        usage.end_document();
        assert_eq!(
            (usage.input(), usage.output()),
            (Some(1515), Some(7)),
            "zeros alone"
        );
        usage.set(UncachedInput, 0);
        usage.set(CacheRead, 1515);
        usage.end_document();
        assert_eq!(usage.input(), Some(1515), "the input was read from the cache");
        assert_eq!(usage.part(UncachedInput), Some(0), "and none of it was not");
        usage.set(UncachedInput, 3);
        usage.end_document();
        usage.set(UncachedInput, 0);
        usage.set(CacheRead, 1515);
        usage.end_document();
        assert_eq!(usage.part(UncachedInput), Some(3), "the cache is no news");
    }
}
