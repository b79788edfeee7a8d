//! Reads the keys of a table, whatever its format was.
//!
//! The file of another system may contain our keys beside its own. Two are recognised: TaskWeaver's project
//! file by its keys, which start with `tracing.`, and Arch's configuration by its `listeners`. Their other
//! keys are left alone. In any other file, an unknown key is an error.

use std::cmp::Reverse;
use std::iter;

use serde_json::{Map, Value};

use crate::config::fields::Field;
use crate::config::keys::{KEYS, LISTENERS, RESOURCE, RULES, TRACING, TRACING_ENABLED, TRACING_SAMPLING};
use crate::config::similar::similar;
use crate::config::{Exporter, Exporters, TelemetryConfig};
use crate::error::{ConfigSource, InitError};

/// Reads a table.
pub(super) fn read(table: &Map<String, Value>, place: &ConfigSource) -> Result<TelemetryConfig, InitError> {
    let is_taskweaver = table.keys().any(|key| key.starts_with(TRACING));
    let is_arch = matches!(table.get(LISTENERS), Some(Value::Array(_) | Value::Object(_)));
    let mut reader = TableReader {
        config: TelemetryConfig::default(),
        place,
        is_foreign: is_taskweaver || is_arch,
        set: Vec::new(),
    };
    reader.table("", table)?;
    match table.get(LISTENERS) {
        Some(Value::Array(listeners)) => {
            for (at, listener) in listeners.iter().enumerate() {
                reader.listener(&format!("{LISTENERS}[{at}]"), listener)?;
            }
        }
        // Before version 0.4 of Arch.
        Some(Value::Object(listeners)) => {
            for (name, listener) in listeners {
                reader.listener(&format!("{LISTENERS}.{name}"), listener)?;
            }
        }
        _ => {}
    }
    Ok(reader.finish())
}

/// A configuration that is being read.
struct TableReader<'a> {
    config: TelemetryConfig,
    place: &'a ConfigSource,
    /// Whether the file is that of another system.
    is_foreign: bool,
    set: Vec<SetField>,
}

/// A field that is already set, with its key and value.
struct SetField {
    field: Field,
    key: String,
    text: String,
}

impl TableReader<'_> {
    fn table(&mut self, prefix: &str, table: &Map<String, Value>) -> Result<(), InitError> {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            if key == LISTENERS && self.is_foreign {
                continue;
            }
            match value {
                Value::Object(inner) if is_section(&key) => self.table(&format!("{key}."), inner)?,
                Value::Object(_) => self.unknown(&key)?,
                value => self.value(&key, &key, value)?,
            }
        }
        Ok(())
    }

    /// Reads the `tracing` section of one of Arch's listeners.
    fn listener(&mut self, place: &str, listener: &Value) -> Result<(), InitError> {
        let section = TRACING.trim_end_matches('.');
        let Some(Value::Object(tracing)) = listener.get(section) else {
            return Ok(());
        };
        for (name, value) in tracing {
            let key = format!("{TRACING}{name}");
            self.value(&key, &format!("{place}.{key}"), value)?;
        }
        Ok(())
    }

    /// Sets one value. `written` is the key as it is written, for errors.
    fn value(&mut self, key: &str, written: &str, value: &Value) -> Result<(), InitError> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(list) if is_list(key) => listed(list),
            other => other.to_string(),
        };
        let done = if let Some(route) = key.strip_prefix(RULES) {
            if value.is_null() {
                return Ok(());
            }
            self.config.set_rule(route, &text)
        } else if let Some(attribute) = key.strip_prefix(RESOURCE) {
            if !value.is_null() {
                self.config
                    .set_resource_attribute(attribute.to_owned(), text.clone());
            }
            Ok(())
        } else if let Some((_, field)) = KEYS.iter().find(|(name, _)| *name == key) {
            // A value of null is unset.
            if value.is_null() {
                return Ok(());
            }
            self.claim(*field, written, &text)?;
            self.config.set(*field, &text)
        } else {
            return self.unknown(written);
        };
        done.map_err(|accepted| InitError::not_accepted(self.place.clone(), written, text, accepted))
    }

    /// Records that a field is set, or fails if another key has set it. Listeners may agree on a value.
    fn claim(&mut self, field: Field, key: &str, text: &str) -> Result<(), InitError> {
        let field = field.canonical();
        if let Some(other) = self.set.iter().find(|other| other.field == field) {
            let are_listeners = key.starts_with(LISTENERS) && other.key.starts_with(LISTENERS);
            if !(are_listeners && other.text == text) {
                return Err(InitError::duplicate(self.place, &other.key, key));
            }
        }
        self.set.push(SetField {
            field,
            key: key.to_owned(),
            text: text.to_owned(),
        });
        Ok(())
    }

    /// Refuses a key, unless it belongs to the system whose file this is.
    fn unknown(&self, key: &str) -> Result<(), InitError> {
        // A section is meant only by a key that names one.
        let sections = KEYS.iter().filter_map(|(key, _)| Some(key.split_once('.')?.0));
        let sections = sections.chain([RULES, RESOURCE].map(|prefix| prefix.trim_end_matches('.')));
        let sections = sections.filter(|_| !key.contains('.'));
        let candidates = KEYS.iter().map(|(key, _)| *key).chain(sections);
        let similar = similar(key, candidates);
        if self.is_foreign && similar.is_none() && !key.contains(TRACING) {
            return Ok(());
        }
        let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
        let keys = format!("{}, {RULES}ROUTE, {RESOURCE}KEY", keys.join(", "));
        Err(InitError::unknown_key(self.place, key, similar, &keys))
    }

    fn finish(mut self) -> TelemetryConfig {
        let has = |field: Field| self.set.iter().any(|set| set.field == field);
        let is_named = |name: &str| self.set.iter().any(|set| set.key.ends_with(name));
        let config = &mut self.config;
        // In Arch, a rate in the section turns tracing on.
        let is_sampled = is_named(TRACING_SAMPLING) && config.sampling_rate > 0.0;
        if !has(Field::Enabled) && is_sampled {
            config.enabled = true;
        }
        // In TaskWeaver and Arch, the exporter is OTLP. In TinyLLM, it is the console.
        let wants_otlp = is_named(TRACING_ENABLED) || has(Field::Endpoint) || is_sampled;
        if !has(Field::Exporter) && wants_otlp {
            config.exporter = Exporter::Otlp.into();
        }
        config.provenance.is_enabled_set = has(Field::Enabled);
        config.provenance.is_exporter_set = has(Field::Exporter) || wants_otlp;
        if config.startup_hook.is_some() {
            config.turn_on_for_hook();
        }
        // Tables have no order: sort the most specific rule first.
        config
            .sampling_rules
            .sort_by_key(|rule| (rule.route.ends_with('*'), Reverse(rule.route.len())));
        self.config
    }
}

impl TelemetryConfig {
    /// Turns telemetry on for a start-up hook, unless it was turned off explicitly. The hook adds what is
    /// exported, so that there is no exporter unless one is set.
    pub(super) fn turn_on_for_hook(&mut self) {
        if self.enabled || self.provenance.is_enabled_set {
            return;
        }
        self.enabled = true;
        if !self.provenance.is_exporter_set {
            self.exporter = Exporters::default();
        }
    }
}

/// Whether keys start with this one.
fn is_section(key: &str) -> bool {
    let section = format!("{key}.");
    let names = KEYS.iter().map(|(name, _)| *name);
    [RULES, RESOURCE].iter().any(|prefix| section.starts_with(prefix))
        || names
            .chain(iter::once(RULES))
            .any(|name| name.starts_with(&section))
}

fn is_list(key: &str) -> bool {
    KEYS.iter().any(|(name, field)| *name == key && field.is_list())
}

/// Formats a list like the corresponding variable.
fn listed(list: &[Value]) -> String {
    let names = list
        .iter()
        .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    names.collect::<Vec<_>>().join(",")
}
