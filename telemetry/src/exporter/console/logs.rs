//! Log records as lines: time, severity, target, body, attributes and trace ids.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter, SdkLogRecord};

use super::output::Output;
use super::page::PageStyle;
use super::text::{Style, plain, plain_within};

/// Prints one line per log record.
#[derive(Debug)]
pub(super) struct LogLines(pub(super) Output);

#[deny(clippy::missing_trait_methods)]
impl LogExporter for LogLines {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let lines: String = batch
            .iter()
            .map(|(record, scope)| line(record, scope, self.0.page))
            .collect();
        let printed = self.0.print(&lines);
        printed.map_err(|error| OTelSdkError::InternalFailure(format!("the console: {error}")))
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown(&self) -> OTelSdkResult {
        Ok(())
    }

    fn event_enabled(&self, _: Severity, _: &str, _: Option<&str>) -> bool {
        true
    }

    fn set_resource(&mut self, _: &Resource) {}
}

fn line(record: &SdkLogRecord, scope: &InstrumentationScope, page: PageStyle) -> String {
    let at = record.timestamp().or_else(|| record.observed_timestamp());
    let severity = record.severity_number();
    let name = record
        .severity_text()
        .or_else(|| severity.map(|severity| severity.name()))
        .unwrap_or("-");
    let style = if severity >= Some(Severity::Error) {
        Style::Failure
    } else {
        Style::Strong
    };
    let target = record.target().map_or_else(|| scope.name(), AsRef::as_ref);
    let mut line = format!(
        "{} {} {}:",
        page.paint(Style::Faint, &at.map(time).unwrap_or_default()),
        page.paint(style, &format!("{name:>5}")),
        page.paint(Style::Faint, &plain(target)),
    );
    if let Some(body) = record.body() {
        let body = match body {
            AnyValue::String(text) => plain_within(text.as_str(), MAX_BODY_CHARS),
            other => value(other),
        };
        let _ = write!(line, " {body}");
    }
    for (key, attribute) in record.attributes_iter() {
        let _ = write!(line, " {}={}", plain(key.as_str()), value(attribute));
    }
    if let Some(trace) = record.trace_context() {
        let ids = format!("trace_id={} span_id={}", trace.trace_id, trace.span_id);
        let _ = write!(line, " {}", page.paint(Style::Faint, &ids));
    }
    line.push('\n');
    line
}

fn value(value: &AnyValue) -> String {
    match value {
        AnyValue::Int(number) => number.to_string(),
        AnyValue::Double(number) => number.to_string(),
        AnyValue::Boolean(truth) => truth.to_string(),
        AnyValue::String(text) => format!("\"{}\"", plain(text.as_str())),
        AnyValue::Bytes(bytes) => format!("({} bytes)", bytes.len()),
        other => plain(&format!("{other:?}")),
    }
}

/// Formats a time by RFC 3339, in UTC, with milliseconds
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn time(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Years start in March in this calculation, so that the leap day is the last day.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The maximum characters of a body that are printed.
const MAX_BODY_CHARS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_795_254_770, "2026-11-21T09:52:50.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(time(at), expected, "{seconds}");
        }
    }
}
