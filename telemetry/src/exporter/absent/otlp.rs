//! What stands in for OTLP where neither of its features is compiled in.

use std::time::Duration;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::OtlpTarget;
use crate::error::InitError;
use crate::health::Watch;
use crate::otlp::{CollectorReply, Runtime, missing};

pub(crate) fn traces(
    _: TracerProviderBuilder,
    target: &OtlpTarget,
    _: &Watch,
    _: &mut Option<Runtime>,
) -> Result<TracerProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn metrics(
    _: MeterProviderBuilder,
    target: &OtlpTarget,
    _: &Watch,
    _: &mut Option<Runtime>,
) -> Result<MeterProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn logs(
    _: LoggerProviderBuilder,
    target: &OtlpTarget,
    _: &Watch,
    _: &mut Option<Runtime>,
) -> Result<LoggerProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn export_nothing(target: &OtlpTarget, _: Duration) -> Result<CollectorReply, InitError> {
    Err(missing(target))
}
