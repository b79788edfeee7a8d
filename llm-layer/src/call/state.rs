//! What is known of a call while it runs.
//!
//! The parts become known at different times: the request before the call is sent, the response while it
//! passes, and the outcome, which [`recorder`](super::recorder) derives, when it has ended.

use std::sync::Arc;
use std::time::SystemTime;

use http::StatusCode;
use opentelemetry::trace::{SpanBuilder, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use throughline_agents::scope::{ExhaustedBudget, ScopeNames};
use throughline_llm_wire::{Recognised, RequestCopy, ResponseReader};
use throughline_tokens::Tokenizer;
use throughline_tracing_layer::client::Attempts;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::chunk_series::ChunkSeries;
use super::fetched::FetchedResults;
use super::instruments::Instruments;
use super::parameters::RequestAttributes;
use super::reply_counters::ReplyCounters;
use super::streams::OpenStream;
use super::timing::CallTiming;
use super::usage_hook::UsageHook;
use crate::clock::Clock;
use crate::config::Config;
use crate::drain_signal::DrainSignal;
use crate::role::Role;

/// The state that all calls of a layer share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) tracer: LazyTracer,
    pub(crate) instruments: LazyInstruments<Instruments>,
    pub(crate) config: Arc<Config>,
    /// The results that were fetched, whose usage counts once.
    pub(crate) fetched: Arc<FetchedResults>,
    pub(crate) clock: Clock,
}

/// A call that has begun.
pub(super) struct CallState {
    pub(super) shared: Shared,
    pub(super) cx: Context,
    pub(super) span: CallSpan,
    pub(super) request: CallRequest,
    pub(super) response: CallResponse,
    pub(super) timing: CallTiming,
    pub(super) budget: CallBudget,
    pub(super) drain: CallDrain,
    /// Receives the usage at the end.
    pub(super) usage_hook: Option<UsageHook>,
    /// The answer, while it is read, if it is a stream.
    pub(super) stream: Option<OpenStream>,
    /// The series of the times between chunks.
    pub(super) chunks: Option<ChunkSeries>,
}

/// The span of a call. It is in the call's context.
pub(super) struct CallSpan {
    /// Whether the context's span is this call's own.
    pub(super) is_own: bool,
    /// When the span began. It ends by the monotonic clock, so that it is as long as the metric says.
    pub(super) began: SystemTime,
    /// The span to start, if only the answer shows whether this is a model call.
    pub(super) deferred: Option<Box<DeferredSpan>>,
}

/// A span that starts when the call has ended.
pub(super) struct DeferredSpan {
    pub(super) builder: SpanBuilder,
    /// The attempts of the call, which are in its trace.
    pub(super) attempts: Attempts,
}

/// The request of a call.
pub(super) struct CallRequest {
    pub(super) recognised: Recognised,
    /// Address and port of the server.
    pub(super) server: (Option<Arc<str>>, Option<u16>),
    pub(super) parameters: RequestAttributes,
    pub(super) names: ScopeNames,
    pub(super) labels: Labels,
    /// The attributes with which the span began, if events repeat them.
    pub(super) begin_attributes: Vec<KeyValue>,
    /// The body as it was sent, if all of it was read.
    pub(super) body: Option<RequestCopy>,
    /// Counts what the provider does not report.
    pub(super) tokenizer: Tokenizer,
}

/// The response to a call.
pub(super) struct CallResponse {
    pub(super) status: Option<StatusCode>,
    pub(super) reader: ResponseReader,
    pub(super) counters: ReplyCounters,
    /// Whether the model that answered was seen, which may settle the encoding.
    pub(super) has_model: bool,
    /// Attributes for the headers of an unsuccessful response.
    pub(super) refusal_headers: Vec<KeyValue>,
}

/// The budgets of the scopes above a call.
#[derive(Debug, Default)]
pub(super) struct CallBudget {
    /// Whether there is one.
    pub(super) is_limited: bool,
    /// Whether one was exhausted when the call began.
    pub(super) was_exhausted: bool,
    /// The one because of which the call was not sent.
    pub(super) refusal: Option<ExhaustedBudget>,
}

/// The drain around a call.
#[derive(Debug)]
pub(super) struct CallDrain {
    pub(super) signal: Option<DrainSignal>,
    /// Set once the caller has left and the drain reads the rest.
    pub(super) abandoned: Option<Abandoned>,
}

/// The state of a call when its caller left it to a drain.
#[derive(Debug)]
pub(super) struct Abandoned {
    pub(super) answered: bool,
    /// Whether data arrived afterwards.
    pub(super) drained: bool,
}

impl CallState {
    /// Stops the timing if the caller has left. Call it before anything else of the call changes.
    pub(super) fn check_abandoned(&mut self) {
        if self.drain.abandoned.is_some() {
            return;
        }
        if let Some(at) = self.drain.signal.as_ref().and_then(DrainSignal::abandoned_at) {
            self.timing.abandoned(at);
            self.drain.abandoned = Some(Abandoned {
                answered: self.is_answered(),
                drained: false,
            });
        }
    }

    /// Counts with the encoding of the model that answers, if the request's model is an alias or a
    /// deployment, whose encoding is not known.
    pub(super) fn follow_model(&mut self) {
        let model = self.response.reader.reply().model();
        let Some(model) = model.filter(|_| !self.response.has_model) else {
            return;
        };
        self.response.has_model = true;
        if !self.request.tokenizer.encoding().is_exact() {
            let config = &self.shared.config;
            let tokenizer = Tokenizer::for_model(model, &config.counters, None);
            if tokenizer.encoding().is_exact() {
                self.response.counters.set_tokenizer(tokenizer.clone());
                self.request.tokenizer = tokenizer;
            }
        }
    }

    /// Whether a stream was requested, or comes.
    pub(super) fn is_stream(&self) -> bool {
        self.request.parameters.stream || self.response.reader.is_stream()
    }

    /// Whether an answer comes in pieces.
    pub(super) fn is_streamed(&self) -> bool {
        self.is_stream() && self.response.status.is_some_and(|status| status.is_success())
    }

    /// Whether every alternative has its finish reason, or the answer is complete by its form.
    pub(super) fn is_answered(&self) -> bool {
        let reply = self.response.reader.reply();
        let is_text = self.request.parameters.operation.is_text();
        let mut finishes = reply.finish_reasons(self.request.parameters.expected_finishes());
        let expected = !is_text || !reply.is_empty();
        let whole = !self.is_stream() && reply.documents() > 0 && expected;
        reply.is_complete() || whole || is_text && finishes.all(|finish| finish.is_some())
    }

    /// Whether the answer, so far, shows that this is no model call, though the request might be one.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.span.deferred.is_some() && self.response.reader.reply().is_empty()
    }

    /// Starts the span of a call that was confirmed by its answer.
    pub(super) fn start_deferred_span(&mut self) {
        if let Some(deferred) = self.span.deferred.take() {
            let DeferredSpan { builder, attempts } = *deferred;
            // Without a span above the call, its attempts have begun the trace.
            let first = attempts.first_span().filter(|_| !self.cx.has_active_span());
            if let Some(first) = first {
                self.cx = self.cx.with_remote_span_context(first);
            }
            let span = self.shared.tracer.start(&self.cx, || builder);
            if let Some(span) = span {
                self.cx = span.context;
                self.span.is_own = true;
            }
        }
    }

    /// Whether this layer is the one that counts the call's tokens.
    pub(super) fn counts(&self) -> bool {
        self.shared.config.role != Some(Role::Proxy)
    }
}
