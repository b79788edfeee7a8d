//! The tracer providers of the services.
//!
//! [`telemetry::init`] is for a process that is one service. This process is seven, so over OTLP each gets a provider of
//! the SDK with a resource and an exporter of its own. The console shows one tree for the whole process and knows no
//! service names: there all share the provider that [`telemetry::init`] made. Metrics are left out, because their
//! instruments would be the process's.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::thread;

use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SdkTracerProvider;
use reqwest::Url;
use throughline::telemetry::{self, Exporter, Telemetry, TelemetryConfig};

use crate::services::Service;

pub(crate) type FleetError = Box<dyn Error>;

/// A tracer provider for each service.
#[derive(Debug)]
pub(crate) struct Fleet {
    console: Telemetry,
    endpoint: Url,
    providers: Mutex<Vec<(Service, SdkTracerProvider)>>,
}

impl Fleet {
    pub(crate) fn new(exporter: Exporter, endpoint: &str) -> Result<Self, FleetError> {
        let accepted = "expected a URL such as http://127.0.0.1:4317";
        let endpoint = match Url::parse(endpoint) {
            Ok(url) if url.scheme() == "http" => url,
            _ => return Err(format!("--otlp-endpoint {endpoint:?}: {accepted}").into()),
        };
        let config = TelemetryConfig::default()
            // Off or on, this installs the propagator that the layers write and read `traceparent` with.
            .with_enabled(exporter == Exporter::Console)
            .with_exporter(exporter)
            .with_metrics_exporter(Exporter::None);
        Ok(Self {
            console: telemetry::init(config)?,
            endpoint,
            providers: Mutex::default(),
        })
    }

    /// The provider of a service, made when it is first asked for.
    pub(crate) fn provider(&self, service: Service) -> Result<SdkTracerProvider, FleetError> {
        if let Some(shared) = self.console.tracer_provider() {
            return Ok(shared.clone());
        }
        let mut providers = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = providers.iter().find(|(known, _)| *known == service) {
            return Ok(known.clone());
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name(service.name()).build())
            .with_batch_exporter(otlp(&self.endpoint)?)
            .build();
        providers.push((service, provider.clone()));
        Ok(provider)
    }

    /// Delivers every service's spans, all at once: each exporter tries again before it gives up.
    pub(crate) fn shutdown(self) -> Result<(), FleetError> {
        let providers = self
            .providers
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let lost = thread::scope(|scope| {
            let stops: Vec<_> = providers
                .iter()
                .map(|(service, provider)| (service, scope.spawn(|| stop(provider))))
                .collect();
            let mut results = stops
                .into_iter()
                .map(|(service, stop)| (service, stop.join().unwrap_or_else(|_| Err(panicked()))));
            results.find_map(|(service, result)| Some((service, result.err()?)))
        });
        self.console.shutdown()?;
        lost.map_or(Ok(()), |(service, error)| {
            let (service, endpoint) = (service.name(), &self.endpoint);
            Err(format!("the spans of {service} do not reach {endpoint}: {error}").into())
        })
    }
}

/// A flush tells whether the spans arrived; a shutdown does not.
fn stop(provider: &SdkTracerProvider) -> OTelSdkResult {
    let flushed = provider.force_flush();
    let stopped = provider.shutdown();
    flushed.and(stopped)
}

fn panicked() -> OTelSdkError {
    OTelSdkError::InternalFailure("its exporter panicked".to_owned())
}

/// Port 4318 or a path is OTLP over HTTP, whose path follows the collector's if it is not there; all else is gRPC.
fn otlp(endpoint: &Url) -> Result<SpanExporter, ExporterBuildError> {
    let path = endpoint.path().trim_end_matches('/');
    if endpoint.port() != Some(4318) && path.is_empty() {
        return SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint.as_str())
            .build();
    }
    let mut url = endpoint.clone();
    if !path.ends_with(PATH) {
        url.set_path(&format!("{path}{PATH}"));
    }
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url.as_str())
        .build()
}

const PATH: &str = "/v1/traces";
