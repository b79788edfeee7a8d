//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.
