//! A value of the file with its path, and a mapping whose keys are taken one by one.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::report::Report;
use crate::error::InitError;

/// A value and its path, such as `tracer_provider.processors[0]`.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> Node<'a> {
    /// Returns whether the value is null, which stands for the default.
    pub(super) fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// Returns the error for a value that is not accepted.
    pub(super) fn refused(&self, report: &Report, accepted: impl Display) -> InitError {
        report.not_accepted(&self.path, self.value, accepted)
    }

    /// Warns that the value has no effect.
    pub(super) fn ignore(&self, report: &mut Report, reason: &str, used: &str) {
        report.ignore(&self.path, self.value, reason, used);
    }

    pub(super) fn text(&self, report: &Report) -> Result<&'a str, InitError> {
        self.value.as_str().ok_or_else(|| self.refused(report, "a text"))
    }

    pub(super) fn boolean(&self, report: &Report) -> Result<bool, InitError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.refused(report, "true or false"))
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>, report: &Report) -> Result<u64, InitError> {
        let number = self.value.as_u64().filter(|number| range.contains(number));
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| self.refused(report, expected()))
    }

    pub(super) fn number(&self, range: RangeInclusive<f64>, report: &Report) -> Result<f64, InitError> {
        let number = self.value.as_f64().filter(|number| range.contains(number));
        let expected = || format!("a number from {:?} to {:?}", range.start(), range.end());
        number.ok_or_else(|| self.refused(report, expected()))
    }

    /// Returns the items of a list. A list that is null is empty.
    pub(super) fn items(&self, report: &Report) -> Result<Vec<Self>, InitError> {
        let items = match self.value {
            Value::Null => &[],
            Value::Array(items) => items.as_slice(),
            _ => return Err(self.refused(report, "a list")),
        };
        let item = |(at, value)| Self {
            path: format!("{}[{at}]", self.path),
            value,
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Returns the strings of a list.
    pub(super) fn strings(&self, report: &Report) -> Result<Vec<String>, InitError> {
        let items = self.items(report)?;
        let strings = items.iter().map(|item| item.text(report).map(str::to_owned));
        strings.collect()
    }

    /// Returns what a name stands for.
    pub(super) fn choice<T: Clone>(&self, choices: &[(&str, T)], report: &Report) -> Result<T, InitError> {
        let name = self.text(report)?;
        let choice = choices.iter().find(|(other, _)| *other == name);
        choice.map(|(_, choice)| choice.clone()).ok_or_else(|| {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.refused(report, format!("one of {}", names.join(", ")))
        })
    }

    /// Returns what the names of a list stand for.
    pub(super) fn choices<T: Clone>(
        &self,
        choices: &[(&str, T)],
        report: &Report,
    ) -> Result<Vec<T>, InitError> {
        let items = self.items(report)?;
        items.iter().map(|item| item.choice(choices, report)).collect()
    }

    /// Returns the members of a mapping. A mapping that is null is empty.
    pub(super) fn section(&self, report: &Report) -> Result<Section<'a>, InitError> {
        let members = match self.value {
            Value::Null => None,
            Value::Object(members) => Some(members),
            _ => return Err(self.refused(report, "a mapping")),
        };
        Ok(Section {
            path: self.path.clone(),
            members,
            taken: BTreeSet::new(),
        })
    }

    /// Returns the only member of a mapping, which names a component.
    pub(super) fn component(&self, report: &Report) -> Result<(&'a str, Self), InitError> {
        let members = self.value.as_object().filter(|members| members.len() == 1);
        let member = members.and_then(|members| members.iter().next());
        let Some((name, value)) = member else {
            return Err(self.refused(report, "a mapping with one key, which names the component"));
        };
        let path = format!("{}.{name}", self.path);
        Ok((name, Self { path, value }))
    }
}

/// A mapping. The keys that are not taken are unknown.
#[derive(Debug)]
pub(super) struct Section<'a> {
    path: String,
    members: Option<&'a Map<String, Value>>,
    taken: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn of_root(members: &'a Map<String, Value>) -> Self {
        Self {
            path: String::new(),
            members: Some(members),
            taken: BTreeSet::new(),
        }
    }

    /// Returns a member, also if it is null.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.taken.insert(key);
        let value = self.members?.get(key)?;
        Some(Node {
            path: self.path_of(key),
            value,
        })
    }

    /// Returns a member that is not null.
    pub(super) fn take_set(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.take(key).filter(|node| !node.is_null())
    }

    /// Returns a member that must be there.
    pub(super) fn require(&mut self, key: &'static str, report: &Report) -> Result<Node<'a>, InitError> {
        let path = self.path_of(key);
        self.take(key).ok_or_else(|| report.missing(&path))
    }

    /// Warns of a property that this crate does not support, unless it has its default.
    pub(super) fn unsupported(
        &mut self,
        key: &'static str,
        default: &Value,
        used: &str,
        report: &mut Report,
    ) {
        if let Some(node) = self.take_set(key).filter(|node| node.value != default) {
            node.ignore(report, "it is not supported", used);
        }
    }

    /// Warns of the members that were not taken. Those in development may be skipped.
    pub(super) fn finish(self, report: &mut Report) {
        for (key, value) in self.members.into_iter().flatten() {
            if !self.taken.contains(key.as_str()) && !key.ends_with(DEVELOPMENT) {
                let node = Node {
                    path: self.path_of(key),
                    value,
                };
                node.ignore(report, "the property is unknown", "no such property");
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        match &*self.path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

/// The end of names that may still change.
const DEVELOPMENT: &str = "/development";
