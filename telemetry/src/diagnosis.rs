//! What telemetry does at the moment, as values and as text: the first thing to look at when nothing arrives.

use std::fmt;
use std::sync::Arc;

use opentelemetry::global;

use crate::config::{Exporter, TelemetryConfig};
use crate::health::Health;
use crate::probe::{Answer, Question};
use crate::signal::{PerSignal, Signal};

/// The state of telemetry, from [`Telemetry::diagnose`](crate::Telemetry::diagnose). Its text is for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Whether anything is installed.
    pub enabled: bool,
    /// The share of new traces that is recorded, 0.0 to 1.0.
    pub sampling_rate: f64,
    /// The headers that the global propagator writes.
    pub propagated: Vec<String>,
    /// Each signal that is recorded.
    pub signals: Vec<SignalDiagnosis>,
    /// What is probably not as it was meant, in words.
    pub warnings: Vec<String>,
}

/// How one signal is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignalDiagnosis {
    /// `traces`, `logs` or `metrics`.
    pub signal: &'static str,
    /// Where it goes.
    pub exporter: Exporter,
    /// The URL or the place that it goes to.
    pub destination: String,
    /// What the destination answered just now to an export of nothing, as `200 OK`; `None` where there is no network and
    /// where there was no answer.
    pub answer: Option<String>,
    /// Why it would not take an export just now, and what to do: it cannot be found, connected to or understood, or what it
    /// answered is a refusal.
    pub unreachable: Option<String>,
    /// The spans, log records or collections of metrics that were delivered; for Prometheus, those that were read.
    pub delivered: u64,
    /// Those that an exporter gave up.
    pub lost: u64,
    /// The spans or log records that wait to be exported.
    pub queued: usize,
    /// Those that found no room to wait, because they were recorded faster than the destination took them.
    pub dropped: u64,
    /// Why the last failed delivery failed.
    pub failure: Option<String>,
}

impl Diagnosis {
    pub(crate) fn off() -> Self {
        let warning = "telemetry is off: nothing is recorded; enable it in code, in a file or by THROUGHLINE_ENABLED=true";
        Self {
            enabled: false,
            sampling_rate: 0.0,
            propagated: propagated(),
            signals: Vec::new(),
            warnings: vec![warning.into()],
        }
    }

    pub(crate) fn of(config: &TelemetryConfig, health: &PerSignal<Option<Arc<Health>>>) -> Self {
        let of = |signal| Some((signal, health.of(signal).as_deref()?));
        let recorded: Vec<_> = Signal::ALL.into_iter().filter_map(of).collect();
        // All are asked at once, so that it takes no longer than the slowest.
        let questions: Vec<_> = recorded
            .iter()
            .map(|(_, health)| Question::ask(health.destination()))
            .collect();
        let signals = recorded
            .into_iter()
            .zip(questions)
            .map(|((signal, health), question)| {
                let answer = question.map(Question::wait);
                SignalDiagnosis::of(signal, config.exporter_of(signal), health, answer)
            });
        let mut diagnosis = Self {
            enabled: true,
            sampling_rate: config.sampling_rate,
            propagated: propagated(),
            signals: signals.collect(),
            warnings: Vec::new(),
        };
        diagnosis.warn();
        diagnosis
    }

    fn warn(&mut self) {
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
            if signal.dropped > 0 {
                self.warnings.push(format!(
                    "{} {name} were dropped: they were recorded faster than {destination} took them",
                    signal.dropped
                ));
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

impl SignalDiagnosis {
    fn of(signal: Signal, exporter: Exporter, health: &Health, answer: Option<Answer>) -> Self {
        let (delivered, lost) = health.counts();
        let (queued, dropped) = health.queue();
        let (answer, unreachable) = answer.map_or((None, None), |answer| (answer.said, answer.fault));
        Self {
            signal: signal.name(),
            exporter,
            answer,
            unreachable,
            destination: health.destination().to_string(),
            delivered,
            lost,
            queued,
            dropped,
            failure: health.failure(),
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
            delivered,
            lost,
            queued,
            dropped,
            ..
        } in &self.signals
        {
            let answers = answer
                .iter()
                .map(|answer| format!(", which answers {answer}"))
                .collect::<String>();
            writeln!(
                f,
                "{signal:<12}to {destination}{answers}; {delivered} delivered, {lost} lost, {dropped} dropped, {queued} queued"
            )?;
        }
        self.warnings
            .iter()
            .try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

fn propagated() -> Vec<String> {
    global::get_text_map_propagator(|propagator| propagator.fields().map(str::to_owned).collect())
}
