//! The variables that have set fields, so that an unusable one can be reported and ignored.

use crate::config::fields::Field;
use crate::config::ignored::{IgnoredVariable, printable};
use crate::config::{Exporter, TelemetryConfig};
use crate::error::InitError;
use crate::signal::Signal;

/// The provenance of values. It does not affect the equality of configurations.
#[derive(Debug, Clone, Default)]
pub(crate) struct Provenance {
    /// The variables that were accepted. Empty if the environment is read strictly.
    pub(super) applied: Vec<AppliedVariable>,
    pub(crate) ignored: Vec<IgnoredVariable>,
    /// Whether code, a file or a variable has turned telemetry on or off.
    pub(super) is_enabled_set: bool,
    /// Whether code, a file or a variable has chosen the exporters of spans and metrics.
    pub(super) is_exporter_set: bool,
    /// The fields that are set in code and that the SDK would read from the environment.
    pub(super) in_code: Vec<Field>,
    /// Whether the variables that the SDK would read itself were read.
    pub(super) is_environment_read: bool,
}

/// A variable that has set a field.
#[derive(Debug, Clone)]
pub(super) struct AppliedVariable {
    pub(super) variable: &'static str,
    /// The value without secrets.
    pub(super) value: String,
    pub(super) field: Field,
}

impl PartialEq for Provenance {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Provenance {
    /// Returns whether a field is set in code, so that a variable that is read later must not change it.
    pub(super) fn is_set_in_code(&self, field: Field) -> bool {
        self.in_code.contains(&field)
    }

    /// The second reading of a variable replaces the first.
    pub(super) fn apply(&mut self, applied: AppliedVariable) {
        let is_same =
            |other: &AppliedVariable| (other.variable, other.field) == (applied.variable, applied.field);
        self.applied.retain(|other| !is_same(other));
        self.applied.push(applied);
    }

    /// Like [`apply`](Self::apply).
    pub(super) fn ignore(&mut self, ignored: IgnoredVariable) {
        match self.same(&ignored) {
            Some(same) => *same = ignored,
            None => self.ignored.push(ignored),
        }
    }

    /// Returns what is ignored for the same reason.
    fn same(&mut self, ignored: &IgnoredVariable) -> Option<&mut IgnoredVariable> {
        self.ignored.iter_mut().find(|other| {
            (&other.variable, &other.value, &other.reason)
                == (&ignored.variable, &ignored.value, &ignored.reason)
        })
    }
}

impl AppliedVariable {
    pub(super) fn new(variable: &'static str, value: &str, field: Field) -> Self {
        Self {
            variable,
            value: printable(variable, value),
            field,
        }
    }

    fn ignored(self, reason: String, accepted: Option<&str>, used: String) -> IgnoredVariable {
        IgnoredVariable {
            variable: self.variable.to_owned(),
            value: self.value,
            reason,
            accepted: accepted.map(str::to_owned),
            used,
        }
    }
}

impl TelemetryConfig {
    /// Records that these fields are set in code, so that errors about them do not name a variable.
    pub(super) fn set_in_code(&mut self, is_set: impl Fn(Field) -> bool) {
        self.provenance.applied.retain(|applied| !is_set(applied.field));
    }

    /// Records that a field is set in code, so that neither `init` nor an error refers to its variable.
    pub(super) fn fix_in_code(&mut self, field: Field) {
        self.set_in_code(|other| other == field);
        self.provenance.in_code.push(field);
    }

    /// Removes an exporter that cannot be set up from its signal, if a variable selected it.
    ///
    /// # Errors
    /// Returns the same error if the exporter was selected in code or in a file.
    pub(crate) fn turn_off(
        &mut self,
        signal: Signal,
        exporter: Exporter,
        error: InitError,
    ) -> Result<(), InitError> {
        let applied = &self.provenance.applied;
        let chooses = |applied: &&AppliedVariable| applied.field == Field::ExporterOf(signal);
        let concerns = |applied: &&AppliedVariable| applied.field.concerns(signal, exporter);
        let blamed = applied
            .iter()
            .find(chooses)
            .or_else(|| applied.iter().find(concerns));
        let Some(blamed) = blamed.cloned() else {
            return Err(error);
        };
        let remaining = self.exporters_of(signal).without(exporter);
        let used = if remaining.is_empty() {
            format!("{signal} are not exported")
        } else {
            format!("{signal} are exported by {remaining} only")
        };
        self.signals.get_mut(signal).exporter = Some(remaining);
        let ignored = blamed.ignored(format!("{error:#}"), None, used);
        // A variable can concern several signals.
        match self.provenance.same(&ignored) {
            Some(same) => same.used = format!("{}, {}", same.used, ignored.used),
            None => self.provenance.ignored.push(ignored),
        }
        Ok(())
    }

    /// Removes certificates and a start-up hook that are set by variables and do not exist.
    pub(crate) fn without_missing_files(mut self) -> Self {
        for applied in self.provenance.applied.clone() {
            if let Some((reason, used)) = self.missing(&applied) {
                self.unset(applied.field);
                self.provenance
                    .applied
                    .retain(|other| other.variable != applied.variable);
                self.provenance
                    .ignore(applied.ignored(reason, None, used.to_owned()));
            }
        }
        self
    }

    /// Returns why the file or hook of a variable cannot be used, and what is used instead.
    fn missing(&self, applied: &AppliedVariable) -> Option<(String, &'static str)> {
        let checked = match applied.field {
            Field::StartupHook => {
                let missing = self.startup_hook.as_ref()?.check().err()?;
                return Some((format!("{missing:#}"), "no start-up hook"));
            }
            Field::Certificate => self.tls.root().err(),
            Field::CertificateOf(signal) => self.signals.get(signal).tls.root().err(),
            Field::ClientCertificate => self.tls.check_client_certificate().err(),
            Field::ClientCertificateOf(signal) => {
                self.signals.get(signal).tls.check_client_certificate().err()
            }
            Field::ClientKey => self.tls.check_client_key().err(),
            Field::ClientKeyOf(signal) => self.signals.get(signal).tls.check_client_key().err(),
            _ => return None,
        };
        let is_root = matches!(applied.field, Field::Certificate | Field::CertificateOf(_));
        let used = if is_root {
            "the system's roots"
        } else {
            "no client certificate"
        };
        Some((format!("{:#}", checked?), used))
    }

    fn unset(&mut self, field: Field) {
        match field {
            Field::StartupHook => self.startup_hook = None,
            Field::Certificate => self.tls.certificate = None,
            Field::CertificateOf(signal) => self.signals.get_mut(signal).tls.certificate = None,
            Field::ClientCertificate | Field::ClientKey => self.tls.remove_identity(),
            Field::ClientCertificateOf(signal) | Field::ClientKeyOf(signal) => {
                self.signals.get_mut(signal).tls.remove_identity();
            }
            _ => {}
        }
    }
}
