//! Parsers of values.

use std::ops::RangeInclusive;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use throughline_tokens::TargetModel;

use crate::config::endpoint::Endpoint;
use crate::config::expected::Expected;
use crate::config::sdk::MetricTemporality;
use crate::config::views::HistogramBuckets;
use crate::config::{Compression, Exporter, Exporters, Protocol};
use crate::signal::Signal;

/// Checks a sampling rate.
pub(super) fn rate(rate: f64) -> Result<f64, Expected> {
    if (0.0..=1.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(Expected::Rate)
    }
}

/// Checks that a limit in bytes is not 0.
pub(super) fn bytes(bytes: usize) -> Result<usize, Expected> {
    if bytes > 0 {
        Ok(bytes)
    } else {
        Err(Expected::Bytes)
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, Expected> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Expected::Boolean),
    }
}

pub(super) fn name(text: &str) -> Result<String, Expected> {
    let text = text.trim();
    if text.is_empty() {
        Err(Expected::Name)
    } else {
        Ok(text.to_owned())
    }
}

pub(super) fn exporters(text: &str) -> Result<Exporters, Expected> {
    Exporters::parse(text).ok_or(Expected::Exporter)
}

/// Prometheus supports metrics only, Jaeger supports traces only.
pub(super) fn exporters_of(signal: Signal, text: &str) -> Result<Exporters, Expected> {
    let exporters = exporters(text)?;
    let unsupported = exporters.iter().find(|exporter| !exporter.supports(signal));
    match unsupported {
        Some(Exporter::Jaeger) => Err(Expected::ExporterOfMetrics),
        Some(_) => Err(Expected::ExporterOfTracesAndLogs),
        None => Ok(exporters),
    }
}

pub(super) fn protocol(text: &str) -> Result<Protocol, Expected> {
    Protocol::parse(text).ok_or(Expected::Protocol)
}

pub(super) fn compression(text: &str) -> Result<Compression, Expected> {
    Compression::parse(text).ok_or(Expected::Compression)
}

pub(super) fn endpoint(text: &str) -> Result<String, Expected> {
    Endpoint::parse(text).map(|_| text.to_owned())
}

/// An IPv6 address needs brackets before a port.
pub(super) fn host(text: &str) -> Result<String, Expected> {
    let host = name(text)?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]%".contains(&byte);
    if !host.bytes().all(is_host) {
        return Err(Expected::Host);
    }
    Ok(if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host
    })
}

pub(super) fn listen(text: &str) -> Result<Option<String>, Expected> {
    if text == "none" {
        return Ok(None);
    }
    let (host, port) = text.rsplit_once(':').ok_or(Expected::Listener)?;
    let is_whole = !host.is_empty() && port.parse::<u16>().is_ok();
    if is_whole {
        Ok(Some(text.to_owned()))
    } else {
        Err(Expected::Listener)
    }
}

pub(super) fn percentage(text: &str) -> Result<f64, Expected> {
    let percent: f64 = text.parse().map_err(|_| Expected::Percentage)?;
    rate(percent / 100.0).map_err(|_| Expected::Percentage)
}

/// Parses the samplers that every SDK supports, as (parent-based, rate).
pub(super) fn sampler(text: &str) -> Result<(bool, f64), Expected> {
    Ok(match text {
        "always_on" | "traceidratio" => (false, 1.0),
        "always_off" => (false, 0.0),
        "parentbased_always_on" | "parentbased_traceidratio" => (true, 1.0),
        "parentbased_always_off" => (true, 0.0),
        _ => {
            return Err(Expected::Sampler);
        }
    })
}

/// Parses a list of names and values, such as `a=1,b=2%2C3` in `OTEL_RESOURCE_ATTRIBUTES` or
/// `OTEL_EXPORTER_OTLP_HEADERS`
/// (<https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>).
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(pair)
        .collect()
}

/// Parses a name and its percent-encoded value.
pub(super) fn pair(text: &str) -> Option<(String, String)> {
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let (key, value) = text.split_once('=')?;
    let key = decoded(key).filter(|key| !key.is_empty())?;
    Some((key, decoded(value)?))
}

pub(super) fn target_model(text: &str) -> Result<String, Expected> {
    let model: Result<TargetModel, _> = text.parse();
    model
        .map(|model| model.as_str().to_owned())
        .map_err(|_| Expected::TargetModel)
}

pub(super) fn temporality(text: &str) -> Result<MetricTemporality, Expected> {
    MetricTemporality::parse(text).ok_or(Expected::Temporality)
}

pub(super) fn histogram_buckets(text: &str) -> Result<HistogramBuckets, Expected> {
    HistogramBuckets::parse(text).ok_or(Expected::HistogramBuckets)
}

/// Parses an interval. It must not be 0, because its work would run without a pause.
pub(super) fn millis(text: &str) -> Result<Duration, Expected> {
    let millis = whole(text, 1..=MAX_INTEGER);
    millis.map(Duration::from_millis).ok_or(Expected::Milliseconds)
}

/// Checks an interval that is set in code.
pub(super) fn interval(interval: Duration) -> Result<Duration, Expected> {
    let accepted = Duration::from_millis(1)..=NO_LIMIT;
    if accepted.contains(&interval) {
        Ok(interval)
    } else {
        Err(Expected::Interval)
    }
}

/// Parses a timeout.
pub(super) fn timeout(text: &str) -> Result<Duration, Expected> {
    let millis = whole(text, 0..=MAX_INTEGER).ok_or(Expected::Timeout)?;
    Ok(limited(Duration::from_millis(millis)))
}

/// Returns a timeout for which 0 means no limit. The specification allows the longest possible time for it.
pub(super) fn limited(timeout: Duration) -> Duration {
    if timeout.is_zero() {
        NO_LIMIT
    } else {
        timeout.min(NO_LIMIT)
    }
}

pub(super) fn count(text: &str) -> Result<u32, Expected> {
    let count = whole(text, 0..=MAX_INTEGER).and_then(|count| count.try_into().ok());
    count.ok_or(Expected::Count)
}

/// Parses the size of a queue. It is bounded, because a queue is allocated when it is created.
pub(super) fn queue(text: &str) -> Result<usize, Expected> {
    text.parse().map_err(|_| Expected::QueueSize).and_then(queue_size)
}

/// Checks the size of a queue or of a batch.
pub(super) fn queue_size(size: usize) -> Result<usize, Expected> {
    if (1..=1_000_000).contains(&size) {
        Ok(size)
    } else {
        Err(Expected::QueueSize)
    }
}

pub(super) fn length(text: &str) -> Result<usize, Expected> {
    let length = whole(text, 0..=MAX_INTEGER).and_then(|length| length.try_into().ok());
    length.ok_or(Expected::Characters)
}

pub(super) fn port(text: &str) -> Result<u16, Expected> {
    text.parse().map_err(|_| Expected::Port)
}

fn whole(text: &str, range: RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// The largest integer of the specification
/// (<https://opentelemetry.io/docs/specs/otel/configuration/common/#integer>).
const MAX_INTEGER: u64 = i32::MAX as u64;

/// The longest interval and timeout, 24 days.
const NO_LIMIT: Duration = Duration::from_millis(MAX_INTEGER);
