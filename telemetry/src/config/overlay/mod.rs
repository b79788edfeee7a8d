//! Applies variables to a configuration, by the rules of the specification.
//!
//! | value | rule |
//! |---|---|
//! | empty | counts as unset |
//! | Boolean | `true` in any case is true; any other value is false, and warns unless it is `false` |
//! | name from a set | compared in any case; an unknown name warns and is ignored |
//! | list of names | unknown members warn and are ignored; a list without a valid member is ignored |
//! | number | a number that cannot be parsed or is out of range warns and is ignored |
//!
//! Warnings are stored here and reported by [`init`](crate::init). An ignored variable counts as unset, also
//! for the decision whether telemetry is on. In strict mode, the first warning is an error.

mod members;

use std::fmt::Display;

use crate::config::fields::Field;
use crate::config::ignored::{IgnoredVariable, printable};
use crate::config::keys::{
    CHECKED_VARIABLES, DISABLED, ENABLED, INSECURE, INSECURE_OF, SAMPLER, SAMPLER_ARG, STRICT, UNSUPPORTED,
    VARIABLES,
};
use crate::config::parse::boolean;
use crate::config::provenance::AppliedVariable;
use crate::config::variables::Variables;
use crate::config::{Exporter, HistogramBuckets, TelemetryConfig};
use crate::error::{ConfigSource, InitError};
use crate::signal::Signal;

/// A configuration to which variables are being applied.
#[derive(Debug)]
pub(super) struct Overlay<'a> {
    config: TelemetryConfig,
    vars: &'a Variables,
    is_strict: bool,
    applied: Vec<AppliedVariable>,
    rejected: Vec<RejectedVariable>,
}

/// An ignored variable, before its fallback is known.
#[derive(Debug)]
struct RejectedVariable {
    variable: &'static str,
    value: String,
    reason: String,
    accepted: Option<String>,
    used: Fallback,
}

#[derive(Debug)]
enum Fallback {
    Field(Field),
    Text(&'static str),
}

impl<'a> Overlay<'a> {
    pub(super) fn new(config: TelemetryConfig, vars: &'a Variables, is_strict: bool) -> Self {
        Self {
            config,
            vars,
            is_strict,
            applied: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// Applies all variables.
    pub(super) fn apply_all(mut self) -> Result<TelemetryConfig, InitError> {
        self.boolean(STRICT);
        for (variable, field) in VARIABLES {
            self.apply(variable, *field);
        }
        self.sampler_argument();
        self.batch_sizes();
        self.switches();
        self.histogram_buckets();
        self.check_variables();
        self.unsupported();
        self.finish()
    }

    /// Applies the variables that the SDK would read itself, and checks those that are read elsewhere.
    pub(super) fn apply_sdk_variables(mut self) -> Result<TelemetryConfig, InitError> {
        let is_due = |field: &Field| field.is_read_by_sdk() && !self.config.provenance.is_set_in_code(*field);
        let due: Vec<_> = VARIABLES.iter().filter(|(_, field)| is_due(field)).collect();
        for (variable, field) in due {
            self.apply(variable, *field);
        }
        self.batch_sizes();
        self.check_variables();
        self.finish()
    }

    /// Applies nothing, and checks the variables that have an effect beside a declarative configuration.
    pub(super) fn check_only(mut self) -> Result<TelemetryConfig, InitError> {
        self.check_variables();
        self.finish()
    }

    fn finish(mut self) -> Result<TelemetryConfig, InitError> {
        self.config.provenance.is_environment_read = true;
        if self.is_strict {
            // Variables without an effect are not errors.
            if let Some(rejected) = self.rejected.iter().find(|rejected| rejected.accepted.is_some()) {
                let accepted = rejected.accepted.as_deref().unwrap_or_default();
                let (variable, value) = (rejected.variable, &rejected.value);
                return Err(InitError::not_accepted(
                    ConfigSource::Environment,
                    variable,
                    value,
                    accepted,
                ));
            }
            self.applied.clear();
        }
        for applied in self.applied {
            self.config.provenance.apply(applied);
        }
        for rejected in self.rejected {
            let used = match rejected.used {
                Fallback::Field(field) => self.config.effective(field),
                Fallback::Text(text) => text.to_owned(),
            };
            self.config.provenance.ignore(IgnoredVariable {
                variable: rejected.variable.to_owned(),
                value: rejected.value,
                reason: rejected.reason,
                accepted: rejected.accepted,
                used,
            });
        }
        Ok(self.config)
    }

    fn apply(&mut self, variable: &'static str, field: Field) {
        let Some(value) = self.vars.get(variable) else {
            return;
        };
        let text = match field {
            Field::Propagators => self.propagators(value),
            Field::ExporterOf(signal) => self.exporters(variable, signal, value),
            Field::Headers | Field::HeadersOf(_) => self.headers(variable, field, value),
            Field::Protocol | Field::ProtocolOf(_) => self.protocol(variable, field, value),
            Field::Compression | Field::CompressionOf(_) => self.compression(variable, field, value),
            Field::Endpoint | Field::EndpointOf(_) => Some(self.with_scheme(field, value)),
            _ if field.is_enum() => Some(value.to_ascii_lowercase()),
            _ => Some(value.to_owned()),
        };
        let Some(text) = text else { return };
        match self.config.set(field, &text) {
            Ok(()) => self.applied.push(AppliedVariable::new(variable, value, field)),
            Err(accepted) => self.reject(variable, value, NOT_ACCEPTED, accepted, Fallback::Field(field)),
        }
    }

    fn reject(
        &mut self,
        variable: &'static str,
        value: &str,
        reason: impl Into<String>,
        accepted: impl Display,
        used: Fallback,
    ) {
        self.rejected.push(RejectedVariable {
            variable,
            value: printable(variable, value),
            reason: reason.into(),
            accepted: Some(accepted.to_string()),
            used,
        });
    }

    /// Returns the value of a Boolean, if it is set. Any value other than `true` counts as false.
    fn boolean(&mut self, variable: &'static str) -> Option<bool> {
        let value = self.vars.get(variable)?;
        let is_true = boolean(value).unwrap_or_else(|accepted| {
            self.reject(variable, value, NOT_ACCEPTED, accepted, Fallback::Text("false"));
            false
        });
        Some(is_true)
    }

    /// Applies the argument of the sampler, if it has one.
    fn sampler_argument(&mut self) {
        let is_applied = self.applied.iter().any(|it| it.field == Field::Sampler);
        let name = self.vars.get(SAMPLER).unwrap_or_default().to_ascii_lowercase();
        let before = self.config.sampling_rate;
        self.apply(SAMPLER_ARG, Field::SamplingRate);
        if !(is_applied && name.ends_with("traceidratio")) {
            self.config.sampling_rate = before;
        }
    }

    /// Limits batches to the size of their queue, because a larger batch would never be full.
    fn batch_sizes(&mut self) {
        for (variable, field) in VARIABLES {
            let (Field::MaxExportBatchSize(signal), Some(value)) = (*field, self.vars.get(variable)) else {
                continue;
            };
            let max_queue_size = self.config.batches(signal).max_queue_size;
            let is_applied = self.applied.iter().any(|applied| applied.field == *field);
            if is_applied
                && value
                    .parse::<usize>()
                    .is_ok_and(|size| (max_queue_size + 1..=MAX_QUEUE_SIZE).contains(&size))
            {
                self.config.signals.get_mut(signal).max_export_batch_size = None;
                let accepted = format!("at most {max_queue_size}, the size of the queue");
                self.reject(
                    variable,
                    value,
                    "a batch cannot be larger than its queue",
                    &accepted,
                    Fallback::Field(*field),
                );
            }
        }
    }

    /// Applies the variables that turn telemetry on, and sets the exporters of signals without a variable.
    fn switches(&mut self) {
        for variable in [INSECURE]
            .into_iter()
            .chain(INSECURE_OF.iter().map(|(variable, _)| *variable))
        {
            self.boolean(variable);
        }
        let applied = &self.applied;
        let named = |signal| applied.iter().any(|it| it.field == Field::ExporterOf(signal));
        let is_endpoint = |field| matches!(field, Field::Endpoint | Field::EndpointOf(_));
        let endpoint = applied.iter().find(|it| is_endpoint(it.field)).cloned();
        let exporter = applied
            .iter()
            .find(|it| matches!(it.field, Field::ExporterOf(_)))
            .cloned();
        let are_traces_named = named(Signal::Traces);
        let unnamed = Signal::ALL
            .into_iter()
            .filter(|signal| !named(*signal))
            .collect::<Vec<_>>();

        let was_enabled = self.config.enabled;
        let turned_on = endpoint.clone().or_else(|| exporter.clone());
        if (endpoint.is_some() && exporter.is_none()) || (exporter.is_some() && !was_enabled) {
            // The specification's default is otlp. If traces only go to this machine, so do metrics.
            let traces = self.config.exporters_of(Signal::Traces);
            let is_local = |exporter| {
                matches!(
                    exporter,
                    Exporter::Console | Exporter::ConsoleJson | Exporter::File | Exporter::Viewer
                )
            };
            self.config.exporter = if traces.contains(Exporter::Jaeger) {
                // This is already OTLP.
                Exporter::Jaeger.into()
            } else if are_traces_named && !traces.is_empty() && traces.iter().all(is_local) {
                traces
            } else {
                Exporter::Otlp.into()
            };
        }
        // The subscriber of the program already prints logs on the console. Jaeger supports traces only.
        let silent = self.config.exporter.without(Exporter::Console);
        let logs = match silent.without(Exporter::Jaeger) {
            _ if endpoint.is_none() && (exporter.is_none() || was_enabled) => None,
            logs if !logs.is_empty() => Some(logs),
            _ if self.config.exporter == Exporter::Console && endpoint.is_some() => {
                Some(Exporter::Otlp.into())
            }
            _ => None,
        };
        let own = &mut self.config.signals.get_mut(Signal::Logs).exporter;
        *own = own.take().or(logs);
        if let Some(variable) = turned_on {
            for signal in unnamed {
                let field = Field::ExporterOf(signal);
                self.applied.push(AppliedVariable {
                    field,
                    ..variable.clone()
                });
            }
        }
        let is_turned_on = endpoint.is_some() || exporter.is_some();
        self.config.provenance.is_exporter_set |= is_turned_on;
        let enabled = self.boolean(ENABLED);
        self.config.provenance.is_enabled_set |= enabled.is_some();
        if !is_turned_on && self.applied.iter().any(|it| it.field == Field::StartupHook) {
            self.config.turn_on_for_hook();
        }
        let was_enabled = self.config.enabled;
        self.config.enabled = enabled.unwrap_or(was_enabled || is_turned_on);
        if self.boolean(DISABLED) == Some(true) {
            self.config.enabled = false;
        }
    }

    /// Limits the buckets of histograms to what the exporters of metrics can have. The variable is for OTLP, and
    /// all readers of the SDK share the buckets.
    fn histogram_buckets(&mut self) {
        let is_buckets = |it: &AppliedVariable| it.field == Field::HistogramBuckets;
        let Some(applied) = self.applied.iter().position(is_buckets) else {
            return;
        };
        let exporters = self.config.exporters_of(Signal::Metrics);
        let buckets = &mut self.config.sdk.metric_views.histogram_buckets;
        if *buckets == HistogramBuckets::Explicit {
            return;
        }
        if !exporters.contains(Exporter::Otlp) {
            *buckets = HistogramBuckets::Explicit;
        } else if exporters.contains(Exporter::Prometheus) {
            *buckets = HistogramBuckets::Explicit;
            let AppliedVariable { variable, value, .. } = self.applied.remove(applied);
            let reason =
                "all exporters of metrics have the same buckets, and Prometheus has explicit ones only";
            let accepted = r#""explicit_bucket_histogram", or remove the exporter prometheus"#;
            let used = Fallback::Field(Field::HistogramBuckets);
            self.reject(variable, &value, reason, accepted, used);
        }
    }

    /// Checks the variables that are read elsewhere.
    fn check_variables(&mut self) {
        for row in CHECKED_VARIABLES {
            let Some(value) = self.vars.get(row.variable) else {
                continue;
            };
            let members: Vec<&str> = if row.is_list {
                value.split(',').collect()
            } else {
                vec![value]
            };
            for member in members
                .into_iter()
                .map(str::trim)
                .filter(|member| !member.is_empty())
            {
                if !row.accepts(&member.to_ascii_lowercase()) {
                    let used = Fallback::Text(row.used);
                    self.reject(row.variable, member, NOT_ACCEPTED, row.accepted, used);
                }
            }
        }
    }

    fn unsupported(&mut self) {
        for row in UNSUPPORTED {
            let Some(value) = self.vars.get(row.variable) else {
                continue;
            };
            if !value.eq_ignore_ascii_case(row.harmless) {
                self.rejected.push(RejectedVariable {
                    variable: row.variable,
                    value: printable(row.variable, value),
                    reason: row.reason.to_owned(),
                    accepted: None,
                    used: Fallback::Text(row.used),
                });
            }
        }
    }
}

const NOT_ACCEPTED: &str = "it is not accepted";
const MAX_QUEUE_SIZE: usize = 1_000_000;
