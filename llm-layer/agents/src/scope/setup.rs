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

/// An agent, a tool or a workflow that has not begun yet.
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

    /// Sets the conversation of this scope and everything beneath it: `gen_ai.conversation.id`, cut to 1 KiB. Default: none.
    ///
    /// Set it only if there is a conversation; the conventions forbid generated ids.
    pub fn with_conversation(mut self, id: impl Into<String>) -> Self {
        let mut id = id.into();
        truncate_string(&mut id, MAX_ATTRIBUTE_BYTES);
        self.conversation = Some(Arc::<str>::from(id).into());
        self
    }

    /// Puts the names of this scope and everything beneath it (`gen_ai.agent.name` and `gen_ai.conversation.id`) into the context's
    /// baggage, so that model calls of other services can carry them. Default: off.
    ///
    /// Baggage leaves the process only to the hosts that the client layer allows: see [`Outgoing`].
    ///
    /// [`Outgoing`]: throughline_propagation::Outgoing
    pub fn with_names_to_baggage(mut self) -> Self {
        self.to_baggage = true;
        self
    }

    /// Takes names that no scope of this process has from the context's baggage, which the caller chose. Default: off.
    ///
    /// Names that are empty, longer than 256 bytes or have control characters are ignored.
    pub fn with_names_from_baggage(mut self) -> Self {
        self.from_baggage = true;
        self
    }

    /// Sets the most tokens, input and output, that model calls beneath this scope may use. Default: unlimited.
    ///
    /// A [`TokenBudgetLayer`](crate::TokenBudgetLayer) refuses further calls: see [`budget`](crate::budget).
    pub fn with_token_budget(mut self, tokens: u64) -> Self {
        self.subject.limit = Some(tokens);
        self
    }

    /// Adds an attribute to the scope's span.
    pub fn with_attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Sets the provider of the scope's span. Default: the global one, which may be set after the first scope.
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

    /// Sets the provider of the scope's metrics. Default: the global one, which may be set after the first scope.
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.subject.instruments = self.subject.instruments.with_provider(provider);
        self
    }

    /// Runs a future in this scope. The scope begins with the first poll, beneath the context that is current now.
    ///
    /// The argument is evaluated before that: in `run(client.call(request))` the layers of `client` are called outside of the
    /// scope. Use `run(async { client.call(request).await })` or tower's `oneshot` to call them inside.
    pub fn run<F: Future>(self, future: F) -> InScope<F> {
        InScope::new(self, future, |_| None)
    }

    /// Like [`Scope::run`]; an `Err` marks the span as failed.
    pub fn try_run<F, T, E>(self, future: F) -> InScope<F>
    where
        F: Future<Output = Result<T, E>>,
        E: fmt::Display + 'static,
    {
        InScope::new(self, future, |output| output.as_ref().err().map(Failure::new))
    }

    /// Begins this scope now, for work that is not one future. It ends when the returned value is dropped, on any thread.
    ///
    /// The scope does not become current: [attach](Running::attach) it to a thread, or run futures in its
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
