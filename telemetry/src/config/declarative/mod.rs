//! The declarative configuration of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk/>).
//!
//! A file is read into the same configuration as our keys and variables, so what that cannot hold is not
//! supported: two exporters of one kind for a signal are an error, so are two values of a setting that
//! components share, and other properties warn.

mod exporter;
mod metrics;
mod node;
mod processor;
mod report;
mod resource;
mod sampler;
#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests;
mod traces;
mod views;

use std::fs;
use std::path::Path;

use serde_json::Value;

use self::node::{Node, Section};
use self::report::Report;
use crate::config::expected::Expected;
use crate::config::features::YAML;
use crate::config::fields::Field;
use crate::config::overlay::Overlay;
use crate::config::variables::Variables;
use crate::config::yaml::{self, Scalars};
use crate::config::{Exporter, Exporters, Propagator, TelemetryConfig};
use crate::error::{ConfigSource, InitError};
use crate::signal::Signal;

impl TelemetryConfig {
    /// Reads the declarative configuration of OpenTelemetry, in YAML, as `OTEL_CONFIG_FILE` does. References
    /// such as `${NAME:-default}` are replaced by the variables of the process; other variables have no
    /// effect.
    ///
    /// [The crate's documentation](crate#the-declarative-configuration) lists what is supported. Properties
    /// that are unknown or not supported are ignored with a warning, see
    /// [`ignored_variables`](Self::ignored_variables).
    ///
    /// # Errors
    /// Returns an error if the feature `yaml` is disabled, or if the file cannot be read, is not YAML, has
    /// another major version, or has a value or a component that is not accepted.
    pub fn from_declarative_file(path: impl AsRef<Path>) -> Result<Self, InitError> {
        read_file(path.as_ref(), &Variables::from_process())
    }

    /// Reads the declarative configuration, like [`from_declarative_file`](Self::from_declarative_file).
    ///
    /// # Errors
    /// See [`from_declarative_file`](Self::from_declarative_file).
    ///
    /// ```
    /// use throughline_telemetry::{Exporter, TelemetryConfig};
    ///
    /// let config = TelemetryConfig::from_declarative_str("
    /// file_format: '1.0'
    /// tracer_provider:
    ///   processors:
    ///     - batch:
    ///         exporter:
    ///           otlp_http:
    ///             endpoint: http://localhost:4318/v1/traces
    /// ")?;
    /// assert!(config.enabled);
    /// assert!(config.ignored_variables().is_empty());
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn from_declarative_str(text: &str) -> Result<Self, InitError> {
        read(text, &Variables::from_process(), ConfigSource::Text)
    }
}

/// Reads a file, with the variables that it refers to.
pub(super) fn read_file(path: &Path, variables: &Variables) -> Result<TelemetryConfig, InitError> {
    let text = fs::read_to_string(path)
        .map_err(|error| InitError::unreadable("the configuration file", path, error))?;
    read(&text, variables, ConfigSource::File(path.to_owned()))
}

fn read(text: &str, variables: &Variables, place: ConfigSource) -> Result<TelemetryConfig, InitError> {
    YAML.check("a declarative configuration")?;
    let root = yaml::parse(text, Scalars::Typed(variables))
        .map_err(|why| InitError::syntax(&place, "a declarative configuration in YAML", why))?;
    let mut root = Section::of_root(&root);
    let mut reader = Reader {
        config: TelemetryConfig::default(),
        report: Report::new(place),
        exporters: Vec::new(),
        shared: Vec::new(),
        limits_path: None,
        exponential: Vec::new(),
    };
    reader.root(&mut root)?;
    // At the top level, other keys are allowed.
    let Reader {
        mut config, report, ..
    } = reader;
    config.provenance.ignored = report.ignored;
    config.sdk.is_declarative = true;
    // The variables of the SDK have no effect beside a file. Those that are read elsewhere have.
    Overlay::new(config, variables, false).check_only()
}

/// A configuration that is being read.
#[derive(Debug)]
struct Reader {
    config: TelemetryConfig,
    report: Report,
    /// The exporters so far, with their paths.
    exporters: Vec<((Signal, Exporter), String)>,
    /// The settings so far that several components share, with their paths and values.
    shared: Vec<(Field, String, Value)>,
    /// The path of the first limits of a reader.
    limits_path: Option<String>,
    /// The paths and values of what asks for exponential histograms.
    exponential: Vec<(String, Value)>,
}

impl Reader {
    fn root(&mut self, root: &mut Section<'_>) -> Result<(), InitError> {
        self.version(&root.require("file_format", &self.report)?)?;
        let disabled = root.take_set("disabled");
        let disabled = disabled.map(|node| node.boolean(&self.report)).transpose()?;
        self.config.enabled = disabled != Some(true);
        self.config.provenance.is_enabled_set = true;
        if let Some(level) = root.take_set("log_level") {
            self.set_text(Field::LogLevel, &level)?;
        }
        // Providers without a section are no-ops.
        for signal in Signal::ALL {
            self.config.signals.get_mut(signal).exporter = Some(Exporters::default());
        }
        self.config.provenance.is_exporter_set = true;
        if let Some(resource) = root.take_set("resource") {
            self.resource(&resource)?;
        }
        let limits = root.take_set("attribute_limits");
        self.attribute_limits(limits.as_ref())?;
        self.config.propagators = Vec::new();
        if let Some(propagator) = root.take_set("propagator") {
            self.propagators(&propagator)?;
        }
        if let Some(provider) = root.take_set("tracer_provider") {
            self.tracer_provider(&provider)?;
        }
        if let Some(provider) = root.take_set("meter_provider") {
            self.meter_provider(&provider)?;
        }
        if let Some(provider) = root.take_set("logger_provider") {
            self.logger_provider(&provider)?;
        }
        Ok(())
    }

    /// A newer minor version warns, another major version is an error.
    fn version(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        // Without quotes it is a number, as in an example of the specification.
        let text = match node.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // Release candidates of 1.0 had a suffix.
        let version = text.split('-').next().unwrap_or_default();
        let (major, minor) = version.split_once('.').unwrap_or((version, ""));
        let minor: Option<u32> = minor.parse().ok();
        match (major, minor) {
            ("1", Some(minor)) if minor <= NEWEST_MINOR => Ok(()),
            ("1", Some(_)) => {
                node.ignore(&mut self.report, "it is newer than this crate", NEWEST_VERSION);
                Ok(())
            }
            _ => Err(node.refused(&self.report, "a version from \"1.0\" to \"1.2\"")),
        }
    }

    fn attribute_limits(&mut self, node: Option<&Node<'_>>) -> Result<(), InitError> {
        let Some(node) = node else { return Ok(()) };
        let mut limits = node.section(&self.report)?;
        if let Some(length) = limits.take_set("attribute_value_length_limit") {
            self.set_number(Field::AttributeValueLengthLimit, &length)?;
        }
        if let Some(count) = limits.take_set("attribute_count_limit") {
            for field in [
                Field::SpanAttributeCount,
                Field::EventAttributeCount,
                Field::LinkAttributeCount,
            ] {
                self.set_number(field, &count)?;
            }
        }
        self.depth_limit(&mut limits);
        limits.finish(&mut self.report);
        Ok(())
    }

    fn depth_limit(&mut self, limits: &mut Section<'_>) {
        let default = Value::from(64);
        limits.unsupported(
            "attribute_value_depth_limit",
            &default,
            "no limit",
            &mut self.report,
        );
    }

    /// `composite`, then `composite_list`, without repetitions.
    fn propagators(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut section = node.section(&self.report)?;
        let mut names = Vec::new();
        if let Some(list) = section.take_set("composite") {
            for item in list.items(&self.report)? {
                let (name, node) = item.component(&self.report)?;
                names.push((name.to_owned(), node));
            }
        }
        if let Some(list) = section.take_set("composite_list") {
            let members = list.text(&self.report)?.split(',').map(str::trim);
            let members = members.filter(|name| !matches!(*name, "" | "none"));
            names.extend(members.map(|name| (name.to_owned(), list.clone())));
        }
        section.finish(&mut self.report);
        for (name, node) in names {
            let propagator = Propagator::parse(&name);
            let propagator = propagator.ok_or_else(|| node.refused(&self.report, Expected::Propagators))?;
            if !self.config.propagators.contains(&propagator) {
                self.config.propagators.push(propagator);
            }
        }
        Ok(())
    }

    /// Refuses a second value of a setting that the configuration holds once for several components.
    fn claim(&mut self, field: Field, node: &Node<'_>, why: &str) -> Result<(), InitError> {
        let earlier = self.shared.iter().find(|(name, ..)| *name == field);
        if let Some((_, path, value)) = earlier.filter(|(_, _, value)| value != node.value) {
            let accepted = format!("{value}, the value of {path}: {why}");
            return Err(node.refused(&self.report, accepted));
        }
        self.shared.push((field, node.path.clone(), node.value.clone()));
        Ok(())
    }

    /// Sets a field from a text.
    fn set_text(&mut self, field: Field, node: &Node<'_>) -> Result<(), InitError> {
        let text = node.text(&self.report)?;
        self.set(field, node, text)
    }

    /// Sets a field from a whole number.
    fn set_number(&mut self, field: Field, node: &Node<'_>) -> Result<(), InitError> {
        let number = node.integer(0..=MAX_INTEGER, &self.report)?;
        self.set(field, node, &number.to_string())
    }

    fn set(&mut self, field: Field, node: &Node<'_>, text: &str) -> Result<(), InitError> {
        self.config
            .set(field, text)
            .map_err(|accepted| node.refused(&self.report, accepted))
    }
}

/// The newest version whose properties are known.
const NEWEST_MINOR: u32 = 2;
const NEWEST_VERSION: &str = "the properties of 1.2";

/// The largest integer of the specification.
const MAX_INTEGER: u64 = i32::MAX as u64;
