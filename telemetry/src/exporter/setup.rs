//! Builds the providers of each service, with the configured exporters.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{LoggerProviderBuilder, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{Aggregation, Instrument, MeterProviderBuilder, SdkMeterProvider, Stream};
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use throughline_tracing_layer::provider::BoundInstruments;

use super::console::ConsoleExporter;
#[cfg(feature = "file")]
use super::json::JsonExporter;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
use super::otlp::OtlpExporter;
#[cfg(feature = "prometheus")]
use super::prometheus::PrometheusExporter;
use super::signal_exporter::{Attachment, PageRenderer, SignalExporter};
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
    pub(crate) health: PerSignal<Option<Arc<Health>>>,
    /// Each is created when a signal first needs it.
    exporters: HashMap<Exporter, Box<dyn SignalExporter>>,
    /// Set when the most recent metric exporter has ended.
    metrics_ended: Option<Arc<ExporterEnd>>,
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
            metrics_ended: None,
        }
    }

    /// Builds the providers of the process, or of a service in it, for the signals that are exported or that
    /// a start-up hook may use.
    pub(crate) fn providers(&mut self, service: Option<&str>) -> Result<Providers, InitError> {
        let part = ServicePart {
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
        let meter = wants(Signal::Metrics).then(|| builders.meter_provider.build());
        // A hook may add a reader with delta temporality, for which instruments must not be bound.
        let is_cumulative = hook.is_none() && self.config.sdk.temporality.is_cumulative();
        let bound = meter.as_ref().filter(|_| is_cumulative);
        Ok(Providers {
            _bound: bound.map(|meter| BoundInstruments::report(meter.clone())),
            meter,
            tracer: wants(Signal::Traces).then(|| builders.tracer_provider.build()),
            metrics_ended: self.metrics_ended.take(),
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

    /// Returns the builder of a signal's provider. If its exporter cannot be set up when telemetry starts,
    /// and a variable selected it, the signal is turned off.
    fn or_off<T>(
        &mut self,
        signal: Signal,
        part: &ServicePart<'_>,
        build: fn(&mut Self, &ServicePart<'_>) -> Result<T, InitError>,
    ) -> Result<T, InitError> {
        let error = match build(self, part) {
            Err(error) if part.service.is_none() => error,
            built => return built,
        };
        self.config.turn_off(signal, error)?;
        *self.health.get_mut(signal) = None;
        build(self, part)
    }

    fn traces(&mut self, part: &ServicePart<'_>) -> Result<TracerProviderBuilder, InitError> {
        let builder = SdkTracerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_sampler(sampler(&self.config));
        let builder = builder.with_span_limits(self.config.sdk.span_limits.into());
        match self.attach(Signal::Traces, part)? {
            Some((exporter, attachment)) => exporter.traces(builder, &attachment),
            None => Ok(builder),
        }
    }

    fn metrics(&mut self, part: &ServicePart<'_>) -> Result<MeterProviderBuilder, InitError> {
        let builder = SdkMeterProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_view(without_self_diagnostics);
        match self.attach(Signal::Metrics, part)? {
            Some((exporter, attachment)) => exporter.metrics(builder, &attachment),
            None => Ok(builder),
        }
    }

    fn logs(&mut self, part: &ServicePart<'_>) -> Result<LoggerProviderBuilder, InitError> {
        let builder = SdkLoggerProvider::builder().with_resource(part.resource.clone());
        let builder = builder.with_log_processor(LogRedaction::new());
        match self.attach(Signal::Logs, part)? {
            Some((exporter, attachment)) => exporter.logs(builder, &attachment),
            None => Ok(builder),
        }
    }

    /// Returns the exporter of a signal and its attachment, or `None` if the signal is not exported.
    fn attach<'a>(
        &'a mut self,
        signal: Signal,
        part: &ServicePart<'a>,
    ) -> Result<Option<(&'a mut dyn SignalExporter, Attachment<'a>)>, InitError> {
        let config = &self.config;
        let kind = match config.exporter_of(signal) {
            Exporter::None => return Ok(None),
            // Jaeger uses OTLP, so it shares the runtime.
            Exporter::Jaeger => Exporter::Otlp,
            kind => kind,
        };
        config.check_exporter_feature(signal)?;
        let exporter = match self.exporters.entry(kind) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(place) => match open(signal, config)? {
                Some(exporter) => place.insert(exporter),
                None => return Ok(None),
            },
        };
        let destination = match kind {
            Exporter::File => Destination::File(config.file.resolved()),
            Exporter::Prometheus => Destination::Prometheus(exporter.address()),
            Exporter::Otlp => Destination::Otlp(OtlpTarget::new(config, signal)?),
            _ => Destination::Console,
        };
        let health = self.health.get_mut(signal);
        let health = health.get_or_insert_with(|| Health::new(signal, destination));
        let monitor = DeliveryMonitor::new(Arc::clone(health), config);
        if signal == Signal::Metrics {
            self.metrics_ended = Some(monitor.ended());
        }
        let attachment = Attachment {
            config,
            service: part.service,
            monitor,
        };
        Ok(Some((exporter.as_mut(), attachment)))
    }
}

/// Drops the SDK's metrics of itself, which come with its bound instruments.
///
/// Each span and log processor that is created after the global meter provider exports zeros from its start.
/// What is delivered and what is lost is known to [`health`](crate::health).
fn without_self_diagnostics(instrument: &Instrument) -> Option<Stream> {
    if instrument.scope().name() != "otel.sdk" {
        return None;
    }
    Stream::builder().with_aggregation(Aggregation::Drop).build().ok()
}

/// Creates the exporter of a signal. `None` if it is not compiled in, which `check_exporter_feature` has
/// reported.
fn open(signal: Signal, config: &TelemetryConfig) -> Result<Option<Box<dyn SignalExporter>>, InitError> {
    Ok(Some(match config.exporter_of(signal) {
        Exporter::Console => Box::<ConsoleExporter>::default(),
        #[cfg(feature = "file")]
        Exporter::ConsoleJson => Box::new(JsonExporter::to_console(config.console_writer.clone())),
        #[cfg(feature = "file")]
        Exporter::File => Box::new(JsonExporter::to_file(&config.file)?),
        #[cfg(feature = "prometheus")]
        Exporter::Prometheus => Box::new(PrometheusExporter::start(config)?),
        #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
        Exporter::Otlp | Exporter::Jaeger => Box::<OtlpExporter>::default(),
        _ => return Ok(None),
    }))
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
