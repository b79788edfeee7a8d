//! `semconv/registry`, as far as these tests need it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Returns the root folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema_url: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) schema_url: String,
}

pub(crate) fn manifest() -> Manifest {
    read(&root().join("semconv/registry/manifest.yaml"))
}

#[derive(Debug, Deserialize)]
struct File {
    groups: Vec<Group>,
}

/// A group of attributes, a metric, an event or a span.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// The name of an event or of a metric.
    #[serde(alias = "metric_name")]
    pub(crate) name: Option<String>,
    pub(crate) instrument: Option<Instrument>,
    pub(crate) unit: Option<String>,
    pub(crate) span_kind: Option<String>,
    pub(crate) annotations: Option<Annotations>,
    #[serde(rename = "display_name")]
    _display_name: Option<String>,
    #[serde(rename = "stability")]
    _stability: Option<Stability>,
    pub(crate) brief: String,
    #[serde(default)]
    pub(crate) note: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    AttributeGroup,
    Event,
    Metric,
    Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Instrument {
    Counter,
    Gauge,
    Histogram,
    UpDownCounter,
}

/// None of our names is stable yet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stability {
    Development,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Annotations {
    pub(crate) code_generation: CodeGeneration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeGeneration {
    pub(crate) metric_value_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Attribute {
    Definition(Definition),
    Reference(Reference),
}

/// The definition of an attribute.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) brief: String,
    #[serde(default)]
    pub(crate) note: String,
    /// Checked by weaver.
    #[serde(default, rename = "examples")]
    _examples: Option<yaml_serde::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Type {
    Simple(Simple),
    Enum { members: Vec<Member> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Simple {
    Boolean,
    Double,
    Int,
    String,
    #[serde(rename = "string[]")]
    Strings,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) value: String,
    pub(crate) brief: String,
}

/// A reference from a group to an attribute, with its condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    #[serde(rename = "ref")]
    pub(crate) name: String,
    pub(crate) requirement_level: Level,
    /// Whether samplers can read it.
    #[serde(default)]
    pub(crate) sampling_relevant: bool,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Required,
    ConditionallyRequired(String),
    OptIn,
}

impl Type {
    pub(crate) fn simple(&self) -> Simple {
        match self {
            Self::Simple(simple) => *simple,
            Self::Enum { .. } => Simple::String,
        }
    }
}

impl Group {
    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.attributes.iter().filter_map(|attribute| match attribute {
            Attribute::Reference(reference) => Some(reference),
            Attribute::Definition(_) => None,
        })
    }

    pub(crate) fn reference(&self, name: &str) -> Option<&Reference> {
        self.references().find(|reference| reference.name == name)
    }

    fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.attributes.iter().filter_map(|attribute| match attribute {
            Attribute::Definition(definition) => Some(definition),
            Attribute::Reference(_) => None,
        })
    }
}

/// The contents of all registry files.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) groups: Vec<Group>,
}

impl Registry {
    pub(crate) fn read() -> Self {
        let folder = root().join("semconv/registry");
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .expect("the registry")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| !path.ends_with("manifest.yaml"))
            .collect();
        files.sort();
        let groups = files.iter().flat_map(|path| read::<File>(path).groups).collect();
        Self { groups }
    }

    pub(crate) fn group(&self, id: &str) -> &Group {
        let found = self.groups.iter().find(|group| group.id == id);
        found.unwrap_or_else(|| panic!("the registry has no group {id}"))
    }

    /// Returns the attributes that the registry defines, by name.
    pub(crate) fn attributes(&self) -> BTreeMap<&str, &Definition> {
        let all = self.groups.iter().flat_map(Group::definitions);
        all.map(|definition| (definition.id.as_str(), definition))
            .collect()
    }

    /// Returns the names of attributes, metrics and events.
    pub(crate) fn names(&self) -> Vec<&str> {
        let signals = self.groups.iter().filter_map(|group| group.name.as_deref());
        self.attributes().into_keys().chain(signals).collect()
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).expect("a readable file");
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
