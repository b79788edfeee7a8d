//! `GET /api/traces/{id}/logs` and `GET /api/logs`: log records.

use serde::Serialize;
use serde_json::Value;

use crate::search::TextQuery;
use crate::shared::Shared;
use crate::store::{StoredLog, as_text};
use crate::{ids, value};

use super::attribute::{Attribute, attributes};
use super::query::Parameters;

#[derive(Debug, Serialize)]
pub(crate) struct LogList {
    logs: Vec<Log>,
}

#[derive(Debug, Serialize)]
struct Log {
    #[serde(serialize_with = "as_text")]
    time: u64,
    /// Nanoseconds since the start of the trace, if one was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    severity: String,
    number: i32,
    body: String,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<String>,
    attributes: Vec<Attribute>,
}

pub(crate) fn of_trace(shared: &Shared, id: u128) -> Option<LogList> {
    let start = shared.store.trace(id)?.tree().start();
    let logs = shared.store.logs(MAX_LIMIT as usize, |log| log.trace == id);
    Some(LogList {
        logs: logs.iter().map(|log| Log::new(log, Some(start))).collect(),
    })
}

pub(crate) fn newest(shared: &Shared, parameters: &Parameters) -> Result<LogList, String> {
    let limit = parameters.number("limit", MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT) as usize;
    let text = TextQuery::parse(parameters.text("q").unwrap_or_default());
    let service = parameters.text("service");
    let logs = shared.store.logs(limit, |log| {
        service.is_none_or(|service| *log.origin.service == *service) && text.finds_log(log)
    });
    Ok(LogList {
        logs: logs.iter().map(|log| Log::new(log, None)).collect(),
    })
}

impl Log {
    fn new(log: &StoredLog, trace_start: Option<u64>) -> Self {
        let record = log.decode();
        let body = record.body.as_ref().map(value::any_to_json).unwrap_or_default();
        let body = match body {
            Value::Null => record.event_name.clone(),
            Value::String(text) => text,
            json => json.to_string(),
        };
        let since = |start| i64::try_from(i128::from(log.time) - i128::from(start)).unwrap_or_default();
        Self {
            time: log.time,
            at: trace_start.map(since),
            severity: match record.severity_text.as_str() {
                "" => severity(log.severity).to_owned(),
                text => crate::store::cut(text, MAX_SEVERITY_CHARS),
            },
            number: log.severity,
            body,
            service: log.origin.service.as_ref().to_owned(),
            trace: (log.trace != 0).then(|| ids::trace_text(log.trace)),
            span: (log.span != 0).then(|| ids::span_text(log.span)),
            attributes: attributes(&record.attributes),
        }
    }
}

fn severity(number: i32) -> &'static str {
    match number {
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        21..=24 => "FATAL",
        _ => "UNSPECIFIED",
    }
}

const DEFAULT_LIMIT: u64 = 200;
const MAX_LIMIT: u64 = 5_000;
const MAX_SEVERITY_CHARS: usize = 32;
