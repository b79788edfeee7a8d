//! The access log: one line of JSON for each exchange.

use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Instant, SystemTime};

use http::StatusCode;
use http::request::Parts;
use serde::Serialize;

use crate::api::Api;
use crate::body::is_timeout;
use crate::callers::CallerName;
use crate::refusal::Refusal;
use crate::{config, trace_id};

/// Writes lines on a separate thread, so that a slow reader of the log never delays a request. If the reader
/// falls behind, lines are dropped.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog {
    lines: Option<SyncSender<Line>>,
}

#[derive(Debug)]
enum Line {
    Text(String),
    /// Answers when everything before it is written.
    Flush(SyncSender<()>),
}

/// An exchange in progress. Its line is written when it is dropped, also if the client leaves before the
/// answer.
pub(crate) struct LoggedExchange {
    exchange: Exchange,
    started: Instant,
    has_ended: bool,
    lines: SyncSender<Line>,
}

/// The line of an exchange. It has no query, no header and no content.
#[derive(Debug, Serialize)]
struct Exchange {
    time: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    method: String,
    path: String,
    api: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(flatten)]
    outcome: LoggedOutcome,
}

/// The part of a line that the end of the exchange settles.
#[derive(Debug, Default, Serialize)]
struct LoggedOutcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    bytes: u64,
    duration_ms: f64,
}

impl AccessLog {
    pub(crate) fn new(settings: config::AccessLog) -> Self {
        let lines = match settings {
            config::AccessLog::Off => None,
            config::AccessLog::Stdout => start(std::io::stdout),
            config::AccessLog::Stderr => start(std::io::stderr),
        };
        Self { lines }
    }

    /// Begins an exchange. `None`: the log is off.
    pub(crate) fn begin(&self, parts: &Parts, api: Api, request_id: &str) -> Option<LoggedExchange> {
        let lines = self.lines.clone()?;
        Some(LoggedExchange {
            exchange: Exchange::new(parts, api, request_id),
            started: Instant::now(),
            has_ended: false,
            lines,
        })
    }

    /// Waits until the lines so far are written.
    pub(crate) fn flush(&self) {
        let Some(lines) = &self.lines else { return };
        let (sender, receiver) = sync_channel(1);
        if lines.send(Line::Flush(sender)).is_ok() {
            let _ = receiver.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

fn start<W: Write + 'static>(writer: fn() -> W) -> Option<SyncSender<Line>> {
    let (sender, receiver) = sync_channel(MAX_QUEUED_LINES);
    let write = move || write_lines(&receiver, writer());
    thread::Builder::new()
        .name("access-log".to_owned())
        .spawn(write)
        .ok()?;
    Some(sender)
}

fn write_lines(lines: &Receiver<Line>, mut writer: impl Write) {
    while let Ok(line) = lines.recv() {
        match line {
            Line::Text(text) => {
                let _ = writeln!(writer, "{text}");
            }
            Line::Flush(done) => {
                let _ = writer.flush();
                let _ = done.try_send(());
            }
        }
    }
}

impl Exchange {
    fn new(parts: &Parts, api: Api, request_id: &str) -> Self {
        Self {
            time: rfc_3339(SystemTime::now()),
            request_id: request_id.to_owned(),
            trace_id: trace_id::current(),
            method: truncated(parts.method.as_str()),
            path: truncated(parts.uri.path()),
            api: api.as_str(),
            caller: None,
            model: None,
            provider: None,
            outcome: LoggedOutcome::default(),
        }
    }
}

impl LoggedExchange {
    pub(crate) fn caller(&mut self, caller: &CallerName) {
        self.exchange.caller = Some(caller.as_str().to_owned());
    }

    pub(crate) fn routed(&mut self, model: Option<&str>, provider: &str) {
        self.exchange.model = model.map(truncated);
        self.exchange.provider = Some(provider.to_owned());
    }

    /// Sets the provider that answered, if it is not the first one of the route.
    pub(crate) fn answered_by(&mut self, provider: &str) {
        self.exchange.provider = Some(provider.to_owned());
    }

    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        self.exchange.outcome.error = Some(refusal.kind.as_str());
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.exchange.outcome.status = Some(status.as_u16());
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.exchange.outcome.bytes += bytes as u64;
    }

    pub(crate) fn failed(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.exchange.outcome.error = Some(match is_timeout(error) {
            true => "timeout",
            false => "upstream_cut",
        });
        self.has_ended = true;
    }

    pub(crate) fn ended(&mut self) {
        self.has_ended = true;
    }
}

impl Drop for LoggedExchange {
    fn drop(&mut self) {
        let outcome = &mut self.exchange.outcome;
        outcome.duration_ms = self.started.elapsed().as_micros() as f64 / 1000.0;
        if !self.has_ended {
            outcome.error.get_or_insert("cancelled");
        }
        if let Ok(line) = serde_json::to_string(&self.exchange) {
            // A full queue drops the line.
            let _ = self.lines.try_send(Line::Text(line));
        }
    }
}

/// RFC 3339 in UTC, with milliseconds.
fn rfc_3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // The civil date of a number of days, by Howard Hinnant's algorithm.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        since.subsec_millis()
    )
}

fn truncated(text: &str) -> String {
    text.chars().take(MAX_LOGGED_CHARACTERS).collect()
}

/// The longest text of a line, in characters.
const MAX_LOGGED_CHARACTERS: usize = 256;
const MAX_QUEUED_LINES: usize = 8192;
const FLUSH_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_795_996_799, "2026-11-29T23:59:59.007Z"),
            (4_102_444_800, "2100-01-01T00:00:00.007Z"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 7);
            assert_eq!(rfc_3339(time), expected, "{seconds}");
        }
    }
}
