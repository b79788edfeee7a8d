//! The exporters. Each implements [`SignalExporter`](signal_exporter::SignalExporter); [`ExporterSetup`]
//! creates the configured ones.

#[cfg(any(feature = "file", feature = "viewer"))]
mod batch;
mod console;
#[cfg(feature = "file")]
mod json;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) mod otlp;
#[cfg(feature = "prometheus")]
mod prometheus;
mod setup;
mod signal_exporter;
#[cfg(feature = "viewer")]
mod viewer;
mod views;

pub(crate) use setup::ExporterSetup;
