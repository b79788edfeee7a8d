//! The ways out. A feature's gate is the `mod` line of its file; callers see the same functions either way.

mod console;
#[cfg_attr(not(feature = "otlp-grpc"), path = "absent/otlp_grpc.rs")]
pub(crate) mod otlp_grpc;
#[cfg_attr(not(feature = "otlp-http"), path = "absent/otlp_http.rs")]
mod otlp_http;

use std::sync::Arc;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::config::{Exporter, Protocol, TelemetryConfig};
use crate::error::InitError;
use crate::health::Health;
use crate::signal::{PerSignal, Signal};
use crate::target::Target;

/// What building the providers needs and leaves behind.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub(crate) config: &'a TelemetryConfig,
    pub(crate) resource: Resource,
    pub(crate) runtime: Option<otlp_grpc::Runtime>,
    pub(crate) health: PerSignal<Option<Arc<Health>>>,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(config: &'a TelemetryConfig, resource: Resource) -> Self {
        Self {
            config,
            resource,
            runtime: None,
            health: PerSignal::default(),
        }
    }

    /// The tracer provider that the configuration asks for, if it wants spans.
    pub(crate) fn tracer_provider(&mut self) -> Result<Option<SdkTracerProvider>, InitError> {
        let builder = SdkTracerProvider::builder().with_resource(self.resource.clone());
        let builder = builder.with_sampler(sampler(self.config));
        let builder = match self.config.exporter_of(Signal::Traces) {
            Exporter::None => return Ok(None),
            Exporter::Console => {
                let health = self.watch(Signal::Traces, "the console".into());
                console::traces(builder, self.config.console_writer.clone(), &health)
            }
            Exporter::Otlp => {
                let target = Target::new(self.config, Signal::Traces)?;
                let health = self.watch(Signal::Traces, target.url.clone());
                match target.protocol {
                    Protocol::Grpc => otlp_grpc::traces(builder, &target, &health, &mut self.runtime)?,
                    Protocol::HttpProtobuf => otlp_http::traces(builder, &target, &health)?,
                }
            }
        };
        Ok(Some(builder.build()))
    }

    /// The meter provider that the configuration asks for, if it wants metrics.
    pub(crate) fn meter_provider(&mut self) -> Result<Option<SdkMeterProvider>, InitError> {
        let builder = SdkMeterProvider::builder().with_resource(self.resource.clone());
        let builder = match self.config.exporter_of(Signal::Metrics) {
            Exporter::None => return Ok(None),
            Exporter::Console => {
                let health = self.watch(Signal::Metrics, "the console".into());
                console::metrics(builder, self.config.console_writer.clone(), &health)
            }
            Exporter::Otlp => {
                let target = Target::new(self.config, Signal::Metrics)?;
                let health = self.watch(Signal::Metrics, target.url.clone());
                match target.protocol {
                    Protocol::Grpc => otlp_grpc::metrics(builder, &target, &health, &mut self.runtime)?,
                    Protocol::HttpProtobuf => otlp_http::metrics(builder, &target, &health)?,
                }
            }
        };
        Ok(Some(builder.build()))
    }

    fn watch(&mut self, signal: Signal, destination: String) -> Arc<Health> {
        Arc::clone(self.health.at(signal).insert(Health::new(signal, destination)))
    }
}

fn sampler(config: &TelemetryConfig) -> Sampler {
    let root = Sampler::TraceIdRatioBased(config.sampling_rate);
    if config.parent_based {
        Sampler::ParentBased(Box::new(root))
    } else {
        root
    }
}
