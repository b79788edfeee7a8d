//! Compares the names in the sources with the registry.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::registry::{Registry, root};

const OURS: &str = "throughline.";

#[test]
fn the_registry_has_the_names_of_the_sources_and_no_others() {
    let registry = Registry::read();
    let published: BTreeSet<&str> = registry
        .names()
        .into_iter()
        .filter(|name| name.starts_with(OURS))
        .collect();
    let sources = sources();
    let mut used = BTreeSet::new();
    for (path, text) in &sources {
        for name in literals(text).filter(|name| is_name(name)) {
            assert!(
                published.contains(name),
                "{}: {name:?} is not in semconv/registry",
                path.display()
            );
            if !is_test(path) {
                used.insert(name);
            }
        }
    }
    let unused: Vec<_> = published.difference(&used).collect();
    assert!(unused.is_empty(), "in the registry, but in no source: {unused:?}");
}

#[test]
fn the_registry_has_the_names_of_the_legacy_systems_and_no_others() {
    let registry = Registry::read();
    let published: BTreeSet<&str> = registry.attributes().into_keys().collect();
    let mut used = BTreeSet::from(["direction"]);
    for (path, text) in sources() {
        if !path.ends_with("semconv.rs") {
            continue;
        }
        for module in ["legacy", "tinyllm"] {
            let Some((_, module)) = text.split_once(&format!("mod {module} {{")) else {
                continue;
            };
            let (constants, _) = module.split_once("\n}").expect("the end of the module");
            for name in constants.split('"').skip(1).step_by(2) {
                // Span names: `node.` is followed by a type.
                if ["graph.execute", "node."].contains(&name) {
                    continue;
                }
                let name = published.get(name);
                used.insert(
                    name.unwrap_or_else(|| panic!("{}: {name:?} is not in semconv/registry", path.display())),
                );
            }
        }
    }
    let unused: Vec<_> = published
        .iter()
        .filter(|name| !name.starts_with(OURS))
        .filter(|name| !used.contains(*name))
        .collect();
    assert!(unused.is_empty(), "in the registry, but in no source: {unused:?}");
}

/// Returns all source files of all crates. The paths start at the root of the workspace: the names of the
/// folders above it do not affect the check.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    walk(root(), &mut |path| {
        let relative = path.strip_prefix(root()).expect("a file of the workspace");
        let is_source = path.extension().is_some_and(|extension| extension == "rs")
            && relative
                .components()
                .any(|component| component.as_os_str() == "src");
        if is_source {
            let text = fs::read_to_string(path).expect("a readable file");
            sources.push((relative.to_owned(), text));
        }
    });
    assert!(sources.len() > 100, "found only {} source files", sources.len());
    sources
}

/// Calls `see` with every file of the workspace, except build output, tests and benchmarks.
pub(crate) fn walk(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            let is_skipped = name.starts_with('.') || ["target", "benches"].contains(&name);
            // Skips only the folder of the workspace, because a crate's `tests` module may contain a name.
            let is_skipped = is_skipped || path == root().join("tests");
            if !is_skipped {
                walk(&path, see);
            }
        } else {
            see(&path);
        }
    }
}

fn is_test(path: &Path) -> bool {
    let mut components = path.components().map(|component| component.as_os_str());
    components.any(|component| {
        ["tests", "tests.rs", "fixture.rs"]
            .iter()
            .any(|test| component == *test)
    })
}

/// Yields the quoted strings that start like our names.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("\"throughline.").filter_map(|(at, _)| {
        let literal = text.get(at + 1..)?;
        literal.split_once('"').map(|(literal, _)| literal)
    })
}

/// Returns whether a string is a complete name, and not a prefix or a line of a test expectation.
fn is_name(literal: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'.', b'_'].contains(&byte);
    literal.bytes().all(is_letter) && !literal.ends_with('.')
}
