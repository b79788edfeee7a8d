//! Builds the providers of each service, with the configured exporters.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{LoggerProviderBuilder, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use throughline_tracing_layer::provider::BoundInstruments;

use super::console::ConsoleExporter;
#[cfg(feature = "file")]
use super::json::JsonExporter;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use super::otlp::OtlpExporter;
#[cfg(feature = "prometheus")]
use super::prometheus::PrometheusExporter;
use super::signal_exporter::{Addition, Attachment, PageRenderer, SignalExporter};
#[cfg(feature = "viewer")]
use super::viewer::ViewerExporter;
use super::views;
use crate::config::{Exporter, OtlpTarget, TelemetryConfig};
use crate::destination::Destination;
use crate::error::InitError;
use crate::health::{DeliveryMonitor, ExporterEnd, Health};
use crate::hook::Builders;
use crate::log_redaction::LogRedaction;
use crate::providers::Providers;
use crate::resource::resource;
use crate::sampling::sampler;
use crate::signal::{PerSignal, Signal};

/// Builds the providers of each service, and owns the shared exporters.
#[derive(Debug)]
pub(crate) struct ExporterSetup {
    pub(crate) config: TelemetryConfig,
    /// One for each exporter of a signal.
    pub(crate) health: PerSignal<Vec<Arc<Health>>>,
    /// Each is created when a signal first needs it.
    exporters: HashMap<Exporter, Box<dyn SignalExporter>>,
    /// Set when the most recent metric exporters have ended.
    metrics_ended: Vec<Arc<ExporterEnd>>,
}

/// A service whose providers are built.
#[derive(Debug)]
struct ServicePart<'a> {
    resource: Resource,
    /// The name, if it is one of several services.
    service: Option<&'a str>,
}

impl ExporterSetup {
    pub(crate) fn new(config: TelemetryConfig) -> Self {
        Self {
            config,
            health: PerSignal::default(),
            exporters: HashMap::new(),
            metrics_ended: Vec::new(),
        }
    }

    /// Builds the providers of the process, or of a service in it, for the signals that are exported or that
    /// a start-up hook may use.
    pub(crate) fn providers(&mut self, service: Option<&str>) -> Result<Providers, InitError> {
        let part = ServicePart {
            resource: resource(&self.config, service),
            service,
        };
        let (traces, metrics, logs) = (self.traces(&part)?, self.metrics(&part)?, self.logs(&part)?);
        let mut builders = Builders::new(traces, metrics, logs);
        let hook = self.config.startup_hook.as_ref();
        if let Some(hook) = hook {
            builders = hook.run(builders)?;
        }
        let wants = |signal| hook.is_some() || !self.config.exporters_of(signal).is_empty();
        let meter = wants(Signal::Metrics).then(|| builders.meter_provider.build());
        // A hook may add a reader with delta temporality, for which instruments must not be bound.
        let is_cumulative = hook.is_none() && self.config.sdk.temporality.is_cumulative();
        let bound = meter.as_ref().filter(|_| is_cumulative);
        Ok(Providers {
            _bound: bound.map(|meter| BoundInstruments::report(meter.clone())),
            meter,
            tracer: wants(Signal::Traces).then(|| builders.tracer_provider.build()),
            metrics_ended: std::mem::take(&mut self.metrics_ended),
            logger: wants(Signal::Logs).then(|| builders.logger_provider.build()),
        })
    }

    /// Returns the renderer of the metrics page, if metrics are exported to Prometheus.
    pub(crate) fn page_renderer(&self) -> Option<PageRenderer> {
        self.exporters.get(&Exporter::Prometheus)?.page_renderer()
    }

    /// Returns the address on which the Prometheus exporter listens.
    pub(crate) fn prometheus_address(&self) -> Option<SocketAddr> {
        self.exporters.get(&Exporter::Prometheus)?.address()
    }

    /// Returns the page of the viewer, if a signal is exported to it.
    #[cfg(feature = "viewer")]
    pub(crate) fn viewer_router(&self) -> Option<axum::Router> {
        self.exporters.get(&Exporter::Viewer)?.viewer_router()
    }

    /// Returns the address on which the viewer listens.
    pub(crate) fn viewer_address(&self) -> Option<SocketAddr> {
        self.exporters.get(&Exporter::Viewer)?.address()
    }

    fn traces(&mut self, part: &ServicePart<'_>) -> Result<TracerProviderBuilder, InitError> {
        let builder = SdkTracerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_sampler(sampler(&self.config));
        let builder = builder.with_span_limits(self.config.sdk.span_limits.into());
        self.add_exporters(Signal::Traces, part, builder, |exporter, attachment| {
            exporter.traces(attachment)
        })
    }

    fn metrics(&mut self, part: &ServicePart<'_>) -> Result<MeterProviderBuilder, InitError> {
        let builder = SdkMeterProvider::builder().with_resource(part.resource.clone());
        let builder = views::add(builder, &self.config.sdk.metric_views);
        self.add_exporters(Signal::Metrics, part, builder, |exporter, attachment| {
            exporter.metrics(attachment)
        })
    }

    fn logs(&mut self, part: &ServicePart<'_>) -> Result<LoggerProviderBuilder, InitError> {
        let builder = SdkLoggerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_log_processor(LogRedaction::new());
        self.add_exporters(Signal::Logs, part, builder, |exporter, attachment| {
            exporter.logs(attachment)
        })
    }

    /// Adds the exporters of a signal to the builder of its provider. If an exporter cannot be set up when
    /// telemetry starts, and a variable selected it, the signal is exported without it.
    fn add_exporters<B>(
        &mut self,
        signal: Signal,
        part: &ServicePart<'_>,
        mut builder: B,
        set_up: SetUp<B>,
    ) -> Result<B, InitError> {
        for exporter in self.config.exporters_of(signal).iter() {
            match self.set_up_exporter(signal, exporter, part, set_up) {
                Ok(add) => builder = add(builder),
                Err(error) if part.service.is_none() => {
                    self.config.turn_off(signal, exporter, error)?;
                    self.health
                        .get_mut(signal)
                        .retain(|health| health.exporter() != exporter);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(builder)
    }

    /// Sets up one exporter of a signal.
    fn set_up_exporter<B>(
        &mut self,
        signal: Signal,
        exporter: Exporter,
        part: &ServicePart<'_>,
        set_up: SetUp<B>,
    ) -> Result<Addition<B>, InitError> {
        let config = &self.config;
        config.check_exporter_feature(signal, exporter)?;
        // Jaeger uses OTLP, so it shares the runtime.
        let kind = match exporter {
            Exporter::Jaeger => Exporter::Otlp,
            kind => kind,
        };
        let opened = match self.exporters.entry(kind) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(place) => place.insert(open(kind, config)?),
        };
        let destination = match kind {
            Exporter::File => Destination::File(config.file.resolved()),
            Exporter::Prometheus => Destination::Prometheus(opened.address()),
            Exporter::Viewer => Destination::Viewer(opened.address()),
            Exporter::Otlp => Destination::Otlp(OtlpTarget::new(config, signal)?),
            _ => Destination::Console,
        };
        let healths = self.health.get_mut(signal);
        let existing = healths
            .iter()
            .find(|health| health.exporter() == exporter)
            .cloned();
        let health = existing.unwrap_or_else(|| {
            let health = Health::new(signal, exporter, destination);
            healths.push(Arc::clone(&health));
            health
        });
        let monitor = DeliveryMonitor::new(health, config);
        // Prometheus reads metrics by itself, so no reader is waited for.
        if signal == Signal::Metrics && exporter != Exporter::Prometheus {
            self.metrics_ended.push(monitor.ended());
        }
        let attachment = Attachment {
            config,
            service: part.service,
            monitor,
        };
        set_up(opened.as_mut(), &attachment)
    }
}

/// Sets up an exporter for one signal.
type SetUp<B> = fn(&mut dyn SignalExporter, &Attachment<'_>) -> Result<Addition<B>, InitError>;

/// Creates an exporter. `check_exporter_feature` has rejected those that are not compiled in.
#[cfg_attr(
    not(any(feature = "file", feature = "prometheus", feature = "viewer")),
    expect(
        unused_variables,
        reason = "the console and OTLP open without the configuration"
    )
)]
fn open(exporter: Exporter, config: &TelemetryConfig) -> Result<Box<dyn SignalExporter>, InitError> {
    Ok(match exporter {
        #[cfg(feature = "file")]
        Exporter::ConsoleJson => Box::new(JsonExporter::to_console(config.console_writer.clone())),
        #[cfg(feature = "file")]
        Exporter::File => Box::new(JsonExporter::to_file(&config.file)?),
        #[cfg(feature = "prometheus")]
        Exporter::Prometheus => Box::new(PrometheusExporter::start(config)?),
        #[cfg(feature = "viewer")]
        Exporter::Viewer => Box::new(ViewerExporter::start(config)?),
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Exporter::Otlp => Box::<OtlpExporter>::default(),
        _ => Box::<ConsoleExporter>::default(),
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::{Meter, MeterProvider};
    use opentelemetry::{Context, InstrumentationScope};
    use throughline_tracing_layer::provider::LazyInstruments;

    use super::*;
    use crate::config::MetricTemporality;

    /// Returns whether layers bind the instruments of this provider.
    fn binds(provider: impl MeterProvider + Send + Sync + 'static) -> bool {
        let scope = InstrumentationScope::builder("test").build();
        let counter = |meter: &Meter| meter.u64_counter("counter").build();
        let instruments = LazyInstruments::global(scope, counter).with_provider(provider);
        assert!(instruments.in_context(&Context::new()).is_some(), "it records");
        instruments.binds()
    }

    #[test]
    fn instruments_are_bound_if_all_readers_are_cumulative() {
        let cumulative = || TelemetryConfig::default().with_exporter(Exporter::Console);
        let mut delta = cumulative();
        delta.sdk.temporality = MetricTemporality::Delta;
        let mut low_memory = cumulative();
        low_memory.sdk.temporality = MetricTemporality::LowMemory;
        let hooked = cumulative().with_startup_hook(|builders| builders);
        let cases = [
            ("cumulative", cumulative(), true),
            ("delta", delta, false),
            ("low memory", low_memory, false),
            ("with readers of a hook", hooked, false),
        ];
        for (name, config, expected) in cases {
            let mut setup = ExporterSetup::new(config);
            for service in [None, Some("billing")] {
                let providers = setup.providers(service).expect("no exporter can fail");
                let meters = providers.meter.clone().expect("metrics are on");
                assert_eq!(binds(meters), expected, "{name}, service {service:?}");
            }
        }
    }
}
