//! Files of any content.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::Api;
use crate::routing::{RequestedModel, Routes};

/// Values of any shape, with the keys that a configuration has.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(KEYS), inner, 0..6).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

const TEXTS: &[&str] = &[
    "",
    "*",
    "a/*",
    "$K",
    "openai",
    "http://h",
    "127.0.0.1:0",
    "30s",
    "-1s",
    "nan",
    "day",
    "m",
    "p",
    "openai/x",
    "\u{0}é",
];
const KEYS: &[&str] = &[
    "version",
    "listeners",
    "providers",
    "models",
    "llm_providers",
    "model_providers",
    "model_aliases",
    "tracing",
    "name",
    "api",
    "base_url",
    "key",
    "env",
    "file",
    "address",
    "port",
    "random_sampling",
    "timeouts",
    "header",
    "idle",
    "provider",
    "model",
    "targets",
    "fallbacks",
    "aliases",
    "weight",
    "target",
    "egress_traffic",
    "budgets",
    "by",
    "per",
    "tokens",
    "cost",
    "store",
    "redis",
    "retries",
    "attempts",
    "llm",
    "telemetry",
    "access_key",
    "callers",
    "circuit",
    "type",
];

proptest! {
    /// Whatever a file has, it is accepted or refused with a place, and nothing panics.
    #[test]
    fn any_value_is_accepted_or_refused(value in value()) {
        match Config::from_value(value) {
            Ok(config) => prop_assert!(config.listen_addresses().count() > 0, "at least one listener"),
            Err(error) => prop_assert!(!error.to_string().is_empty(), "a reason"),
        }
    }

    /// An accepted configuration can be printed, and can be routed by.
    #[test]
    fn models_of_any_form_are_routed_or_refused(
        names in prop::collection::vec("[a-c*/]{0,3}", 1..4),
        alias in "[a-c]{0,2}",
        weight in 0_u32..3,
        model in "[a-c]{1,3}",
    ) {
        let models: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "aliases": [format!("{alias}{name}")], "targets": [{"provider": "p", "weight": weight}]}))
            .collect();
        let file = json!({
            "providers": [{"name": "p", "api": "openai", "base_url": "http://p"}],
            "models": models,
        });
        if let Ok(config) = Config::from_value(file) {
            prop_assert!(config.to_string().contains("model "), "{config}");
            let routes = Routes::new(&config, &Environment::process()).expect("no key to read");
            let found = routes.find(Api::OpenAi, RequestedModel::Named(&model));
            let is_named = names.iter().any(|name| match name.strip_suffix('*') {
                Some(prefix) => model.starts_with(prefix),
                None => *name == model || format!("{alias}{name}") == model,
            });
            prop_assert_eq!(found.is_ok(), is_named, "{:?} {} {}", names, alias, model);
        }
    }
}
