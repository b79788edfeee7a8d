//! Consistent probability sampling: the composite sampler of the specification.
//!
//! A sampler has a threshold, a number of 56 bits. A trace has a random number of 56 bits: the end of its id,
//! or the member `rv` of the `ot` entry of its trace state. A span is sampled if that is not less than the
//! threshold, so a sampler with a higher probability samples all that another one does. The threshold of a
//! sampled span is the member `th`, by which a back end can estimate how many spans there were.
//!
//! See <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>. The warning about ids
//! that are not known to be random is left out, since most callers do not set the flag for it yet.

use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::config::{ComposableSampler, SpanParent, SpanRule};

/// Decides by the threshold that another sampler returns.
#[derive(Debug, Clone)]
pub(super) struct CompositeSampler(pub(super) ComposableSampler);

/// What is known of a span that starts.
#[derive(Debug)]
struct StartingSpan<'a> {
    parent: Option<&'a SpanContext>,
    /// The members of the `ot` entry.
    members: Members<'a>,
    randomness: u64,
    kind: &'a SpanKind,
    attributes: &'a [KeyValue],
}

/// How a span is sampled: if its random number is not less than the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SamplingIntent {
    threshold: u64,
    /// Whether the threshold is the probability, and not only a decision of the caller.
    is_reliable: bool,
}

/// The members of the `ot` entry of a trace state.
#[derive(Debug, Clone, Copy, Default)]
struct Members<'a>(&'a str);

impl ShouldSample for CompositeSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        _: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let span = parent
            .filter(|parent| parent.has_active_span())
            .map(|parent| parent.span());
        let parent = span.as_ref().map(|span| span.span_context());
        let state = parent.map(SpanContext::trace_state).cloned().unwrap_or_default();
        let members = Members(state.get(ENTRY).unwrap_or_default());
        let starting = StartingSpan {
            parent,
            members,
            randomness: members.randomness().unwrap_or_else(|| randomness_of(trace)),
            kind,
            attributes,
        };
        let intent = intent(&self.0, &starting);
        let is_sampled = intent.is_some_and(|intent| starting.randomness >= intent.threshold);
        let reliable = intent.filter(|intent| intent.is_reliable && is_sampled);
        let trace_state = members.with_threshold(reliable.map(|intent| intent.threshold), &state);
        SamplingResult {
            decision: if is_sampled {
                SamplingDecision::RecordAndSample
            } else {
                SamplingDecision::Drop
            },
            attributes: Vec::new(),
            trace_state: trace_state.unwrap_or(state),
        }
    }
}

/// Returns how the span is sampled, or `None` if it is not.
fn intent(sampler: &ComposableSampler, span: &StartingSpan<'_>) -> Option<SamplingIntent> {
    let reliable = |threshold| SamplingIntent {
        threshold,
        is_reliable: true,
    };
    match sampler {
        ComposableSampler::AlwaysOn => Some(reliable(0)),
        ComposableSampler::AlwaysOff => None,
        ComposableSampler::Probability(probability) => {
            (*probability > 0.0).then(|| reliable(threshold(*probability)))
        }
        ComposableSampler::ParentThreshold(root) => match span.parent {
            None => intent(root, span),
            Some(parent) => {
                let is_sampled = parent.is_sampled();
                // A threshold that contradicts the flag is not what the parent was sampled by.
                let threshold = span.members.threshold();
                let threshold = threshold.filter(|it| (span.randomness >= *it) == is_sampled);
                is_sampled.then(|| SamplingIntent {
                    threshold: threshold.unwrap_or(0),
                    is_reliable: threshold.is_some(),
                })
            }
        },
        ComposableSampler::RuleBased(rules) => {
            let rule = rules.iter().find(|rule| matches(rule, span))?;
            intent(&rule.sampler, span)
        }
    }
}

fn matches(rule: &SpanRule, span: &StartingSpan<'_>) -> bool {
    let SpanRule {
        values,
        patterns,
        kinds,
        parents,
        sampler: _,
    } = rule;
    let value = |key: &str| {
        let mut attributes = span.attributes.iter();
        attributes.find(|it| it.key.as_str() == key).map(|it| &it.value)
    };
    let parent = match span.parent {
        None => SpanParent::None,
        Some(parent) if parent.is_remote() => SpanParent::Remote,
        Some(_) => SpanParent::Local,
    };
    kinds.as_ref().is_none_or(|kinds| kinds.contains(span.kind))
        && parents.as_ref().is_none_or(|parents| parents.contains(&parent))
        && values
            .as_ref()
            .is_none_or(|wanted| value(&wanted.key).is_some_and(|it| wanted.matches(it)))
        && patterns
            .as_ref()
            .is_none_or(|wanted| value(&wanted.key).is_some_and(|it| wanted.matches(it)))
}

impl Members<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let mut members = self.0.split(';').filter_map(|member| member.split_once(':'));
        members.find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Returns the explicit random number.
    fn randomness(&self) -> Option<u64> {
        self.get(RANDOMNESS)
            .filter(|digits| digits.len() == DIGITS)
            .and_then(number)
    }

    /// Returns the threshold of the caller. Its zeros at the end are left out.
    fn threshold(&self) -> Option<u64> {
        let digits = self
            .get(THRESHOLD)
            .filter(|digits| (1..=DIGITS).contains(&digits.len()))?;
        Some(number(digits)? << (4 * (DIGITS - digits.len())))
    }

    /// Returns the trace state with this threshold and all other members, or without a threshold.
    fn with_threshold(&self, threshold: Option<u64>, state: &TraceState) -> Option<TraceState> {
        let others = self.0.split(';').filter(|member| {
            let name = member.split_once(':').map(|(name, _)| name);
            !member.is_empty() && name != Some(THRESHOLD)
        });
        let mut members: Vec<&str> = others.collect();
        let threshold = threshold.map(|threshold| {
            let digits = format!("{threshold:0DIGITS$x}");
            let digits = digits.trim_end_matches('0');
            format!("{THRESHOLD}:{}", if digits.is_empty() { "0" } else { digits })
        });
        members.extend(threshold.as_deref());
        let entry = members.join(";");
        match entry.len() {
            0 if self.0.is_empty() => None,
            0 => state.delete(ENTRY).ok(),
            1..=MAX_ENTRY_BYTES => state.insert(ENTRY, entry).ok(),
            _ => None,
        }
    }
}

/// Parses lower-case hexadecimal digits.
fn number(digits: &str) -> Option<u64> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = Some(digits).filter(|digits| digits.bytes().all(is_digit))?;
    u64::from_str_radix(digits, 16).ok()
}

/// Returns the last 56 bits of a trace id, which are presumed to be random.
fn randomness_of(trace: TraceId) -> u64 {
    let [.., a, b, c, d, e, f, g] = trace.to_bytes();
    u64::from_be_bytes([0, a, b, c, d, e, f, g])
}

/// Returns the threshold of a probability that is greater than 0, with four digits beside leading `f`s.
fn threshold(probability: f64) -> u64 {
    if probability >= 1.0 {
        return 0;
    }
    // The power of two of a number between 0.5 and 1: the binary exponent and its bias.
    let exponent = (probability.to_bits() >> 52) & 0x7ff;
    let leading = 1022_u64.saturating_sub(exponent) / 4;
    let digits = (4 + leading).min(12);
    let unit = 1_u64 << (4 * (DIGITS as u64 - digits));
    // Exact: the product only changes the exponent.
    let sampled = (probability * RANGE as f64).round() as u64;
    let rejected = RANGE - sampled.min(RANGE);
    let rounded = (rejected + unit / 2) / unit * unit;
    rounded.min(RANGE - unit)
}

/// The entry of OpenTelemetry in a trace state, and its members.
const ENTRY: &str = "ot";
const THRESHOLD: &str = "th";
const RANDOMNESS: &str = "rv";
/// The hexadecimal digits of 56 bits.
const DIGITS: usize = 14;
const RANGE: u64 = 1 << 56;
/// The maximum length of the entry.
const MAX_ENTRY_BYTES: usize = 256;

#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags};
    use opentelemetry::{Array, Value};

    use super::super::sampler;
    use super::*;
    use crate::config::TelemetryConfig;

    /// The table of the specification, at four digits.
    #[test]
    fn thresholds_have_the_published_digits() {
        for (one_in, expected) in [
            (1.0, "th:0"),
            (2.0, "th:8"),
            (3.0, "th:aaab"),
            (4.0, "th:c"),
            (5.0, "th:cccd"),
            (8.0, "th:e"),
            (10.0, "th:e666"),
            (16.0, "th:f"),
            (100.0, "th:fd70a"),
            (1_000.0, "th:ffbe77"),
            (10_000.0, "th:fff9724"),
            (100_000.0, "th:ffff583a"),
            (1_000_000.0, "th:ffffef39"),
        ] {
            let state = Members("").with_threshold(Some(threshold(1.0 / one_in)), &TraceState::NONE);
            let state = state.expect("an entry");
            assert_eq!(state.get(ENTRY), Some(expected), "1 of {one_in}");
        }
        assert!(threshold(f64::MIN_POSITIVE) < RANGE, "the smallest probability");
    }

    #[derive(Debug, Clone, Copy)]
    enum Parent {
        None,
        Local,
        Remote,
    }

    /// Returns the decision of a sampler of a file, and the `ot` entry that it leaves.
    fn decide(text: &str, parent: Parent, sampled: bool, entry: &str, trace: u128) -> (bool, Option<String>) {
        decide_about(text, parent, sampled, entry, trace, (SpanKind::Server, &[]))
    }

    fn decide_about(
        text: &str,
        parent: Parent,
        sampled: bool,
        entry: &str,
        trace: u128,
        (kind, attributes): (SpanKind, &[KeyValue]),
    ) -> (bool, Option<String>) {
        let text = format!("file_format: '1.1'\ntracer_provider:\n  processors: []\n  sampler: {text}");
        let config = TelemetryConfig::from_declarative_str(&text).expect("accepted");
        assert_eq!(
            config.ignored_variables().len(),
            0,
            "{:?}",
            config.ignored_variables()
        );
        let entries = [("vendor", "1"), (ENTRY, entry)];
        let entries = entries.into_iter().filter(|(_, value)| !value.is_empty());
        let span = SpanContext::new(
            TraceId::from(trace),
            SpanId::from(1),
            TraceFlags::default().with_sampled(sampled),
            matches!(parent, Parent::Remote),
            TraceState::from_key_value(entries).expect("valid"),
        );
        let cx = match parent {
            Parent::None => Context::new(),
            _ => Context::new().with_remote_span_context(span),
        };
        let trace = TraceId::from(trace);
        let result = sampler(&config).should_sample(Some(&cx), trace, "GET", &kind, attributes, &[]);
        let vendor = (!matches!(parent, Parent::None)).then_some("1");
        assert_eq!(result.trace_state.get("vendor"), vendor, "other entries stay");
        let is_sampled = result.decision == SamplingDecision::RecordAndSample;
        (is_sampled, result.trace_state.get(ENTRY).map(str::to_owned))
    }

    /// Traces with the smallest sampled and the largest unsampled number at one of four.
    const ABOVE: u128 = 0x0012_34c0_0000_0000_0000;
    const BELOW: u128 = 0x0012_34bf_ffff_ffff_ffff;

    #[test]
    fn a_probability_decides_by_the_random_number_of_the_trace() {
        let quarter = "{probability/development: {ratio: 0.25}}";
        let cases = [
            (Parent::None, false, "", ABOVE, (true, Some("th:c"))),
            (Parent::None, false, "", BELOW, (false, None)),
            // The caller's decision does not matter, and its threshold is replaced or removed.
            (Parent::Remote, false, "th:f", ABOVE, (true, Some("th:c"))),
            (Parent::Local, true, "th:0;x:1", BELOW, (false, Some("x:1"))),
            (Parent::Remote, true, "th:0", BELOW, (false, None)),
            // An explicit number precedes the id.
            (
                Parent::Remote,
                true,
                "rv:c0000000000000;th:0",
                BELOW,
                (true, Some("rv:c0000000000000;th:c")),
            ),
            (
                Parent::Remote,
                true,
                "rv:bfffffffffffff",
                ABOVE,
                (false, Some("rv:bfffffffffffff")),
            ),
            // These are none.
            (
                Parent::Remote,
                true,
                "rv:C0000000000000",
                BELOW,
                (false, Some("rv:C0000000000000")),
            ),
            (Parent::Remote, true, "rv:c0", BELOW, (false, Some("rv:c0"))),
        ];
        for (parent, sampled, entry, trace, (expected, state)) in cases {
            let found = decide(quarter, parent, sampled, entry, trace);
            assert_eq!(
                found,
                (expected, state.map(str::to_owned)),
                "{parent:?}, {entry:?}, {trace:x}"
            );
        }
        for (ratio, expected) in [("0", (false, None)), ("1", (true, Some("th:0".to_owned())))] {
            let text = format!("{{probability/development: {{ratio: {ratio}}}}}");
            assert_eq!(decide(&text, Parent::None, false, "", BELOW), expected, "{ratio}");
        }
        let long = format!("x:{}", "1".repeat(MAX_ENTRY_BYTES - 4));
        let found = decide(quarter, Parent::Remote, true, &long, ABOVE);
        assert_eq!(found, (true, Some(long)), "there is no room for a threshold");
    }

    #[test]
    fn a_parent_threshold_follows_the_parent() {
        let text = "{composite/development: {parent_threshold: {root: {probability: {ratio: 0.25}}}}}";
        let cases = [
            (Parent::None, false, "", ABOVE, (true, Some("th:c"))),
            (Parent::None, false, "", BELOW, (false, None)),
            (Parent::Remote, true, "th:8", BELOW, (true, Some("th:8"))),
            (Parent::Local, true, "", BELOW, (true, None)),
            (Parent::Remote, false, "", ABOVE, (false, None)),
            // A threshold that contradicts the flag is removed.
            (Parent::Remote, true, "th:e", BELOW, (true, None)),
            (Parent::Remote, false, "th:8", ABOVE, (false, None)),
            (Parent::Remote, true, "th:nonsense", BELOW, (true, None)),
            (Parent::Remote, true, "th:000000000000000", BELOW, (true, None)),
        ];
        for (parent, sampled, entry, trace, (expected, state)) in cases {
            let found = decide(text, parent, sampled, entry, trace);
            assert_eq!(
                found,
                (expected, state.map(str::to_owned)),
                "{parent:?}, {entry:?}, {trace:x}"
            );
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let text = "
    composite/development:
      rule_based:
        rules:
          - attribute_values: {key: http.route, values: [/healthz, '404']}
            sampler: {always_off: }
          - attribute_patterns: {key: http.path, included: [/internal/*], excluded: [/internal/special/*]}
            sampler: {always_on: }
          - parent: [none]
            span_kinds: [client, producer]
            sampler: {probability: {ratio: 0.5}}
          - parent: [remote]
            sampler: {parent_threshold: {root: {always_off: }}}";
        let routes = Value::Array(Array::String(vec!["/a".into(), "/healthz".into()]));
        let attribute = |key: &'static str, value: Value| vec![KeyValue::new(key, value)];
        let cases = [
            (
                Parent::None,
                SpanKind::Server,
                attribute("http.route", "/healthz".into()),
                None,
            ),
            (
                Parent::None,
                SpanKind::Client,
                attribute("http.route", 404.into()),
                None,
            ),
            (
                Parent::None,
                SpanKind::Client,
                attribute("http.route", routes),
                None,
            ),
            (
                Parent::None,
                SpanKind::Server,
                attribute("http.path", "/internal/a".into()),
                Some("th:0"),
            ),
            (
                Parent::None,
                SpanKind::Server,
                attribute("http.path", "/internal/special/a".into()),
                None,
            ),
            (Parent::None, SpanKind::Producer, Vec::new(), Some("th:8")),
            (Parent::Local, SpanKind::Producer, Vec::new(), None),
            (Parent::Remote, SpanKind::Server, Vec::new(), Some("th:4")),
        ];
        for (parent, kind, attributes, expected) in cases {
            let about = format!("{parent:?}, {kind:?}, {attributes:?}");
            let span = (kind, &*attributes);
            let (is_sampled, state) = decide_about(text, parent, true, "th:4", ABOVE, span);
            assert_eq!(is_sampled, expected.is_some(), "{about}");
            assert_eq!(state.as_deref(), expected, "{about}");
        }
    }
}
