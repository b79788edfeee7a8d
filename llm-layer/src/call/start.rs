//! The beginning of a model call: its span, once the request is known.

use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use throughline_tracing_layer::client::Attempts;
use throughline_tracing_layer::labels::Labels;

use super::given::Given;
use super::limits::span_name;
use super::pace::Pace;
use super::parameters::RequestAttributes;
use super::request::Head;
use super::request_reader::{ReadBody, Unseen};
use super::watch::{Shared, Watch, Watching};
use crate::budget::Refusal;
use crate::content::Answer;
use crate::drain::Mark;
use crate::estimate::{Encoding, PromptSizeMode};
use crate::scope::{Names, Scoped};
use crate::semconv;
use crate::wire::{Reply, Target, recognise};

/// A call that has begun, and whose request is not known yet.
#[derive(Debug)]
pub(super) struct Start {
    shared: Shared,
    parent: Context,
    head: Head,
    given: Given,
    at: Instant,
    time: SystemTime,
}

/// In a context with this, model calls are not observed: somebody above does it.
#[derive(Debug, Default)]
struct InModelCall {
    refusal: OnceLock<Refusal>,
}

/// A context in which model calls are not observed, for a library that observes its own: so their tokens count once.
///
/// Every [`Llm`](crate::Llm) makes one for the service inside it.
#[must_use]
pub fn in_model_call(cx: &Context) -> Context {
    cx.with_value(InModelCall::default())
}

/// Whether a context is that of a model call.
pub(crate) fn is_model_call(cx: &Context) -> bool {
    cx.get::<InModelCall>().is_some()
}

/// Tells the observer of the model call that a context is of that the call is not sent.
pub(crate) fn refuse(cx: &Context, refusal: &Refusal) {
    if let Some(call) = cx.get::<InModelCall>() {
        let _ = call.refusal.set(refusal.clone());
    }
}

/// Why the model call that a context is of was not sent, if that was told.
pub(super) fn refused(cx: &Context) -> Option<Refusal> {
    cx.get::<InModelCall>()?.refusal.get().cloned()
}

/// Whether model calls are observed in a context.
pub(crate) fn is_observed(cx: &Context) -> bool {
    !cx.is_telemetry_suppressed() && !is_model_call(cx)
}

impl Start {
    pub(super) fn new(shared: Shared, parent: Context, head: Head, given: Given) -> Self {
        Self {
            parent,
            head,
            given,
            at: shared.clock.now(),
            shared,
            time: SystemTime::now(),
        }
    }

    /// Starts the span, as of when the call began; `None` if the request is no model call after all.
    pub(super) fn watch(mut self, body: ReadBody) -> Option<Watch> {
        let ReadBody {
            candidates,
            unseen,
            extent,
            copy,
        } = body;
        let (recognised, request) = candidates.select(&self.head.path, extent)?;
        self.head.recognised = recognised;
        let wire = &self.head.recognised.wire;
        let told = unseen.is_some() || wire.reports_usage(&request);
        let unseen = unseen.map(Unseen::as_str);
        let ask = RequestAttributes::new(request);
        let names = Names::of(&self.parent, self.shared.config.names_from_baggage);
        let labels = self.labels(&ask);
        let span = self
            .shared
            .tracer
            .start(&self.parent, || self.builder(&ask, &labels, &names, unseen));
        let config = &self.shared.config;
        let model = ask.model.as_deref().unwrap_or_default();
        let encoding = Encoding::of(model, &config.counters, config.target_model.as_ref());
        let mut reply = Reply::new(encoding.clone(), wire.alternatives());
        if config.capture.is_on() && span.as_ref().is_some_and(Span::is_recording) {
            reply.answer = Some(Answer::up_to(config.limits.total));
        }
        if told || ALWAYS_TOLD.contains(&&*self.head.recognised.provider) {
            reply.expect_usage();
        } else {
            encoding.ask();
        }
        if config.prompt_size == PromptSizeMode::TaskWeaver {
            let encoding = config.taskweaver();
            encoding.ask();
            reply.count_content(encoding);
        }
        let begun = match &config.events {
            Some(_) => self.attributes(&ask, &labels, &names, unseen),
            None => Vec::new(),
        };
        let mark = Mark::of(&self.parent);
        if let Some(mark) = &mark {
            mark.observe(self.shared.clock);
        }
        Some(Watch(Box::new(Watching {
            has_span: span.is_some(),
            cx: self.context(span),
            began: self.time,
            pace: Pace::new(self.shared.clock, self.at),
            shared: self.shared,
            head: self.head,
            names,
            labels,
            chunk_labels: None,
            ask,
            begun,
            body: copy,
            encoding,
            inexact: false,
            rough: false,
            status: None,
            framing: None,
            decoder: None,
            reply,
            stream: None,
            mark,
            left: None,
            unseen: None,
            beyond_budget: self.parent.get().is_some_and(Scoped::is_exhausted),
            refusal: None,
        })))
    }

    fn builder(
        &self,
        ask: &RequestAttributes,
        labels: &Labels,
        names: &Names,
        unseen: Option<&'static str>,
    ) -> SpanBuilder {
        let operation = self.head.recognised.wire.operation();
        SpanBuilder::from_name(span_name(operation, ask.model.as_deref()))
            .with_kind(SpanKind::Client)
            .with_start_time(self.time)
            .with_attributes(self.attributes(ask, labels, names, unseen))
    }

    /// What is known when the call begins.
    fn attributes(
        &self,
        ask: &RequestAttributes,
        labels: &Labels,
        names: &Names,
        unseen: Option<&'static str>,
    ) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(labels.as_slice().len() + ask.attributes.len() + ROOM);
        attributes.extend_from_slice(labels.as_slice());
        if ask.stream {
            attributes.push(KeyValue::new(semconv::REQUEST_STREAM, true));
        }
        let role = self.shared.config.role;
        attributes.extend(role.map(|role| KeyValue::new(semconv::ROLE, role.name())));
        if self.head.recognised.provider == "azure.ai.inference" {
            attributes.push(KeyValue::new(
                semconv::AZURE_NAMESPACE,
                semconv::COGNITIVE_SERVICES,
            ));
        }
        attributes.extend(ask.attributes.iter().cloned());
        attributes.extend(names.agent());
        attributes.extend(names.conversation().filter(|id| !ask.has(&id.key)));
        attributes.extend(unseen.map(|reason| KeyValue::new(semconv::REQUEST_UNSEEN, reason)));
        self.given.add_to(&mut attributes);
        attributes
    }

    /// The context of the call: of its span, which is told of the attempts beneath.
    fn context(&self, span: Option<BoxedSpan>) -> Context {
        let cx = in_model_call(&self.parent);
        let Some(span) = span else { return cx };
        let is_recording = span.is_recording();
        let cx = cx.with_span(span);
        match is_recording {
            true => cx.with_value(self.attempts().with_events_on(cx.clone())),
            false => cx,
        }
    }

    /// Counts what is sent again, also to another provider: any model call of this operation.
    fn attempts(&self) -> Attempts {
        let config = self.shared.config.clone();
        let operation = self.head.recognised.wire.operation();
        Attempts::new().with_others(move |attempt| {
            let target = Target {
                method: attempt.method(),
                path: attempt.path(),
                host: attempt.host(),
                port: None,
            };
            let other = recognise(&target, &config.rules);
            other.is_some_and(|other| other.wire.operation() == operation)
        })
    }

    /// What the call's metrics are told apart by, as far as it is known when the call begins.
    fn labels(&self, ask: &RequestAttributes) -> Labels {
        let mut labels = Labels::new();
        labels.push(semconv::OPERATION_NAME, self.head.recognised.wire.operation());
        labels.push(semconv::PROVIDER_NAME, self.head.recognised.provider.clone());
        if let Some(model) = &ask.model {
            labels.push(semconv::REQUEST_MODEL, Arc::<str>::from(&**model));
        }
        if let Some(address) = &self.head.address {
            labels.push(semconv::SERVER_ADDRESS, address.clone());
            if let Some(port) = self.head.port {
                labels.push(semconv::SERVER_PORT, i64::from(port));
            }
        }
        labels
    }
}

/// The providers whose streams end with their usage, asked for or not.
const ALWAYS_TOLD: &[&str] = &["groq", "mistral_ai"];

/// Room for what may be added to a request's own attributes.
const ROOM: usize = 5;
