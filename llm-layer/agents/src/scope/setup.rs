//! A scope before it begins: its settings, and its beginning.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, LazyLock};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, StringValue};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate, truncate_string};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::subject::{Instruments, Kind, Subject};
use super::{Failure, InScope, Running, ScopeHandle};
use crate::semconv::{self, tinyllm};

/// An agent, a tool or a workflow that has not begun.
#[derive(Debug, Clone)]
#[must_use = "a scope does nothing until it runs something"]
pub struct Scope {
    pub(super) subject: Subject,
    pub(super) conversation: Option<StringValue>,
    pub(super) to_baggage: bool,
    pub(super) from_baggage: bool,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) tracer: LazyTracer,
}

impl Scope {
    pub(crate) fn new(kind: Kind, name: Cow<'static, str>) -> Self {
        Self {
            subject: Subject {
                kind,
                name: match name {
                    Cow::Borrowed(name) => truncate(name, MAX_ATTRIBUTE_BYTES).into(),
                    Cow::Owned(name) => Arc::<str>::from(truncate(&name, MAX_ATTRIBUTE_BYTES)).into(),
                },
                instruments: INSTRUMENTS.clone(),
                limit: None,
            },
            conversation: None,
            to_baggage: false,
            from_baggage: false,
            attributes: Vec::new(),
            tracer: GLOBAL.clone(),
        }
    }

    /// The conversation that this scope and all beneath it belong to: `gen_ai.conversation.id`, cut to 1 KiB.
    ///
    /// Give it only where there is one; the conventions forbid made-up ids.
    pub fn with_conversation(mut self, id: impl Into<String>) -> Self {
        let mut id = id.into();
        truncate_string(&mut id, MAX_ATTRIBUTE_BYTES);
        self.conversation = Some(Arc::<str>::from(id).into());
        self
    }

    /// Puts the names of this scope and of all beneath it into the context's baggage: `gen_ai.agent.name` and
    /// `gen_ai.conversation.id`, so that the model calls of other services can carry them. By default nothing is put
    /// there.
    ///
    /// Baggage leaves the process where the client's layer is told so, host by host: see [`Outgoing`].
    ///
    /// [`Outgoing`]: throughline_propagation::Outgoing
    pub fn with_names_to_baggage(mut self) -> Self {
        self.to_baggage = true;
        self
    }

    /// Takes the names that no scope here gives from the context's baggage, which is the caller's. By default it is not
    /// believed.
    ///
    /// What is no name is left out: what is empty, longer than 256 bytes, or has control characters.
    pub fn with_names_from_baggage(mut self) -> Self {
        self.from_baggage = true;
        self
    }

    /// The most tokens, input and output, that may be spent beneath this scope; by default as many as it likes.
    ///
    /// A [`TokenBudgetLayer`](crate::TokenBudgetLayer) refuses the calls after that: see [`budget`](crate::budget).
    pub fn with_token_budget(mut self, tokens: u64) -> Self {
        self.subject.limit = Some(tokens);
        self
    }

    /// An attribute for the scope's span.
    pub fn with_attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// The provider of the scope's span; by default the global one, which may be set after the first scope.
    ///
    /// ```standalone_crate
    /// use opentelemetry::global;
    /// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    /// use throughline_agents::agent;
    ///
    /// drop(agent("early").start());
    ///
    /// let spans = InMemorySpanExporter::default();
    /// global::set_tracer_provider(SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build());
    /// drop(agent("Planner").start());
    /// assert_eq!(spans.get_finished_spans()?.len(), 1);
    /// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
    /// ```
    pub fn with_tracer_provider<P, T, S>(mut self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        self.tracer = self.tracer.with_provider(provider);
        self
    }

    /// The provider of the scope's metrics; by default the global one, which may be set after the first scope.
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.subject.instruments = self.subject.instruments.with_provider(provider);
        self
    }

    /// Runs a future in this scope, which begins with its first poll, under the context that is current now.
    ///
    /// What makes the future runs before that: a layer that is called in the argument, as in `run(client.call(request))`,
    /// is called outside of the scope. `run(async { client.call(request).await })` calls it within, and so does tower's
    /// `oneshot`.
    pub fn run<F: Future>(self, future: F) -> InScope<F> {
        InScope::new(self, future, |_| None)
    }

    /// Like [`Scope::run`], and an `Err` marks the span as failed.
    pub fn try_run<F, T, E>(self, future: F) -> InScope<F>
    where
        F: Future<Output = Result<T, E>>,
        E: fmt::Display + 'static,
    {
        InScope::new(self, future, |output| output.as_ref().err().map(Failure::new))
    }

    /// Begins this scope now, for work that is not one future: it ends when what is returned is dropped, on whatever
    /// thread that is.
    ///
    /// It is not current by itself: [attach](Running::attach) it to a thread, or run futures in its
    /// [context](Running::context).
    ///
    /// ```
    /// use throughline_agents::{agent, tool};
    /// use throughline_tracing_layer::span::InContextExt;
    ///
    /// # fn look_up() {}
    /// # async fn ask_model() {}
    /// # async fn run() {
    /// let planner = agent("Planner").start();
    /// {
    ///     let _current = planner.attach(); // for code without an `.await`
    ///     let search = tool("search").start();
    ///     let _current = search.attach();
    ///     look_up();
    /// }
    /// ask_model().in_context(planner.context().clone()).await;
    /// println!("{} tokens", planner.tokens().total());
    /// # }
    /// ```
    #[must_use = "the scope ends when this is dropped"]
    pub fn start(self) -> Running {
        self.start_under(&Context::current())
    }

    pub(super) fn start_under(self, parent: &Context) -> Running {
        let above = parent.get::<ScopeHandle>();
        let step = (self.subject.kind == Kind::Node).then(|| above?.step()).flatten();
        let scoped = ScopeHandle::new(parent, &self);
        let span = if self.subject.kind == Kind::Request {
            parent.span().set_attributes(self.attributes(&scoped, None));
            None
        } else {
            self.tracer.start(parent, || self.builder(&scoped, step))
        };
        Running::new(parent, scoped, span)
    }

    fn builder(&self, scoped: &ScopeHandle, step: Option<i64>) -> SpanBuilder {
        SpanBuilder::from_name(self.subject.span_name())
            .with_kind(SpanKind::Internal)
            .with_attributes(self.attributes(scoped, step))
    }

    fn attributes(&self, scoped: &ScopeHandle, step: Option<i64>) -> Vec<KeyValue> {
        let Subject { kind, .. } = self.subject;
        let mut attributes = Vec::new();
        if let Some(name) = self.subject.attribute() {
            attributes.reserve(5 + self.attributes.len());
            attributes.push(name);
        }
        let operation = kind.operation();
        attributes.extend(operation.map(|operation| KeyValue::new(semconv::OPERATION_NAME, operation)));
        if kind == Kind::Tool {
            attributes.extend(scoped.names.agent());
        }
        attributes.extend(scoped.names.conversation());
        attributes.extend(step.map(|step| KeyValue::new(tinyllm::STEP, step)));
        attributes.extend(
            self.subject
                .limit
                .map(|limit| count(semconv::TOKENS_LIMIT, limit)),
        );
        attributes.extend(self.attributes.iter().cloned());
        attributes
    }
}

pub(super) fn count(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}

static GLOBAL: LazyLock<LazyTracer> =
    LazyLock::new(|| LazyTracer::following(crate::scope_of_instrumentation()));
static INSTRUMENTS: LazyLock<LazyInstruments<Instruments>> =
    LazyLock::new(|| LazyInstruments::following(crate::scope_of_instrumentation(), Instruments::new));
