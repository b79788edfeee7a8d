//! The state of telemetry, as values and as text, for troubleshooting.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::global;
use throughline_tracing_layer::notice;
use throughline_tracing_layer::redaction::redact;

use crate::config::{Exporter, IgnoredVariable, TelemetryConfig};
use crate::health::{DeliveryCounts, Health};
use crate::probe::{Probe, ProbeReply};
use crate::signal::{PerSignal, Signal};
use crate::versions::LinkedVersions;

/// The state of telemetry, from [`Telemetry::diagnose`](crate::Telemetry::diagnose). The display form is for
/// people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Whether telemetry is running.
    pub enabled: bool,
    /// The share of new traces that are sampled, from 0.0 to 1.0.
    pub sampling_rate: f64,
    /// The headers that the global propagator injects.
    pub propagated: Vec<String>,
    /// The signals that are exported, with one entry for each exporter.
    pub signals: Vec<SignalDiagnosis>,
    /// The versions of OpenTelemetry in the program.
    pub versions: LinkedVersions,
    /// The variables that are set but ignored.
    pub ignored: Vec<IgnoredVariable>,
    /// Descriptions of probable mistakes, including ignored variables.
    pub warnings: Vec<String>,
}

/// The state of one exporter of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalDiagnosis {
    /// `traces`, `logs` or `metrics`.
    pub signal: &'static str,
    /// The exporter.
    pub exporter: Exporter,
    /// The URL or the place to which the signal is exported.
    pub destination: String,
    /// The response of the destination to an empty export, such as `200 OK`. `None` if there is no network or
    /// no response.
    pub answer: Option<String>,
    /// Why the destination does not accept exports now, and what to do. For example, it was not found,
    /// refused the connection, uses another protocol, or rejected the export.
    pub unreachable: Option<String>,
    /// The items delivered, lost, rejected, dropped and queued so far.
    pub counts: DeliveryCounts,
    /// Why the signal is switched off, if the destination responded that it does not support it. It is tried
    /// again every 5 minutes.
    pub switched_off: Option<String>,
    /// The cause of the last failed delivery.
    pub failure: Option<String>,
}

impl Diagnosis {
    pub(crate) fn off(ignored: Vec<IgnoredVariable>) -> Self {
        let warning = "telemetry is off: nothing is recorded; enable it in code, in a file or by THROUGHLINE_ENABLED=true";
        let mut diagnosis = Self {
            enabled: false,
            sampling_rate: 0.0,
            propagated: propagated(),
            signals: Vec::new(),
            versions: LinkedVersions::current_program().clone(),
            ignored,
            warnings: vec![warning.into()],
        };
        diagnosis.warn_of_ignored();
        diagnosis.warn_of_versions();
        diagnosis.warn_of_notices();
        diagnosis
    }

    pub(crate) fn new(
        config: &TelemetryConfig,
        health: &PerSignal<Vec<Arc<Health>>>,
        timeout: Duration,
    ) -> Self {
        let recorded = |signal| health.get(signal).iter().map(move |health| (signal, health));
        let recorded: Vec<_> = Signal::ALL.into_iter().flat_map(recorded).collect();
        // Probes run concurrently, so that this takes no longer than the slowest.
        let probes: Vec<_> = recorded
            .iter()
            .map(|(_, health)| Probe::start(health.destination(), timeout))
            .collect();
        // Read while the probes run.
        let versions = LinkedVersions::current_program().clone();
        let signals = recorded.into_iter().zip(probes).map(|((signal, health), probe)| {
            let answer = probe.map(Probe::wait);
            SignalDiagnosis::new(signal, health, answer)
        });
        let mut diagnosis = Self {
            enabled: true,
            sampling_rate: config.sampling_rate,
            propagated: propagated(),
            signals: signals.collect(),
            versions,
            ignored: config.ignored_variables().to_vec(),
            warnings: Vec::new(),
        };
        diagnosis.warn();
        diagnosis
    }

    fn warn_of_notices(&mut self) {
        self.warnings.extend(notice::all().into_iter().map(str::to_owned));
    }

    fn warn(&mut self) {
        self.warn_of_ignored();
        self.warn_of_versions();
        self.warn_of_notices();
        if self.sampling_rate == 0.0 {
            self.warnings
                .push("the sampling rate is 0: no new trace is recorded".into());
        }
        if !self.propagated.iter().any(|field| field == "traceparent") {
            self.warnings
                .push("the global propagator does not write traceparent: traces end at this process".into());
        }
        for signal in &self.signals {
            let SignalDiagnosis {
                signal: name,
                destination,
                ..
            } = signal;
            let items = if *name == "logs" { "log records" } else { "spans" };
            if signal.counts.dropped > 0 {
                self.warnings.push(format!(
                    "{} {items} were dropped because they were recorded faster than {destination} accepted them",
                    signal.counts.dropped
                ));
            }
            let items = if *name == "metrics" { "data points" } else { items };
            for (count, what) in [
                (
                    signal.counts.dropped_for_bytes,
                    "were dropped because they exceeded the queue's limit in bytes",
                ),
                (
                    signal.counts.too_large,
                    "were dropped because each one exceeds the size limit of a request",
                ),
                (signal.counts.rejected, "were rejected"),
            ] {
                if count > 0 {
                    self.warnings
                        .push(format!("{count} {items} to {destination} {what}"));
                }
            }
            if let Some(why) = &signal.switched_off {
                self.warnings
                    .push(format!("{name} are switched off: {destination} answers {why}"));
            }
            if let Some(why) = &signal.unreachable {
                self.warnings
                    .push(format!("{name} cannot reach {destination}: {why}"));
            } else if let Some(why) = &signal.failure {
                self.warnings
                    .push(format!("{name} were lost on the way to {destination}: {why}"));
            }
        }
    }
}

impl Diagnosis {
    fn warn_of_ignored(&mut self) {
        self.warnings.extend(self.ignored.iter().map(ToString::to_string));
    }

    fn warn_of_versions(&mut self) {
        for (name, versions) in self.versions.crates() {
            if versions.len() > 1 {
                self.warnings.push(format!(
                    "this program contains {name} in the versions {}: telemetry recorded through one version is not \
                     visible to the others; run `cargo tree -d` to find the dependents of each",
                    versions.join(" and ")
                ));
            }
        }
    }
}

impl SignalDiagnosis {
    fn new(signal: Signal, health: &Health, answer: Option<ProbeReply>) -> Self {
        let (answer, unreachable) = answer.map_or((None, None), |answer| (answer.response, answer.fault));
        Self {
            signal: signal.name(),
            exporter: health.exporter(),
            answer: without_secrets(answer),
            unreachable: without_secrets(unreachable),
            destination: health.destination().to_string(),
            counts: health.counts(),
            switched_off: without_secrets(health.why_switched_off()),
            failure: without_secrets(health.failure()),
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "telemetry   {}", if self.enabled { "on" } else { "off" })?;
        if self.enabled {
            writeln!(f, "sampling    {} of new traces", self.sampling_rate)?;
        }
        writeln!(f, "propagator  {}", self.propagated.join(", "))?;
        for SignalDiagnosis {
            signal,
            destination,
            answer,
            counts,
            ..
        } in &self.signals
        {
            let DeliveryCounts {
                delivered,
                lost,
                rejected,
                too_large,
                dropped,
                dropped_for_bytes,
                queued,
            } = *counts;
            let answers = answer
                .iter()
                .map(|answer| format!(", which answers {answer}"))
                .collect::<String>();
            write!(
                f,
                "{signal:<12}to {destination}{answers}; {delivered} delivered, {lost} lost, {dropped} dropped, {queued} queued"
            )?;
            for (count, what) in [
                (rejected, "rejected"),
                (too_large, "too large"),
                (dropped_for_bytes, "dropped for their bytes"),
            ] {
                if count > 0 {
                    write!(f, ", {count} {what}")?;
                }
            }
            writeln!(f)?;
        }
        let versions = self.versions.crates().map(|(name, versions)| {
            if versions.is_empty() {
                format!("{name} in an unknown version")
            } else {
                format!("{name} {}", versions.join(" and "))
            }
        });
        write!(f, "versions    {}", versions.join(", "))?;
        self.warnings
            .iter()
            .try_for_each(|warning| write!(f, "\nwarning: {warning}"))
    }
}

/// Removes secrets: messages from other libraries may contain a URL or a header.
fn without_secrets(text: Option<String>) -> Option<String> {
    text.map(|text| redact(&text).into_owned())
}

fn propagated() -> Vec<String> {
    global::get_text_map_propagator(|propagator| propagator.fields().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_of_layers_are_warnings() {
        notice::add("enable the feature `example`");
        let warnings = Diagnosis::off(Vec::new()).warnings;
        let is_listed = warnings
            .iter()
            .any(|warning| warning == "enable the feature `example`");
        assert!(is_listed, "{warnings:?}");
    }

    #[test]
    fn two_versions_cause_a_warning_and_unknown_versions_do_not() {
        let mut diagnosis = Diagnosis::off(Vec::new());
        diagnosis.warnings.clear();
        diagnosis.versions = LinkedVersions::default();
        diagnosis.warn_of_versions();
        assert!(diagnosis.warnings.is_empty(), "{:?}", diagnosis.warnings);
        let text = diagnosis.to_string();
        let unknown =
            "versions    opentelemetry in an unknown version, opentelemetry_sdk in an unknown version";
        assert!(text.ends_with(unknown), "{text}");

        diagnosis.versions.api = vec!["0.31.0".into(), "0.33.1".into()];
        diagnosis.versions.sdk = vec!["0.33.1".into()];
        diagnosis.warn_of_versions();
        let expected = "this program contains opentelemetry in the versions 0.31.0 and 0.33.1: telemetry recorded \
                        through one version is not visible to the others; run `cargo tree -d` to find the dependents \
                        of each";
        assert_eq!(diagnosis.warnings, [expected], "the warning");
        let text = diagnosis.to_string();
        let versions = "\nversions    opentelemetry 0.31.0 and 0.33.1, opentelemetry_sdk 0.33.1";
        assert!(text.contains(versions), "{text}");
    }
}
