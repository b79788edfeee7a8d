//! The ways out. A feature's gate is the `mod` line of its file; callers see the same functions either way.

mod console;
#[cfg_attr(not(feature = "file"), path = "absent/json.rs")]
mod json;
#[cfg_attr(not(feature = "otlp-grpc"), path = "absent/otlp_grpc.rs")]
pub(crate) mod otlp_grpc;
#[cfg_attr(not(feature = "otlp-http"), path = "absent/otlp_http.rs")]
pub(crate) mod otlp_http;
#[cfg_attr(not(feature = "prometheus"), path = "absent/prometheus.rs")]
pub(crate) mod prometheus;

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{LoggerProviderBuilder, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};

use crate::config::{Exporter, Protocol, TelemetryConfig};
use crate::destination::Destination;
use crate::error::InitError;
use crate::health::{Health, Watch};
use crate::hook::Builders;
use crate::providers::Providers;
use crate::resource::resource;
use crate::sampling::sampler;
use crate::signal::{PerSignal, Signal};
use crate::target::Target;

/// What builds the providers of each service, and what they share.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) config: TelemetryConfig,
    pub(crate) health: PerSignal<Option<Arc<Health>>>,
    pub(crate) prometheus: Option<prometheus::Prometheus>,
    runtime: Option<otlp_grpc::Runtime>,
    lines: Option<json::Lines>,
    console: Option<console::Console>,
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
        let (traces, metrics, logs) = (self.traces(&part)?, self.metrics(&part)?, self.logs(&part)?);
        let mut builders = Builders::new(traces, metrics, logs);
        let hook = self.config.startup_hook.as_ref();
        if let Some(hook) = hook {
            builders = hook.run(builders)?;
        }
        let wants = |signal| hook.is_some() || self.config.exporter_of(signal) != Exporter::None;
        Ok(Providers {
            tracer: wants(Signal::Traces).then(|| builders.tracer_provider.build()),
            meter: wants(Signal::Metrics).then(|| builders.meter_provider.build()),
            logger: wants(Signal::Logs).then(|| builders.logger_provider.build()),
        })
    }

    fn logs(&mut self, part: &Part<'_>) -> Result<LoggerProviderBuilder, InitError> {
        let builder = SdkLoggerProvider::builder().with_resource(part.resource.clone());
        match self.config.exporter_of(Signal::Logs) {
            // Refused by the configuration's check: there are no logs in a scrape.
            Exporter::None | Exporter::Prometheus => Ok(builder),
            Exporter::Console => {
                let watch = self.watch(Signal::Logs, Destination::Console);
                Ok(console::logs(builder, self.config.console_writer.clone(), &watch))
            }
            Exporter::ConsoleJson | Exporter::File => {
                let (lines, place) = self.lines(Signal::Logs)?;
                Ok(json::logs(builder, &lines, &self.watch(Signal::Logs, place)))
            }
            Exporter::Otlp => {
                let target = Target::new(&self.config, Signal::Logs)?;
                let watch = self.watch(Signal::Logs, Destination::Otlp(target.clone()));
                match target.protocol {
                    Protocol::Grpc => otlp_grpc::logs(builder, &target, &watch, &mut self.runtime),
                    Protocol::HttpProtobuf | Protocol::HttpJson => otlp_http::logs(builder, &target, &watch),
                }
            }
        }
    }

    fn traces(&mut self, part: &Part<'_>) -> Result<TracerProviderBuilder, InitError> {
        let builder = SdkTracerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_sampler(sampler(&self.config));
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
            Exporter::Otlp => {
                let target = Target::new(&self.config, Signal::Traces)?;
                let watch = self.watch(Signal::Traces, Destination::Otlp(target.clone()));
                match target.protocol {
                    Protocol::Grpc => otlp_grpc::traces(builder, &target, &watch, &mut self.runtime),
                    Protocol::HttpProtobuf | Protocol::HttpJson => {
                        otlp_http::traces(builder, &target, &watch)
                    }
                }
            }
        }
    }

    fn metrics(&mut self, part: &Part<'_>) -> Result<MeterProviderBuilder, InitError> {
        let builder = SdkMeterProvider::builder().with_resource(part.resource.clone());
        match self.config.exporter_of(Signal::Metrics) {
            Exporter::None => Ok(builder),
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
                let target = Target::new(&self.config, Signal::Metrics)?;
                let watch = self.watch(Signal::Metrics, Destination::Otlp(target.clone()));
                match target.protocol {
                    Protocol::Grpc => otlp_grpc::metrics(builder, &target, &watch, &mut self.runtime),
                    Protocol::HttpProtobuf | Protocol::HttpJson => {
                        otlp_http::metrics(builder, &target, &watch)
                    }
                }
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

    fn watch(&mut self, signal: Signal, destination: Destination) -> Watch {
        let health = self.health.at(signal);
        let health = health.get_or_insert_with(|| Health::new(signal, destination));
        Watch::new(Arc::clone(health), &self.config)
    }
}
