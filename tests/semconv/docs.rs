//! The tables in the docs between `<!-- semconv GROUP... -->` and `<!-- endsemconv -->`, which are generated
//! from the registry.

use std::fmt::Write as _;
use std::fs;

use crate::registry::{Group, Kind, Level, Reference, Registry, Simple, Type, root};
use crate::sources::walk;

/// Set to write the tables instead of comparing them.
const UPDATE: &str = "UPDATE_SEMCONV";

const BEGIN: &str = "<!-- semconv ";
const END: &str = "<!-- endsemconv -->";

#[test]
fn tables_in_the_docs_match_the_registry() {
    let registry = Registry::read();
    let mut shown = Vec::new();
    walk(root(), &mut |path| {
        let is_text = path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "md");
        if !is_text {
            return;
        }
        let text = fs::read_to_string(path).expect("a readable file");
        let made = with_tables(&text, &registry, &mut shown);
        if std::env::var_os(UPDATE).is_some() {
            if made != text {
                fs::write(path, made).expect("a writable file");
            }
        } else {
            assert!(
                made == text,
                "{}: a table differs from the registry: run `{UPDATE}=1 cargo test --test semconv`",
                path.display()
            );
        }
    });
    for group in registry
        .groups
        .iter()
        .filter(|group| !group.id.starts_with("registry."))
    {
        assert!(
            shown.contains(&group.id),
            "no table of the docs shows {}",
            group.id
        );
    }
}

/// Returns the text with regenerated tables. Adds the groups of its tables to `shown`.
fn with_tables(text: &str, registry: &Registry, shown: &mut Vec<String>) -> String {
    let mut made = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        made.push_str(line);
        // In Rust, the line starts with a comment marker.
        let Some((prefix, groups)) = line
            .split_once(BEGIN)
            .filter(|(prefix, _)| prefix.trim_end() == "//!" || prefix.is_empty())
        else {
            continue;
        };
        let groups = groups
            .trim_end()
            .strip_suffix(" -->")
            .expect("the end of the comment");
        let groups: Vec<&Group> = groups.split(' ').map(|id| registry.group(id)).collect();
        for row in table(&groups, registry).lines() {
            let _ = writeln!(made, "{prefix}{row}");
        }
        shown.extend(groups.iter().map(|group| group.id.clone()));
        let end = lines.find(|line| line.trim_end().ends_with(END));
        made.push_str(end.expect("the end of the table"));
    }
    made
}

fn table(groups: &[&Group], registry: &Registry) -> String {
    match groups.first().expect("a group").kind {
        Kind::AttributeGroup | Kind::Span => attributes(groups, registry),
        Kind::Event => events(groups),
        Kind::Metric => metrics(groups),
    }
}

fn attributes(groups: &[&Group], registry: &Registry) -> String {
    let definitions = registry.attributes();
    let mut table = "| attribute | type | condition | description |\n|---|---|---|---|\n".to_owned();
    for reference in groups.iter().flat_map(|group| group.references()) {
        let (kind, what) = match definitions.get(reference.name.as_str()) {
            Some(definition) => {
                let kind = match definition.kind.simple() {
                    Simple::Boolean => "boolean",
                    Simple::Double => "double",
                    Simple::Int => "int",
                    Simple::String => "string",
                    Simple::Strings => "string[]",
                };
                let mut what = sentences([&definition.brief, &definition.note]);
                if let Type::Enum { members } = &definition.kind {
                    for member in members {
                        let _ = write!(what, " `{}`: {}", member.value, member.brief);
                    }
                }
                (kind, what)
            }
            None => ("", "See OpenTelemetry's conventions.".to_owned()),
        };
        let _ = writeln!(
            table,
            "| `{}` | {kind} | {} | {what} |",
            reference.name,
            condition(reference)
        );
    }
    table
}

fn condition(reference: &Reference) -> String {
    let level = match &reference.requirement_level {
        Level::Required => "Always.".to_owned(),
        Level::ConditionallyRequired(condition) => condition.trim().to_owned(),
        Level::OptIn => "Opt-in.".to_owned(),
    };
    let start = if reference.sampling_relevant {
        "Set at the start."
    } else {
        ""
    };
    sentences([&level, &reference.note, start])
}

fn events(groups: &[&Group]) -> String {
    let mut table = "| event | attributes | description |\n|---|---|---|\n".to_owned();
    for group in groups {
        let name = group.name.as_deref().expect("a name");
        let attributes: Vec<String> = group
            .references()
            .map(|reference| format!("`{}`", reference.name))
            .collect();
        let what = sentences([&group.brief, &group.note]);
        let _ = writeln!(table, "| `{name}` | {} | {what} |", attributes.join(", "));
    }
    table
}

fn metrics(groups: &[&Group]) -> String {
    let mut table =
        "| metric | instrument | unit | attributes | description |\n|---|---|---|---|---|\n".to_owned();
    for group in groups {
        let name = group.name.as_deref().expect("a name");
        let instrument = format!("{:?}", group.instrument.expect("an instrument")).to_lowercase();
        let unit = match group.unit.as_deref().expect("a unit") {
            "" => String::new(),
            unit => format!("`{unit}`"),
        };
        let attributes: Vec<String> = group
            .references()
            .map(|reference| format!("`{}`", reference.name))
            .collect();
        let what = sentences([&group.brief, &group.note]);
        let _ = writeln!(
            table,
            "| `{name}` | {instrument} | {unit} | {} | {what} |",
            attributes.join(", ")
        );
    }
    table
}

fn sentences<const N: usize>(parts: [&str; N]) -> String {
    let parts = parts.map(str::trim);
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ").replace('|', "\\|")
}
