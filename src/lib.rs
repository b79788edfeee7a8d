//! OpenTelemetry for tower and axum services and their LLM calls.
