//! The guide's page on configuration names every key and variable, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::keys::{
    CHECKED_VARIABLES, CONFIG, CONFIG_FILE, DISABLED, ENABLED, INSECURE, INSECURE_OF, KEYS, RESOURCE, RULES,
    SAMPLER_ARG, STRICT, UNSUPPORTED, VARIABLES,
};

#[test]
fn the_guide_names_every_key_and_variable() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/configuration.md");
    let page = std::fs::read_to_string(&path).expect("the guide's page on configuration");
    let quoted: BTreeSet<&str> = page
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(|code| code.split_once('=').map_or(code, |(name, _)| name))
        .collect();

    let variables: BTreeSet<&str> = VARIABLES
        .iter()
        .map(|(variable, _)| *variable)
        .chain(INSECURE_OF.iter().map(|(variable, _)| *variable))
        .chain(UNSUPPORTED.iter().map(|row| row.variable))
        .chain(CHECKED_VARIABLES.iter().map(|row| row.variable))
        .chain([
            CONFIG,
            CONFIG_FILE,
            ENABLED,
            STRICT,
            DISABLED,
            SAMPLER_ARG,
            INSECURE,
        ])
        .collect();
    let in_page: BTreeSet<&str> = quoted
        .iter()
        .copied()
        .filter(|name| name.starts_with("OTEL_") || name.starts_with("THROUGHLINE_"))
        .collect();
    assert_eq!(
        in_page, variables,
        "the variables of the page, and those that are read"
    );

    let rules = format!("{RULES}ROUTE");
    let resource = format!("{RESOURCE}KEY");
    let keys = KEYS
        .iter()
        .map(|(key, _)| *key)
        .chain([rules.as_str(), resource.as_str()]);
    for key in keys {
        assert!(quoted.contains(key), "the page does not name the key {key}");
    }
}
