//! The guide is whole: every page is in the summary and is compiled, and every link leads somewhere.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails with a message")]

mod guide;

use std::collections::BTreeSet;
use std::path::Path;

use self::guide::{blocks, pages, read, source};

#[test]
fn every_page_is_in_the_summary_and_is_compiled() {
    let on_disk: BTreeSet<String> = pages().iter().map(|page| name(page)).collect();
    let summary = read(&source().join("SUMMARY.md"));
    let in_summary: BTreeSet<String> = links(&summary).into_iter().collect();
    assert_eq!(
        in_summary, on_disk,
        "the pages of SUMMARY.md, and those in docs/src"
    );

    // The pages about client libraries are compiled where those libraries are dependencies.
    let libraries = [
        ("../lib.rs", "include_str!(\"src/"),
        (
            "../../tests/clients/src/lib.rs",
            "include_str!(\"../../../docs/src/",
        ),
    ];
    let mut compiled = BTreeSet::new();
    for (library, start) in libraries {
        let library = read(&source().join(library));
        let paths = library
            .split(start)
            .skip(1)
            .filter_map(|rest| rest.split_once('"'));
        for (path, _) in paths {
            assert!(compiled.insert(path.to_owned()), "{path} is compiled twice");
        }
    }
    assert_eq!(
        compiled, on_disk,
        "the pages that docs/lib.rs and tests/clients compile, and those in docs/src"
    );
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let mut checked = 0;
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            let target = page.parent().expect("a folder").join(path);
            assert!(
                target.exists(),
                "{}: the link {link:?} leads to no file",
                name(&page)
            );
            checked += 1;
        }
    }
    assert!(checked > 5, "only {checked} links were found");
}

#[test]
fn code_blocks_name_a_language_that_is_checked_or_is_data() {
    // `rust` is compiled by docs/lib.rs. `sh`, and the commands in `text`, are run by tests/commands.rs.
    const LANGUAGES: &[&str] = &["rust", "sh", "text", "toml", "yaml", "json", "promql"];
    for page in pages() {
        let text = read(&page);
        let fences = text.lines().filter_map(|line| line.strip_prefix("```"));
        for (index, info) in fences.enumerate() {
            if index % 2 == 1 {
                assert_eq!(info, "", "{}: a block ends with ```", name(&page));
                continue;
            }
            let mut words = info.split(',');
            let language = words.next().unwrap_or_default();
            assert!(
                LANGUAGES.contains(&language),
                "{}: the language {language:?}",
                name(&page)
            );
            assert!(
                words.all(|word| word == "no_run"),
                "{}: {info:?} would not be compiled",
                name(&page)
            );
        }
    }
}

/// Pages used crates that their manifest did not name, so that a reader met an unresolved import.
#[test]
fn a_page_with_a_manifest_names_every_crate_that_its_code_uses() {
    let mut checked = 0;
    for page in pages() {
        let text = read(&page);
        let dependencies = blocks(&text, "toml").join("\n");
        let names = dependencies.lines().filter_map(|line| line.split_once(" = "));
        let named: BTreeSet<String> = names.map(|(name, _)| name.replace('-', "_")).collect();
        if !named.contains("throughline") {
            continue;
        }
        let allowed = match name(&page).as_str() {
            // It adds to a service that has these.
            "existing-service.md" => &[
                "axum",
                "reqwest",
                "reqwest_middleware",
                "tower_http",
                "tracing_subscriber",
            ][..],
            // Its second part adds to a service with axum.
            "clients/reqwest.md" => &["axum"],
            "streaming.md" => &["axum", "tower"],
            _ => &[],
        };
        for block in blocks(&text, "rust") {
            let lines = block
                .lines()
                .filter_map(|line| line.trim_start_matches("# ").strip_prefix("use "));
            let crates = lines.filter_map(|line| line.split([':', ';', ' ']).next());
            for used in crates.filter(|used| !matches!(*used, "std" | "super" | "crate")) {
                let is_hidden = block.contains(&format!("# use {used} as "));
                assert!(
                    named.contains(used) || allowed.contains(&used) || is_hidden,
                    "{}: the code uses {used}, and no manifest of the page names it",
                    name(&page)
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "only {checked} imports were found");
}

fn name(page: &Path) -> String {
    let name = page.strip_prefix(source()).expect("a page of the guide");
    name.to_string_lossy().replace('\\', "/")
}

/// The targets of all links in the text of a page, outside of code blocks.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        found.extend(targets.map(|(target, _)| target.to_owned()));
    }
    found
}
