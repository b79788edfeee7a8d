//! The fields that a file or the environment can set, and how a text becomes one.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::config::{Compression, Exporter, Propagator, Protocol, SamplingRule, TelemetryConfig};
use crate::hook::Hook;
use crate::semconv;
use crate::signal::Signal;
use crate::target;

/// A field that a file or a variable can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Enabled,
    ServiceName,
    Exporter,
    ExporterOf(Signal),
    Endpoint,
    EndpointOf(Signal),
    Protocol,
    ProtocolOf(Signal),
    Compression,
    CompressionOf(Signal),
    SamplingRate,
    SamplingPercentage,
    Sampler,
    TokenizerTargetModel,
    Propagators,
    AttributeValueLengthLimit,
    ServiceVersion,
    ResourceAttributes,
    StartupHook,
    TailErrors,
    TailSlowerThan,
    TailMaxSpans,
    Certificate,
    ClientCertificate,
    ClientKey,
    CertificateOf(Signal),
    ClientCertificateOf(Signal),
    ClientKeyOf(Signal),
    PrometheusListen,
    PrometheusHost,
    PrometheusPort,
    FilePath,
    FileMaxBytes,
    FileMaxFiles,
    MaxQueueBytes,
    MaxRequestBytes,
}

impl Field {
    /// The field that is set: one may have two spellings.
    pub(super) fn meant(self) -> Self {
        match self {
            Self::SamplingPercentage => Self::SamplingRate,
            field => field,
        }
    }
}

impl TelemetryConfig {
    /// Adds the share of a route's traces from text, or says what is accepted.
    pub(super) fn set_rule(&mut self, route: &str, text: &str) -> Result<(), &'static str> {
        let share = text.parse().map_err(|_| RATE).and_then(rate)?;
        self.sampling_rules.push(SamplingRule::new(route, share));
        Ok(())
    }

    /// Sets an attribute of the resource; the service's name and version have fields of their own.
    pub(super) fn set_resource_attribute(&mut self, key: String, value: String) {
        match key.as_str() {
            semconv::SERVICE_NAME => self.service_name = Some(value),
            semconv::SERVICE_VERSION => self.service_version = Some(value),
            _ => drop(self.resource_attributes.insert(key, value)),
        }
    }

    /// Sets a field from text, or says what is accepted.
    pub(crate) fn set(&mut self, field: Field, text: &str) -> Result<(), &'static str> {
        match field {
            Field::Enabled => self.enabled = boolean(text)?,
            Field::ServiceName => self.service_name = Some(name(text)?),
            Field::Exporter => self.exporter = exporter(text)?,
            Field::ExporterOf(signal) => self.signals.at(signal).exporter = Some(exporter(text)?),
            Field::Endpoint => self.endpoint = Some(endpoint(text)?),
            Field::EndpointOf(signal) => self.signals.at(signal).endpoint = Some(endpoint(text)?),
            Field::Protocol => self.protocol = Some(protocol(text)?),
            Field::ProtocolOf(signal) => self.signals.at(signal).protocol = Some(protocol(text)?),
            Field::Compression => self.compression = compression(text)?,
            Field::CompressionOf(signal) => self.signals.at(signal).compression = Some(compression(text)?),
            Field::SamplingRate => self.sampling_rate = text.parse().map_err(|_| RATE).and_then(rate)?,
            Field::SamplingPercentage => self.sampling_rate = percentage(text)?,
            Field::Sampler => (self.parent_based, self.sampling_rate) = sampler(text)?,
            Field::Propagators => {
                self.propagators = Propagator::parse_list(text).ok_or(Propagator::ACCEPTED)?;
            }
            Field::AttributeValueLengthLimit => {
                let limit = text.parse().map_err(|_| "a whole number of characters")?;
                self.attribute_value_length_limit = Some(limit);
            }
            Field::ServiceVersion => self.service_version = Some(name(text)?),
            Field::ResourceAttributes => {
                for (key, value) in pairs(text).ok_or(PAIRS)? {
                    self.set_resource_attribute(key, value);
                }
            }
            Field::StartupHook => self.startup_hook = Some(Hook::Name(name(text)?)),
            Field::TailErrors => self.tail.get_or_insert_default().errors = boolean(text)?,
            Field::TailSlowerThan => {
                let millis = text.parse().map_err(|_| "a whole number of milliseconds")?;
                self.tail.get_or_insert_default().slower_than = Some(Duration::from_millis(millis));
            }
            Field::TailMaxSpans => {
                let spans = text.parse().map_err(|_| "a whole number of spans")?;
                self.tail.get_or_insert_default().max_spans = spans;
            }
            Field::Certificate => self.tls.certificate = Some(name(text)?),
            Field::ClientCertificate => self.tls.client_certificate = Some(name(text)?),
            Field::ClientKey => self.tls.client_key = Some(name(text)?),
            Field::CertificateOf(signal) => self.signals.at(signal).tls.certificate = Some(name(text)?),
            Field::ClientCertificateOf(signal) => {
                self.signals.at(signal).tls.client_certificate = Some(name(text)?);
            }
            Field::ClientKeyOf(signal) => self.signals.at(signal).tls.client_key = Some(name(text)?),
            Field::PrometheusListen => self.prometheus_listen = listen(text)?,
            Field::PrometheusHost => self.prometheus_listen = Some(format!("{}:9464", host(text)?)),
            Field::PrometheusPort => {
                let port: u16 = text.parse().map_err(|_| "a port from 0 to 65535")?;
                let host = self
                    .prometheus_listen
                    .as_deref()
                    .and_then(|listen| listen.rsplit_once(':'));
                let host = host.map_or("127.0.0.1", |(host, _)| host);
                self.prometheus_listen = Some(format!("{host}:{port}"));
            }
            Field::FilePath => self.file.path = name(text)?,
            Field::FileMaxBytes => {
                self.file.max_bytes = text.parse().map_err(|_| "a whole number of bytes")?;
            }
            Field::FileMaxFiles => {
                self.file.max_files = text.parse().map_err(|_| "a whole number of files")?;
            }
            Field::MaxQueueBytes => {
                self.max_queue_bytes = text.parse().map_err(|_| BYTES).and_then(bytes)?;
            }
            Field::MaxRequestBytes => {
                self.max_request_bytes = text.parse().map_err(|_| BYTES).and_then(bytes)?;
            }
            Field::TokenizerTargetModel => self.tokenizer_target_model = name(text)?,
        }
        Ok(())
    }
}

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

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        Err("a name that is not empty")
    } else {
        Ok(text.to_owned())
    }
}

fn exporter(text: &str) -> Result<Exporter, &'static str> {
    Exporter::parse(text).ok_or(Exporter::ACCEPTED)
}

fn protocol(text: &str) -> Result<Protocol, &'static str> {
    Protocol::parse(text).ok_or(Protocol::ACCEPTED)
}

fn compression(text: &str) -> Result<Compression, &'static str> {
    Compression::parse(text).ok_or(Compression::ACCEPTED)
}

fn endpoint(text: &str) -> Result<String, &'static str> {
    target::parse(text).map(|_| text.to_owned())
}

/// An IPv6 address stands in brackets before a port.
fn host(text: &str) -> Result<String, &'static str> {
    let host = name(text)?;
    Ok(if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host
    })
}

fn listen(text: &str) -> Result<Option<String>, &'static str> {
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

fn percentage(text: &str) -> Result<f64, &'static str> {
    const ACCEPTED: &str = "a number from 0 to 100";
    let percent: f64 = text.parse().map_err(|_| ACCEPTED)?;
    rate(percent / 100.0).map_err(|_| ACCEPTED)
}

/// The values of `OTEL_TRACES_SAMPLER` that exist everywhere, as (parent-based, rate).
fn sampler(text: &str) -> Result<(bool, f64), &'static str> {
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
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let key = decoded(key).filter(|key| !key.is_empty())?;
        Some((key, decoded(value)?))
    };
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(pair)
        .collect()
}

pub(super) const PAIRS: &str = "name=value, with commas between them; a comma in a value is %2C";
const BYTES: &str = "a whole number of bytes from 1";
const RATE: &str = "a number from 0.0 to 1.0";
