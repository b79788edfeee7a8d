//! A session, from its first message to its last.

use std::borrow::Cow;
use std::time::Instant;

use opentelemetry::{Context, KeyValue};
use throughline_tracing_layer::provider::LazyInstruments;

use super::Mcp;
use super::exchange::Side;
use super::instruments::Instruments;
use super::message::short;
use crate::scope::Failure;
use crate::semconv::{self, mcp};

/// A session that has started. Dropping it ends the session and records its duration.
///
/// Store it with the connection. It is not bound to a thread and makes nothing current.
#[derive(Debug)]
#[must_use = "the session ends when this is dropped"]
pub struct McpSession {
    side: Side,
    started: Instant,
    labels: Vec<KeyValue>,
    instruments: LazyInstruments<Instruments>,
    failure: Option<Cow<'static, str>>,
}

impl Mcp {
    /// Starts a session on the side that opens it, before `initialize` is sent.
    pub fn client_session(&self) -> McpSession {
        self.session(Side::Client)
    }

    /// Starts a session on the responding side, when `initialize` is received.
    pub fn server_session(&self) -> McpSession {
        self.session(Side::Server)
    }

    fn session(&self, side: Side) -> McpSession {
        McpSession {
            side,
            started: Instant::now(),
            labels: self.labels(side),
            instruments: self.instruments.clone(),
            failure: None,
        }
    }
}

impl McpSession {
    /// Sets the version of MCP that `initialize` agreed on, unless [`Mcp::with_protocol_version`] has set it.
    pub fn set_protocol_version(&mut self, version: &str) {
        self.labels
            .retain(|attribute| attribute.key.as_str() != mcp::PROTOCOL_VERSION);
        let version = short(version).to_owned();
        self.labels.push(KeyValue::new(mcp::PROTOCOL_VERSION, version));
    }

    /// Marks the session as failed: `error.type` is the error's
    /// [class](throughline_tracing_layer::error_type).
    pub fn fail<E: std::fmt::Display + 'static>(&mut self, error: &E) {
        self.failure = Some(Failure::new(error).error_type);
    }
}

impl Drop for McpSession {
    fn drop(&mut self) {
        let failure = match std::thread::panicking() {
            true => Some(Failure::panicked().error_type),
            false => self.failure.take(),
        };
        let error = failure.map(|kind| KeyValue::new(semconv::ERROR_TYPE, kind));
        self.labels.extend(error);
        let Some(instruments) = Context::map_current(|cx| self.instruments.in_context(cx)) else {
            return;
        };
        let mut labels = self.labels.iter_mut();
        if let Some(version) = labels.find(|label| label.key.as_str() == mcp::PROTOCOL_VERSION) {
            instruments.budget().bound_version(&mut version.value);
        }
        let duration = match self.side {
            Side::Client => &instruments.client_session,
            Side::Server => &instruments.server_session,
        };
        duration.record(self.started.elapsed().as_secs_f64(), &self.labels);
    }
}
