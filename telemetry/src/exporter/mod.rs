//! The ways out. A feature's gate is the `mod` line of its file; callers see the same functions either way.

mod console;
#[cfg_attr(not(feature = "file"), path = "absent/json.rs")]
mod json;
#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    path = "absent/otlp.rs"
)]
pub(crate) mod otlp;
#[cfg_attr(not(feature = "prometheus"), path = "absent/prometheus.rs")]
pub(crate) mod prometheus;

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{LoggerProviderBuilder, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};

use crate::config::OtlpTarget;
use crate::config::{Exporter, TelemetryConfig};
use crate::destination::Destination;
use crate::error::InitError;
use crate::health::{Ended, Health, Watch};
use crate::hook::Builders;
use crate::log_redaction::LogRedaction;
use crate::otlp::Runtime;
use crate::providers::Providers;
use crate::resource::resource;
use crate::sampling::sampler;
use crate::signal::{PerSignal, Signal};

/// What builds the providers of each service, and what they share.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) config: TelemetryConfig,
    pub(crate) health: PerSignal<Option<Arc<Health>>>,
    pub(crate) prometheus: Option<prometheus::Prometheus>,
    runtime: Option<Runtime>,
    lines: Option<json::Lines>,
    console: Option<console::Console>,
    /// Of the metric exporter that was built last.
    metrics_ended: Option<Arc<Ended>>,
}

/// A service whose providers are built.
#[derive(Debug)]
struct Part<'a> {
    resource: Resource,
    /// Its name, if it is one of several.
    service: Option<&'a str>,
}

impl Setup {
    pub(crate) fn new(config: TelemetryConfig) -> Self {
        Self {
            config,
            runtime: None,
            lines: None,
            console: None,
            prometheus: None,
            metrics_ended: None,
            health: PerSignal::default(),
        }
    }

    /// The providers of the signals that the configuration wants recorded, or that a start-up hook may want: those of the
    /// process, or of a service in it.
    pub(crate) fn providers(&mut self, service: Option<&str>) -> Result<Providers, InitError> {
        let part = Part {
            resource: resource(&self.config, service),
            service,
        };
        let traces = self.or_off(Signal::Traces, &part, Self::traces)?;
        let metrics = self.or_off(Signal::Metrics, &part, Self::metrics)?;
        let logs = self.or_off(Signal::Logs, &part, Self::logs)?;
        let mut builders = Builders::new(traces, metrics, logs);
        let hook = self.config.startup_hook.as_ref();
        if let Some(hook) = hook {
            builders = hook.run(builders)?;
        }
        let wants = |signal| hook.is_some() || self.config.exporter_of(signal) != Exporter::None;
        Ok(Providers {
            tracer: wants(Signal::Traces).then(|| builders.tracer_provider.build()),
            meter: wants(Signal::Metrics).then(|| builders.meter_provider.build()),
            metrics_ended: self.metrics_ended.take(),
            logger: wants(Signal::Logs).then(|| builders.logger_provider.build()),
        })
    }

    /// What builds the provider of a signal. If its exporter cannot be set up when telemetry starts, and a variable of the
    /// environment is to blame, the signal is turned off.
    fn or_off<T>(
        &mut self,
        signal: Signal,
        part: &Part<'_>,
        build: fn(&mut Self, &Part<'_>) -> Result<T, InitError>,
    ) -> Result<T, InitError> {
        let error = match build(self, part) {
            Err(error) if part.service.is_none() => error,
            built => return built,
        };
        self.config.turn_off(signal, error)?;
        *self.health.at(signal) = None;
        build(self, part)
    }

    fn logs(&mut self, part: &Part<'_>) -> Result<LoggerProviderBuilder, InitError> {
        let builder = SdkLoggerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_log_processor(LogRedaction::new());
        match self.config.exporter_of(Signal::Logs) {
            // Refused by the configuration's check: there are no logs in a scrape, nor in Jaeger.
            Exporter::None | Exporter::Prometheus | Exporter::Jaeger => Ok(builder),
            Exporter::Console => {
                let watch = self.watch(Signal::Logs, Destination::Console);
                Ok(console::logs(builder, self.config.console_writer.clone(), &watch))
            }
            Exporter::ConsoleJson | Exporter::File => {
                let (lines, place) = self.lines(Signal::Logs)?;
                Ok(json::logs(builder, &lines, &self.watch(Signal::Logs, place)))
            }
            Exporter::Otlp => {
                let (target, watch) = self.target(Signal::Logs)?;
                otlp::logs(builder, &target, &watch, &mut self.runtime)
            }
        }
    }

    fn traces(&mut self, part: &Part<'_>) -> Result<TracerProviderBuilder, InitError> {
        let builder = SdkTracerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_sampler(sampler(&self.config));
        let builder = builder.with_span_limits(self.config.sdk.span_limits.into());
        match self.config.exporter_of(Signal::Traces) {
            // Refused by the configuration's check: there are no traces in a scrape.
            Exporter::None | Exporter::Prometheus => Ok(builder),
            Exporter::Console => {
                let watch = self.watch(Signal::Traces, Destination::Console);
                let console = match self.console.take() {
                    Some(console) => console,
                    None => console::Console::start(self.config.console_writer.clone(), &watch)?,
                };
                Ok(self.console.insert(console).traces(builder, &watch))
            }
            Exporter::ConsoleJson | Exporter::File => {
                let (lines, place) = self.lines(Signal::Traces)?;
                Ok(json::traces(builder, &lines, &self.watch(Signal::Traces, place)))
            }
            Exporter::Otlp | Exporter::Jaeger => {
                let (target, watch) = self.target(Signal::Traces)?;
                otlp::traces(builder, &target, &watch, &mut self.runtime)
            }
        }
    }

    fn metrics(&mut self, part: &Part<'_>) -> Result<MeterProviderBuilder, InitError> {
        let builder = SdkMeterProvider::builder().with_resource(part.resource.clone());
        match self.config.exporter_of(Signal::Metrics) {
            // Refused by the configuration's check: there are no metrics in Jaeger.
            Exporter::None | Exporter::Jaeger => Ok(builder),
            Exporter::Console => {
                let watch = self.watch(Signal::Metrics, Destination::Console);
                Ok(console::metrics(
                    builder,
                    self.config.console_writer.clone(),
                    part.service,
                    &watch,
                ))
            }
            Exporter::ConsoleJson | Exporter::File => {
                let (lines, place) = self.lines(Signal::Metrics)?;
                Ok(json::metrics(
                    builder,
                    &lines,
                    &self.watch(Signal::Metrics, place),
                ))
            }
            Exporter::Prometheus => {
                if let Some(prometheus) = &self.prometheus {
                    return prometheus.add(builder, part.service);
                }
                let prometheus = prometheus::Prometheus::start(&self.config)?;
                let destination = Destination::Prometheus(prometheus.address());
                prometheus.count(self.watch(Signal::Metrics, destination).health());
                self.prometheus.insert(prometheus).add(builder, part.service)
            }
            Exporter::Otlp => {
                let (target, watch) = self.target(Signal::Metrics)?;
                otlp::metrics(builder, &target, &watch, &mut self.runtime)
            }
        }
    }

    /// The lines of JSON that a signal is written as, and where; signals in one file share it.
    fn lines(&mut self, signal: Signal) -> Result<(json::Lines, Destination), InitError> {
        if self.config.exporter_of(signal) == Exporter::ConsoleJson {
            return Ok((
                json::console(self.config.console_writer.clone())?,
                Destination::Console,
            ));
        }
        let lines = match &self.lines {
            Some(lines) => lines.clone(),
            None => self.lines.insert(json::file(&self.config.file)?).clone(),
        };
        Ok((lines, Destination::File(self.config.file.resolved())))
    }

    /// The collector of a signal, and what watches over an exporter to it.
    fn target(&mut self, signal: Signal) -> Result<(OtlpTarget, Watch), InitError> {
        let target = OtlpTarget::new(&self.config, signal)?;
        let watch = self.watch(signal, Destination::Otlp(target.clone()));
        Ok((target, watch))
    }

    fn watch(&mut self, signal: Signal, destination: Destination) -> Watch {
        let health = self.health.at(signal);
        let health = health.get_or_insert_with(|| Health::new(signal, destination));
        let watch = Watch::new(Arc::clone(health), &self.config);
        if signal == Signal::Metrics {
            self.metrics_ended = Some(watch.ended());
        }
        watch
    }
}
