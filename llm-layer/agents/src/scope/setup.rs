//! The settings of a scope, and its start.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, StringValue};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::handle::ScopeHandle;
use super::identity::{ScopeIdentity, ScopeKind};
use super::instruments::Instruments;
use super::ledger::Ledger;
use super::names::ScopeNames;
use super::running::RunningScope;
use crate::semconv::{self, count, tinyllm};

/// The settings of an agent, a tool, a workflow, a graph or a request, from which scopes start.
#[derive(Debug, Clone)]
#[must_use = "a scope does nothing until it runs something"]
pub struct Scope {
    identity: ScopeIdentity,
    token_budget: Option<u64>,
    conversation: Option<StringValue>,
    names_to_baggage: bool,
    names_from_baggage: bool,
    attributes: Vec<KeyValue>,
    tracer: LazyTracer,
    instruments: LazyInstruments<Instruments>,
}

impl Scope {
    pub(crate) fn new(kind: ScopeKind, name: Cow<'static, str>) -> Self {
        Self {
            identity: ScopeIdentity::new(kind, name),
            token_budget: None,
            conversation: None,
            names_to_baggage: false,
            names_from_baggage: false,
            attributes: Vec::new(),
            tracer: TRACER.clone(),
            instruments: Instruments::global(),
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
        self.names_to_baggage = true;
        self
    }

    /// Takes the names that no scope of this process sets from the context's baggage. The caller chose that baggage. Default: off.
    ///
    /// Names that are empty, longer than 256 bytes or have control characters are ignored.
    pub fn with_names_from_baggage(mut self) -> Self {
        self.names_from_baggage = true;
        self
    }

    /// Sets the most tokens, input and output, that model calls beneath this scope may use. Default: unlimited.
    ///
    /// A [`TokenBudgetLayer`](crate::TokenBudgetLayer) refuses further calls: see [`budget`](crate::budget).
    pub fn with_token_budget(mut self, tokens: u64) -> Self {
        self.token_budget = Some(tokens);
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
        self.instruments = self.instruments.with_provider(provider);
        self
    }

    /// Starts this scope now, for work that is not one future. It ends when the returned value is dropped, on any thread.
    ///
    /// The scope does not become current: [attach](RunningScope::attach) it to a thread, or run futures in its
    /// [context](RunningScope::context).
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
    pub fn start(self) -> RunningScope {
        self.start_under(&Context::current())
    }

    /// Starts this scope beneath a context.
    pub(super) fn start_under(self, parent: &Context) -> RunningScope {
        let above = parent.get::<ScopeHandle>();
        let kind = self.identity.kind;
        let step = (kind == ScopeKind::Node).then(|| above?.step()).flatten();
        let handle = self.handle(parent, above);
        let span = if kind == ScopeKind::Request {
            parent.span().set_attributes(self.attributes(&handle, None));
            None
        } else {
            self.tracer.start(parent, || self.span(&handle, step))
        };
        RunningScope::new(parent, handle, span, self.instruments)
    }

    #[inline]
    fn handle(&self, parent: &Context, above: Option<&ScopeHandle>) -> ScopeHandle {
        let ScopeIdentity { kind, name } = &self.identity;
        let names = ScopeNames {
            agent: (*kind == ScopeKind::Agent).then(|| name.clone()),
            conversation: self.conversation.clone(),
        };
        let run = (*kind == ScopeKind::Graph).then(Arc::default);
        let ledger = above.map(|above| above.ledger.clone());
        ScopeHandle {
            ledger: Arc::new(Ledger::new(self.identity.clone(), self.token_budget, ledger)),
            names: names.or(ScopeNames::from_context(parent, self.names_from_baggage)),
            names_to_baggage: self.names_to_baggage || above.is_some_and(|above| above.names_to_baggage),
            run: run.or_else(|| above?.run.clone()),
        }
    }

    fn span(&self, handle: &ScopeHandle, step: Option<i64>) -> SpanBuilder {
        SpanBuilder::from_name(self.identity.span_name())
            .with_kind(SpanKind::Internal)
            .with_attributes(self.attributes(handle, step))
    }

    fn attributes(&self, handle: &ScopeHandle, step: Option<i64>) -> Vec<KeyValue> {
        let kind = self.identity.kind;
        let mut attributes = Vec::new();
        if let Some(name) = self.identity.attribute() {
            attributes.reserve(5 + self.attributes.len());
            attributes.push(name);
        }
        let operation = kind.operation();
        attributes.extend(operation.map(|operation| KeyValue::new(semconv::OPERATION_NAME, operation)));
        if kind == ScopeKind::Tool {
            attributes.extend(handle.names.agent());
        }
        attributes.extend(handle.names.conversation());
        attributes.extend(step.map(|step| KeyValue::new(tinyllm::STEP, step)));
        let limit = self.token_budget;
        attributes.extend(limit.map(|limit| count(semconv::TOKENS_LIMIT, limit)));
        attributes.extend(self.attributes.iter().cloned());
        attributes
    }
}

static TRACER: LazyLock<LazyTracer> =
    LazyLock::new(|| LazyTracer::following(crate::scope_of_instrumentation()));
