//! Compares the telemetry of a run with the registry.

use std::collections::BTreeSet;

use crate::check::{self, Seen};
use crate::registry::{Kind, Level, Registry, manifest};
use crate::scenarios;

#[tokio::test]
async fn a_run_records_what_the_registry_has_and_nothing_else() {
    let registry = Registry::read();
    let recorder = scenarios::run().await;
    let mut seen = Seen::new();
    for span in recorder.spans() {
        check::span(&registry, &span, &mut seen);
    }
    let resources = recorder.resource_metrics();
    let scopes = resources.iter().flat_map(|resource| resource.scope_metrics());
    for metric in scopes.flat_map(|scope| scope.metrics()) {
        check::metric(&registry, metric, &mut seen);
    }
    for group in &registry.groups {
        let mut references = group.references().peekable();
        let is_definition = group.id.starts_with("registry.") || group.kind == Kind::Event;
        assert!(
            is_definition || references.peek().is_some(),
            "{} has attributes",
            group.id
        );
        for reference in references {
            let pair = (group.id.clone(), reference.name.clone());
            assert!(
                seen.contains(&pair),
                "no scenario records {} of {}",
                reference.name,
                group.id
            );
        }
    }
}

#[tokio::test]
async fn attributes_that_are_opt_in_are_not_recorded_by_default() {
    let registry = Registry::read();
    let recorder = scenarios::run_defaults().await;
    let spans = recorder.spans();
    assert_eq!(
        spans.len(),
        7,
        "a server's, two calls and their attempts, a run and its node"
    );
    for span in spans {
        for reference in check::groups(&registry, &span)
            .iter()
            .flat_map(|group| group.references())
            .filter(|reference| reference.requirement_level == Level::OptIn)
        {
            let is_recorded = span
                .attributes
                .iter()
                .any(|attribute| attribute.key.as_str() == reference.name);
            assert!(!is_recorded, "{}: {} is opt-in", span.name, reference.name);
        }
    }
}

#[tokio::test]
async fn the_manifest_depends_on_the_conventions_that_the_crates_name() {
    let recorder = scenarios::run().await;
    let named: BTreeSet<String> = recorder
        .spans()
        .iter()
        .filter_map(|span| span.instrumentation_scope.schema_url().map(str::to_owned))
        .collect();
    let manifest = manifest();
    let dependencies: BTreeSet<String> = manifest
        .dependencies
        .into_iter()
        .map(|dependency| dependency.schema_url)
        .collect();
    assert_eq!(dependencies, named, "the schema URLs of the conventions");
    let version = manifest.schema_url.rsplit('/').next();
    assert_eq!(
        version,
        Some(env!("CARGO_PKG_VERSION")),
        "the registry has the crates' version"
    );
}
