//! A stored span: the facts that lists and trees need, and the whole span in its encoded form.
//!
//! The encoded form takes a fraction of the memory of the decoded one, and its size is known exactly. It is
//! decoded when a span or a trace is looked at.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use throughline_trace_model::{SpanCall, SpanKind, SpanTime};

use crate::{ids, semconv, value};

use super::scope::Origin;

#[derive(Debug)]
pub(crate) struct StoredSpan {
    pub(crate) id: u64,
    /// 0 if it has none.
    pub(crate) parent: u64,
    pub(crate) kind: SpanKind,
    pub(crate) status: Status,
    pub(crate) role: Role,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) name: Box<str>,
    pub(crate) call: Option<Box<GenAiFacts>>,
    pub(crate) origin: Arc<Origin>,
    encoded: Box<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Unset,
    Ok,
    Error,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// What a span does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Model,
    Agent,
    Tool,
    Workflow,
    Http,
    Rpc,
    Database,
    Other,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Workflow => "workflow",
            Self::Http => "http",
            Self::Rpc => "rpc",
            Self::Database => "db",
            Self::Other => "other",
        }
    }
}

/// What a span says of models and agents.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GenAiFacts {
    pub(crate) agent: Option<Box<str>>,
    pub(crate) model: Option<Box<str>>,
    pub(crate) provider: Option<Box<str>>,
    pub(crate) conversation: Option<Box<str>>,
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) provenance: Provenance,
    pub(crate) cost: Option<f64>,
    /// Nanoseconds from the start to the first chunk.
    pub(crate) first_chunk: Option<u64>,
}

/// Where the token counts of a span come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    Reported,
    Partial,
    Estimated,
    Unknown,
}

impl Provenance {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn is_exact(self) -> bool {
        !matches!(self, Self::Partial | Self::Estimated)
    }
}

impl StoredSpan {
    /// Returns `None` if the span id is invalid.
    pub(crate) fn new(span: &Span, origin: &Arc<Origin>) -> Option<Self> {
        let id = ids::span_id(&span.span_id)?;
        let role = role(&span.attributes);
        Some(Self {
            id,
            parent: ids::span_id(&span.parent_span_id).unwrap_or(0),
            kind: kind(span.kind),
            status: match span.status.as_ref().map(|status| status.code()) {
                Some(StatusCode::Ok) => Status::Ok,
                Some(StatusCode::Error) => Status::Error,
                _ => Status::Unset,
            },
            role,
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano.max(span.start_time_unix_nano),
            name: span.name.as_str().into(),
            call: GenAiFacts::new(&span.attributes).map(Box::new),
            origin: Arc::clone(origin),
            encoded: span.encode_to_vec().into_boxed_slice(),
        })
    }

    /// The memory it takes, without its origin.
    pub(crate) fn bytes(&self) -> usize {
        let facts = self.call.as_ref().map_or(0, |call| {
            let names = [&call.agent, &call.model, &call.provider, &call.conversation];
            size_of::<GenAiFacts>() + names.into_iter().flatten().map(|text| text.len()).sum::<usize>()
        });
        size_of::<Self>() + SPAN_OVERHEAD + self.name.len() + self.encoded.len() + facts
    }

    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Decodes the whole span.
    pub(crate) fn decode(&self) -> Span {
        // The bytes were encoded here, so decoding them cannot fail.
        Span::decode(&*self.encoded).unwrap_or_default()
    }

    /// The value of an attribute of the span, or else of its resource, as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        // The key must be in the encoded form, which is much cheaper than to decode it.
        let own = || {
            memchr::memmem::find(&self.encoded, key.as_bytes())?;
            value::find(&self.decode().attributes, key).map(value::to_text)
        };
        own().or_else(|| value::find(&self.origin.resource, key).map(value::to_text))
    }

    pub(crate) fn is_model_call(&self) -> bool {
        self.role == Role::Model
    }

    /// Its place in the tree and in time.
    pub(crate) fn time(&self) -> SpanTime {
        SpanTime {
            id: self.id,
            parent: self.parent,
            kind: self.kind,
            start: self.start,
            end: self.end,
        }
    }

    /// Its model call.
    pub(crate) fn call(&self) -> SpanCall<'_> {
        let Some(facts) = &self.call else {
            return SpanCall {
                is_model_call: self.is_model_call(),
                ..SpanCall::default()
            };
        };
        SpanCall {
            agent: facts.agent.as_deref(),
            is_model_call: self.is_model_call(),
            input: facts.input,
            output: facts.output,
            is_exact: facts.provenance.is_exact(),
            cost: facts.cost,
        }
    }
}

impl GenAiFacts {
    /// Returns `None` if the attributes say nothing of models and agents.
    fn new(attributes: &[KeyValue]) -> Option<Self> {
        let has_any = attributes.iter().any(|attribute| {
            PREFIXES.iter().any(|prefix| attribute.key.starts_with(prefix)) || attribute.key == "session.id"
        });
        if !has_any {
            return None;
        }
        let text = |keys| value::text(attributes, keys).map(Box::from);
        let (input, output) = (
            value::count(attributes, semconv::USAGE_INPUT),
            value::count(attributes, semconv::USAGE_OUTPUT),
        );
        Some(Self {
            agent: text(semconv::AGENT_NAME),
            model: text(semconv::RESPONSE_MODEL).or_else(|| text(semconv::REQUEST_MODEL)),
            provider: text(semconv::PROVIDER_NAME),
            conversation: text(semconv::CONVERSATION_ID),
            input,
            output,
            provenance: match value::text(attributes, &[semconv::TOKENS_SOURCE]) {
                Some("estimated") => Provenance::Estimated,
                Some("partial") => Provenance::Partial,
                _ if input.is_none() && output.is_none() => Provenance::Unknown,
                _ => Provenance::Reported,
            },
            cost: value::number(attributes, semconv::COST),
            first_chunk: value::number(attributes, semconv::TIME_TO_FIRST_CHUNK)
                .map(|seconds| (seconds * 1e9) as u64),
        })
    }
}

fn role(attributes: &[KeyValue]) -> Role {
    match value::text(attributes, &[semconv::OPERATION_NAME]) {
        Some(operation) if semconv::MODEL_CALLS.contains(&operation) => return Role::Model,
        Some("invoke_agent" | "create_agent") => return Role::Agent,
        Some("execute_tool") => return Role::Tool,
        Some("invoke_workflow") => return Role::Workflow,
        _ => {}
    }
    match value::text(attributes, &[semconv::OPENINFERENCE_KIND]) {
        Some("LLM" | "EMBEDDING") => return Role::Model,
        Some("AGENT") => return Role::Agent,
        Some("TOOL") => return Role::Tool,
        Some("CHAIN") => return Role::Workflow,
        _ => {}
    }
    let has = |keys| value::find_any(attributes, keys).is_some();
    if has(&["llm.request.type"]) {
        Role::Model // OpenLLMetry before it had operations
    } else if has(semconv::RPC_SYSTEM) {
        Role::Rpc
    } else if has(semconv::HTTP_METHOD) {
        Role::Http
    } else if has(semconv::DB_SYSTEM) {
        Role::Database
    } else {
        Role::Other
    }
}

fn kind(kind: i32) -> SpanKind {
    match kind {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// Of the attributes that say something of models and agents.
const PREFIXES: &[&str] = &["gen_ai.", "throughline.", "llm.", "openinference.", "agent."];
/// The memory of a span beside its own: the count of its owners, its places in the trace, and the allocator.
const SPAN_OVERHEAD: usize = 128;
