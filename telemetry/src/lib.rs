//! Configuration, exporters, sampling and shutdown for OpenTelemetry in one call.
