//! Texts that become values, or else what is accepted.

use std::ops::RangeInclusive;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::config::endpoint::Endpoint;
use crate::config::sdk::MetricTemporality;
use crate::config::{Compression, Exporter, Protocol};
use crate::signal::Signal;

/// Whether a share of traces is one, or what is accepted.
pub(super) fn rate(rate: f64) -> Result<f64, &'static str> {
    if (0.0..=1.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(RATE)
    }
}

/// Whether a bound in bytes lets anything through, or what is accepted.
pub(super) fn bytes(bytes: usize) -> Result<usize, &'static str> {
    if bytes > 0 { Ok(bytes) } else { Err(BYTES) }
}

pub(super) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("true or false"),
    }
}

pub(super) fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        Err("a name that is not empty")
    } else {
        Ok(text.to_owned())
    }
}

pub(super) fn exporter(text: &str) -> Result<Exporter, &'static str> {
    Exporter::parse(text).ok_or(Exporter::ACCEPTED)
}

/// There are no traces and no logs in a scrape, and nothing but traces in Jaeger.
pub(super) fn exporter_of(signal: Signal, text: &str) -> Result<Exporter, &'static str> {
    match (signal, exporter(text)?) {
        (Signal::Traces | Signal::Logs, Exporter::Prometheus) => Err(
            r#"an exporter that takes traces and logs, and "prometheus" for metrics alone (metrics_exporter, OTEL_METRICS_EXPORTER)"#,
        ),
        (Signal::Metrics | Signal::Logs, Exporter::Jaeger) => {
            Err(r#"an exporter that takes metrics and logs, and "jaeger" for traces alone"#)
        }
        (_, exporter) => Ok(exporter),
    }
}

pub(super) fn protocol(text: &str) -> Result<Protocol, &'static str> {
    Protocol::parse(text).ok_or(Protocol::ACCEPTED)
}

pub(super) fn compression(text: &str) -> Result<Compression, &'static str> {
    Compression::parse(text).ok_or(Compression::ACCEPTED)
}

pub(super) fn endpoint(text: &str) -> Result<String, &'static str> {
    Endpoint::parse(text).map(|_| text.to_owned())
}

/// An IPv6 address stands in brackets before a port.
pub(super) fn host(text: &str) -> Result<String, &'static str> {
    let host = name(text)?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]%".contains(&byte);
    if !host.bytes().all(is_host) {
        return Err("the name of a host or an address");
    }
    Ok(if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host
    })
}

pub(super) fn listen(text: &str) -> Result<Option<String>, &'static str> {
    const ACCEPTED: &str = r#"a host and a port such as 127.0.0.1:9464, or "none""#;
    if text == "none" {
        return Ok(None);
    }
    let (host, port) = text.rsplit_once(':').ok_or(ACCEPTED)?;
    let is_whole = !host.is_empty() && port.parse::<u16>().is_ok();
    if is_whole {
        Ok(Some(text.to_owned()))
    } else {
        Err(ACCEPTED)
    }
}

pub(super) fn percentage(text: &str) -> Result<f64, &'static str> {
    const ACCEPTED: &str = "a number from 0 to 100";
    let percent: f64 = text.parse().map_err(|_| ACCEPTED)?;
    rate(percent / 100.0).map_err(|_| ACCEPTED)
}

/// The values of `OTEL_TRACES_SAMPLER` that exist everywhere, as (parent-based, rate).
pub(super) fn sampler(text: &str) -> Result<(bool, f64), &'static str> {
    Ok(match text {
        "always_on" | "traceidratio" => (false, 1.0),
        "always_off" => (false, 0.0),
        "parentbased_always_on" | "parentbased_traceidratio" => (true, 1.0),
        "parentbased_always_off" => (true, 0.0),
        _ => {
            return Err(r#""always_on", "always_off", "traceidratio", or one of them after "parentbased_""#);
        }
    })
}

/// Names and values as `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS` list them: `a=1,b=2%2C3`
/// (<https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable>).
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(pair)
        .collect()
}

/// One name and its value, percent-decoded.
pub(super) fn pair(text: &str) -> Option<(String, String)> {
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let (key, value) = text.split_once('=')?;
    let key = decoded(key).filter(|key| !key.is_empty())?;
    Some((key, decoded(value)?))
}

pub(super) fn temporality(text: &str) -> Result<MetricTemporality, &'static str> {
    MetricTemporality::parse(text).ok_or(MetricTemporality::ACCEPTED)
}

/// A time between two things, which would follow on each other without a pause if it were 0.
pub(super) fn millis(text: &str) -> Result<Duration, &'static str> {
    let millis = whole(text, 1..=MAX_INTEGER);
    millis
        .map(Duration::from_millis)
        .ok_or("a whole number of milliseconds from 1 to 2147483647")
}

/// 0 is no limit, for which the specification allows the longest time that there is
/// (<https://opentelemetry.io/docs/specs/otel/configuration/common/#timeout>).
pub(super) fn timeout(text: &str) -> Result<Duration, &'static str> {
    let millis = whole(text, 0..=MAX_INTEGER);
    let millis = millis.ok_or("a whole number of milliseconds from 0, which is no limit, to 2147483647")?;
    Ok(Duration::from_millis(if millis == 0 {
        MAX_INTEGER
    } else {
        millis
    }))
}

pub(super) fn count(text: &str) -> Result<u32, &'static str> {
    let count = whole(text, 0..=MAX_INTEGER).and_then(|count| count.try_into().ok());
    count.ok_or("a whole number from 0 to 2147483647")
}

/// A queue is allocated when it is made.
pub(super) fn queue(text: &str) -> Result<usize, &'static str> {
    let size = whole(text, 1..=1_000_000).and_then(|size| size.try_into().ok());
    size.ok_or("a whole number from 1 to 1000000")
}

pub(super) fn length(text: &str) -> Result<usize, &'static str> {
    let length = whole(text, 0..=MAX_INTEGER).and_then(|length| length.try_into().ok());
    length.ok_or("a whole number of characters from 0 to 2147483647")
}

pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "a port from 0 to 65535")
}

fn whole(text: &str, range: RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// The specification's greatest integer
/// (<https://opentelemetry.io/docs/specs/otel/configuration/common/#integer>).
const MAX_INTEGER: u64 = i32::MAX as u64;
pub(super) const PAIRS: &str = "name=value, with commas between them; a comma in a value is %2C";
pub(super) const BYTES: &str = "a whole number of bytes from 1";
pub(super) const RATE: &str = "a number from 0.0 to 1.0";
