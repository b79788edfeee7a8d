//! Look-ups by the names of models.

use super::*;

#[test]
fn costs() {
    let prices = Prices::new()
        .with_price("gpt-4o", Price::new(2.0, 8.0).with_cache(1.0, 4.0))
        .with_price("gpt-4o-mini", Price::new(0.5, 1.0).with_cache(0.5, 0.5));
    let usage = BilledUsage::new()
        .with_count(BilledPart::Input, 500_000)
        .with_count(BilledPart::CacheRead, 250_000)
        .with_count(BilledPart::CacheWrite5m, 250_000)
        .with_count(BilledPart::Output, 500_000);
    let unknown = Cost::Unpriced(vec![Unpriced::Model]);
    let cases = [
        ([Some("gpt-4o"), None], Cost::Priced(1.0 + 0.25 + 1.0 + 4.0)),
        ([Some("gpt-4o-2024-08-06"), None], Cost::Priced(6.25)),
        ([Some("gpt-4o-mini-2024-07-18"), None], Cost::Priced(1.0)),
        ([Some("unheard-of"), Some("gpt-4o-mini")], Cost::Priced(1.0)),
        ([Some("gpt-4o-mini"), Some("gpt-4o")], Cost::Priced(1.0)),
        ([Some("gpt-4o@2024"), None], Cost::Priced(6.25)),
        ([Some("gpt-4"), None], unknown.clone()),
        ([Some("gpt-4o.1"), None], unknown.clone()),
        // OpenRouter's variants of another price.
        ([Some("gpt-4o:extended"), None], unknown.clone()),
        ([None, None], unknown),
    ];
    for ([response_model, request_model], expected) in cases {
        let call = BilledCall {
            provider: "openai",
            request_model,
            response_model,
            usage: &usage,
        };
        let models = [response_model, request_model];
        assert_eq!(prices.cost(&call), expected, "the cost of {models:?}");
    }
}

/// A public table names thousands of models, which must not all keep their labels in the metrics.
#[test]
fn a_public_table_names_no_models_of_the_users() {
    let public = Prices::from_json(LITELLM).expect("LiteLLM's table");
    assert!(!public.names("gpt-5.2"), "a row of the table");
    assert!(!public.has("gpt-5.2-2025-12-11"), "a version of one");
    let named = public.with_price("gpt-5.2", Price::new(9.0, 9.0));
    assert!(named.names("gpt-5.2"), "the user's own price");
    let seen = cost(&named, "openai", "gpt-5.2", &input());
    assert_eq!(seen, Cost::Priced(9.0), "it replaces the table's");
    assert!(!named.names("gpt-audio"), "another row of the table");
}

#[test]
fn names_that_differ_in_a_dot_only_keep_their_own_price() {
    let prices = Prices::new()
        .with_price("mistral-medium-3.5", Price::new(1.0, 1.0))
        .with_price("mistral-medium-3-5", Price::new(2.0, 2.0));
    for (model, expected) in [("mistral-medium-3.5", 1.0), ("mistral-medium-3-5", 2.0)] {
        let seen = cost(&prices, "mistral_ai", model, &input());
        assert_eq!(seen, Cost::Priced(expected), "{model}");
    }
}
