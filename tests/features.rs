//! Checks the features of the facade: the manifest and the docs describe them equally, and `full` has them
//! all.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

const MANIFEST: &str = include_str!("../Cargo.toml");
const DOCS: &str = include_str!("../src/lib.rs");

/// Returns the comment above each feature in the manifest.
fn comments() -> BTreeMap<String, String> {
    let (_, features) = MANIFEST
        .split_once("\n[features]\n")
        .expect("a section of features");
    let (features, _) = features.split_once("\n[").expect("another section behind it");
    let mut comment = String::new();
    let mut comments = BTreeMap::new();
    for line in features.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            text.clone_into(&mut comment);
        } else if let Some((name, _)) = line.split_once(" = ").filter(|(name, _)| *name != "default") {
            comments.insert(name.to_owned(), std::mem::take(&mut comment));
        }
    }
    comments
}

/// Returns the rows of the table in the crate documentation, without link brackets and the number of crates.
fn rows() -> BTreeMap<String, String> {
    let (_, table) = DOCS
        .split_once("//! | feature | adds | crates |\n")
        .expect("the table");
    let lines = table.lines().take_while(|line| line.starts_with("//! |"));
    let cells = lines.filter_map(|line| {
        let (name, text) = line.strip_prefix("//! | `")?.split_once("` | ")?;
        let (text, crates) = text.strip_suffix(" |")?.rsplit_once(" | ")?;
        assert!(crates.parse::<u16>().is_ok(), "{name}: a number of crates");
        Some((name.to_owned(), text.replace("[`", "`").replace("`]", "`")))
    });
    cells.collect()
}

#[test]
fn manifest_and_docs_have_the_same_text() {
    assert_eq!(
        comments(),
        rows(),
        "the comments of [features] and the table in src/lib.rs"
    );
}

#[test]
fn full_has_every_feature() {
    let manifest: Table = MANIFEST.parse().expect("a manifest");
    let features = manifest["features"].as_table().expect("a table");
    let named = features["full"].as_array().expect("a list");
    let named: BTreeSet<&str> = named.iter().filter_map(|name| name.as_str()).collect();
    let all = features.keys().map(String::as_str);
    let all: BTreeSet<&str> = all.filter(|name| !["default", "full"].contains(name)).collect();
    assert_eq!(named, all, "the features in `full`");
}
