//! The environment as a source of configuration.

use std::path::Path;

use crate::config::ignored::{IgnoredVariable, printable};
use crate::config::keys::{CONFIG, CONFIG_FILE, STRICT};
use crate::config::overlay::Overlay;
use crate::config::parse::boolean;
use crate::config::variables::Variables;
use crate::config::{TelemetryConfig, declarative};
use crate::error::InitError;

impl TelemetryConfig {
    /// Reads the process's environment: the file that `THROUGHLINE_CONFIG` names, if any, then the variables
    /// in the [crate](crate)'s table. If `OTEL_CONFIG_FILE` names a
    /// [declarative configuration](Self::from_declarative_file), only that file is read.
    ///
    /// A variable whose value is not accepted is ignored and listed by
    /// [`ignored_variables`](Self::ignored_variables); [`init`](crate::init) reports it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be used, or if `THROUGHLINE_STRICT` is `true` and a value is not
    /// accepted.
    pub fn from_env() -> Result<Self, InitError> {
        Self::from_variables(&Variables::from_process())
    }

    /// Applies the process's environment to this configuration, as [`from_env`](Self::from_env) does to the
    /// defaults. A declarative configuration does not change.
    ///
    /// # Errors
    /// Returns an error if `THROUGHLINE_STRICT` is `true` and a value is not accepted.
    pub fn with_env(self) -> Result<Self, InitError> {
        self.overlay(&Variables::from_process())
    }

    /// Reads variables from pairs of name and value instead of the environment, otherwise like
    /// [`from_env`](Self::from_env).
    ///
    /// # Errors
    /// See [`from_env`](Self::from_env).
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
        Self::from_variables(&Variables::new(vars))
    }

    pub(super) fn from_variables(vars: &Variables) -> Result<Self, InitError> {
        if let Some(path) = vars.get(CONFIG_FILE) {
            return Self::from_config_file(path, vars);
        }
        let base = match vars.get(CONFIG) {
            Some(path) => Self::from_file(path)?,
            None => Self::default(),
        };
        base.overlay(vars)
    }

    /// Reads a declarative configuration, beside which our own file is ignored too.
    fn from_config_file(path: &str, vars: &Variables) -> Result<Self, InitError> {
        let mut config = declarative::read_file(Path::new(path), vars)?;
        if let Some(own) = vars.get(CONFIG) {
            config.provenance.ignore(IgnoredVariable {
                variable: CONFIG.to_owned(),
                value: printable(CONFIG, own),
                reason: format!("{CONFIG_FILE} is set"),
                accepted: None,
                used: path.to_owned(),
            });
        }
        Ok(config)
    }

    pub(super) fn overlay(self, vars: &Variables) -> Result<Self, InitError> {
        if self.sdk.is_declarative {
            return Ok(self);
        }
        let is_strict = vars.get(STRICT).is_some_and(|value| boolean(value) == Ok(true));
        Overlay::new(self, vars, is_strict).apply_all()
    }

    /// Applies the variables that the SDK would read itself, if no environment was read. With a configuration
    /// in code, operators can still set `OTEL_BSP_SCHEDULE_DELAY` and similar variables, as in any program
    /// that uses the SDK.
    pub(crate) fn with_sdk_variables(self) -> Result<Self, InitError> {
        if self.provenance.is_environment_read {
            return Ok(self);
        }
        let vars = Variables::from_process();
        let is_strict = vars.get(STRICT).is_some_and(|value| boolean(value) == Ok(true));
        Overlay::new(self, &vars, is_strict).apply_sdk_variables()
    }
}
