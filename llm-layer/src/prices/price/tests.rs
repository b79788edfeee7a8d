//! What calls cost by the prices of a model.

use super::*;
use BilledPart::{
    CacheRead, CacheWrite1h, CacheWrite5m, Input, InputAudio, Output, Reasoning, Request, WebSearch,
};

const MILLION: u64 = 1_000_000;

fn usage(parts: &[(BilledPart, u64)]) -> BilledUsage {
    parts.iter().fold(BilledUsage::new(), |usage, (part, count)| {
        usage.with_count(*part, *count)
    })
}

fn parts(parts: &[BilledPart]) -> Cost {
    Cost::Unpriced(parts.iter().map(|part| Unpriced::Part(*part)).collect())
}

#[test]
fn every_part_needs_a_price() {
    let price = Price::new(3.0, 15.0).with_cache(0.5, 4.0);
    let used = [
        (Input, MILLION),
        (CacheRead, MILLION),
        (CacheWrite5m, MILLION),
        (Output, MILLION),
    ];
    assert_eq!(price.cost(&usage(&used)), Cost::Priced(22.5), "all have one");
    let hour = usage(&used).with_count(CacheWrite1h, 1);
    assert_eq!(price.cost(&hour), parts(&[CacheWrite1h]), "a write for an hour");
    let several = hour.with_count(InputAudio, 5).with_count(WebSearch, 1);
    assert_eq!(
        price.cost(&several),
        parts(&[InputAudio, CacheWrite1h, WebSearch]),
        "several parts without a price"
    );
    let priced = price
        .with(CacheWrite1h, 6.0)
        .with(InputAudio, 0.0)
        .with(WebSearch, 0.25);
    let cost = priced.cost(&several.with_count(CacheWrite1h, MILLION));
    assert_eq!(cost, Cost::Priced(28.75), "they have one now");
}

#[test]
fn reasoning_has_the_price_of_output() {
    let used = usage(&[(Output, MILLION), (Reasoning, MILLION)]);
    let price = Price::new(1.0, 2.0).with_service_tier("flex", Price::new(0.5, 1.0));
    assert_eq!(price.cost(&used), Cost::Priced(4.0), "without one of its own");
    let flex = used.clone().with_service_tier("flex");
    assert_eq!(price.cost(&flex), Cost::Priced(2.0), "in a tier");
    let price = price.with(Reasoning, 3.0);
    assert_eq!(price.cost(&used), Cost::Priced(5.0), "with one of its own");
    assert_eq!(price.cost(&flex), parts(&[Reasoning]), "in a tier without it");
}

#[test]
fn a_service_tier_needs_its_own_prices() {
    let price = Price::new(2.0, 8.0)
        .with_cache(1.0, 2.5)
        .with(WebSearch, 0.5)
        .with_service_tier("Flex", Price::new(1.0, 4.0));
    let used = usage(&[(Input, MILLION), (WebSearch, 1)]);
    for standard in ["default", "standard", "auto", "ON_DEMAND", ""] {
        let used = used.clone().with_service_tier(standard);
        assert_eq!(price.cost(&used), Cost::Priced(2.5), "the tier {standard:?}");
    }
    let flex = used.clone().with_service_tier("ON_DEMAND_FLEX");
    assert_eq!(price.cost(&flex), Cost::Priced(1.5), "searches cost what they do");
    let cached = flex.with_count(CacheRead, 1);
    assert_eq!(
        price.cost(&cached),
        parts(&[CacheRead]),
        "a part without it there"
    );
    let priority = used.with_service_tier("priority");
    let expected = Cost::Unpriced(vec![Unpriced::ServiceTier("priority".to_owned())]);
    assert_eq!(price.cost(&priority), expected, "a tier without prices");
}

#[test]
fn long_prompts_have_the_prices_of_their_step() {
    let price = Price::new(1.0, 2.0)
        .with(WebSearch, 0.5)
        .with_cache(0.5, 1.0)
        .with_context_over(200_000, Price::new(3.0, 4.0))
        .with_context_over(100_000, Price::new(2.0, 3.0))
        .with_service_tier("flex", Price::new(0.5, 1.0));
    let used = usage(&[(Input, MILLION), (WebSearch, 1)]);
    for (context, expected) in [(100_000, 1.5), (100_001, 2.5), (200_000, 2.5), (200_001, 3.5)] {
        let used = used.clone().with_context(context);
        assert_eq!(price.cost(&used), Cost::Priced(expected), "{context} tokens");
    }
    let cached = used.clone().with_count(CacheRead, 1).with_context(150_000);
    assert_eq!(
        price.cost(&cached),
        parts(&[CacheRead]),
        "a part without it there"
    );
    let flex = used.with_service_tier("flex").with_context(250_000);
    let expected = Cost::Unpriced(vec![Unpriced::ContextOver(200_000)]);
    assert_eq!(price.cost(&flex), expected, "a tier without the step");
}

#[test]
fn several_prompts_on_both_sides_of_a_step_are_not_priced() {
    let price = Price::new(1.0, 2.0).with_context_over(200_000, Price::new(3.0, 4.0));
    let spread = |smallest, largest| {
        let mut usage = usage(&[(Input, MILLION)]);
        usage.prompts = (smallest, largest);
        usage
    };
    for (name, usage, expected) in [
        ("below", spread(1, 200_000), Cost::Priced(1.0)),
        ("above", spread(200_001, 300_000), Cost::Priced(3.0)),
        (
            "both",
            spread(1, 300_000),
            Cost::Unpriced(vec![Unpriced::ContextOver(200_000)]),
        ),
    ] {
        assert_eq!(price.cost(&usage), expected, "prompts {name} the step");
    }
}

#[test]
fn regions_and_modes_multiply_tokens() {
    let price = Price::new(10.0, 20.0)
        .with(WebSearch, 0.5)
        .with_multiplier("US", 1.5)
        .with_multiplier("fast", 2.0);
    let used = usage(&[(Input, MILLION), (WebSearch, 1)]);
    let us = used.clone().with_region("us");
    assert_eq!(price.cost(&us), Cost::Priced(15.5), "a region");
    let fast = us.with_service_tier("fast");
    assert_eq!(price.cost(&fast), Cost::Priced(30.5), "both");
    let global = used.clone().with_region("global");
    assert_eq!(
        price.cost(&global),
        Cost::Priced(10.5),
        "a region that does not matter"
    );
    let expected = Cost::Unpriced(vec![Unpriced::Region("eu".to_owned())]);
    assert_eq!(
        price.cost(&used.with_region("eu")),
        expected,
        "a region without factor"
    );
}

#[test]
fn a_request_is_free_without_a_price() {
    let used = usage(&[(Input, MILLION)]);
    assert_eq!(Price::new(1.0, 2.0).cost(&used), Cost::Priced(1.0), "without one");
    let price = Price::new(1.0, 2.0).with(Request, 0.25);
    assert_eq!(price.cost(&used), Cost::Priced(1.25), "with one");
}
