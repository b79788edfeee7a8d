//! The environment as a source of configuration.

use std::collections::HashMap;

use crate::config::fields::{Field, PAIRS, boolean, pairs};
use crate::config::keys::{COUNTS, HEADERS, LIMITS, VARIABLES};
use crate::config::{Exporter, TelemetryConfig};
use crate::error::{InitError, Place};
use crate::signal::Signal;

impl TelemetryConfig {
    /// Reads the process's environment: the file that `THROUGHLINE_CONFIG` names, if any, then the variables in the
    /// [crate](crate)'s table.
    ///
    /// # Errors
    /// A variable has a value that is not accepted, or the file cannot be used.
    pub fn from_env() -> Result<Self, InitError> {
        Self::from_vars(process())
    }

    /// Lets the process's environment override what is here.
    ///
    /// # Errors
    /// A variable has a value that is not accepted.
    pub fn with_env(self) -> Result<Self, InitError> {
        self.with_vars(process())
    }

    /// Reads variables from pairs of name and value, as [`from_env`](Self::from_env) does from the environment.
    ///
    /// # Errors
    /// A variable has a value that is not accepted, or the file cannot be used.
    ///
    /// ```
    /// use throughline_telemetry::TelemetryConfig;
    ///
    /// let config = TelemetryConfig::from_vars([("OTEL_TRACES_EXPORTER", "console")])?;
    /// assert!(config.enabled);
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn from_vars<N, V>(vars: impl IntoIterator<Item = (N, V)>) -> Result<Self, InitError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let vars = Variables::new(vars);
        let base = match vars.of(CONFIG) {
            Some(path) => Self::from_file(path)?,
            None => Self::default(),
        };
        base.overlay(&vars)
    }

    pub(super) fn with_vars(
        self,
        vars: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, InitError> {
        self.overlay(&Variables::new(vars))
    }

    fn overlay(mut self, vars: &Variables) -> Result<Self, InitError> {
        vars.check()?;
        for (variable, field) in VARIABLES {
            self.set_from(vars, variable, *field)?;
        }
        if vars
            .of("OTEL_TRACES_SAMPLER")
            .is_some_and(|name| name.ends_with("traceidratio"))
        {
            self.set_from(vars, "OTEL_TRACES_SAMPLER_ARG", Field::SamplingRate)?;
        }
        let (has_endpoint, has_exporter) = (vars.any(ENDPOINTS), vars.any(EXPORTERS));
        if (has_endpoint && !has_exporter) || (has_exporter && !self.enabled) {
            // The specification's default is otlp; who looks at traces on the console looks at metrics there.
            self.exporter = match self.exporter_of(Signal::Traces) {
                // Which is OTLP already.
                Exporter::Jaeger => Exporter::Jaeger,
                named @ (Exporter::Console | Exporter::ConsoleJson | Exporter::File)
                    if vars.of("OTEL_TRACES_EXPORTER").is_some() =>
                {
                    named
                }
                _ => Exporter::Otlp,
            };
        }
        self.enabled = vars
            .boolean(ENABLED)?
            .unwrap_or(self.enabled || has_endpoint || has_exporter);
        if vars.boolean(DISABLED)? == Some(true) {
            self.enabled = false;
        }
        Ok(self)
    }

    fn set_from(&mut self, vars: &Variables, variable: &'static str, field: Field) -> Result<(), InitError> {
        let Some(value) = vars.of(variable) else {
            return Ok(());
        };
        self.set(field, value)
            .map_err(|accepted| InitError::value(Place::Environment, variable, value, accepted))
    }
}

/// Variables that are set: the specification treats an empty one as unset.
struct Variables(HashMap<String, String>);

impl Variables {
    fn new<N: Into<String>, V: Into<String>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(
            vars.filter(|(_, value): &(String, String)| !value.trim().is_empty())
                .collect(),
        )
    }

    fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// Looks at what the SDK reads for itself.
    fn check(&self) -> Result<(), InitError> {
        let counts = COUNTS.iter().map(|name| (name, 1, "a whole number from 1"));
        let limits = LIMITS.iter().map(|name| (name, 0, "a whole number from 0"));
        for (name, least, accepted) in counts.chain(limits) {
            let Some(value) = self.of(name) else { continue };
            if !value.parse::<u32>().is_ok_and(|number| number >= least) {
                return Err(InitError::value(Place::Environment, name, value, accepted));
            }
        }
        for name in HEADERS {
            if self.of(name).is_some_and(|value| pairs(value).is_none()) {
                return Err(InitError::value(Place::Environment, name, "REDACTED", PAIRS));
            }
        }
        Ok(())
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, InitError> {
        let Some(value) = self.of(name) else {
            return Ok(None);
        };
        boolean(value)
            .map(Some)
            .map_err(|accepted| InitError::value(Place::Environment, name, value, accepted))
    }
}

fn process() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

const CONFIG: &str = "THROUGHLINE_CONFIG";
const ENABLED: &str = "THROUGHLINE_ENABLED";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const EXPORTERS: &[&str] = &[
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
];
const ENDPOINTS: &[&str] = &[
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];
