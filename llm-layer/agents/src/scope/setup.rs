//! The settings of a scope.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry::{KeyValue, StringValue};
use serde_core::Serialize;
use serde_json::Value;
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};

use super::identity::{ScopeIdentity, ScopeKind};
use super::instruments::Instruments;
use crate::content::{Capture, ContentSettings};
use crate::convention::Convention;
use crate::semconv;

/// The settings of an agent, a tool, a workflow, a graph or a request, from which scopes start.
#[derive(Debug, Clone)]
#[must_use = "a scope does nothing until it runs something"]
pub struct Scope {
    pub(super) identity: ScopeIdentity,
    pub(super) token_budget: Option<u64>,
    pub(super) conversation: Option<StringValue>,
    pub(super) names_to_baggage: bool,
    pub(super) names_from_baggage: bool,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) arguments: Option<Box<Value>>,
    pub(super) content: Option<Arc<ContentSettings>>,
    pub(super) convention: Convention,
    pub(super) tracer: LazyTracer,
    pub(super) instruments: LazyInstruments<Instruments>,
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
            arguments: None,
            content: None,
            convention: Convention::in_environment(),
            tracer: TRACER.clone(),
            instruments: Instruments::global(),
        }
    }

    /// Sets the conversation of this scope and everything beneath it: `gen_ai.conversation.id`, cut to 1 KiB.
    /// Default: none.
    ///
    /// Set it only if there is a conversation; the conventions forbid generated ids.
    pub fn with_conversation(mut self, id: impl Into<String>) -> Self {
        let mut id = id.into();
        truncate_string(&mut id, MAX_ATTRIBUTE_BYTES);
        self.conversation = Some(Arc::<str>::from(id).into());
        self
    }

    /// Puts the names of this scope and everything beneath it (`gen_ai.agent.name` and
    /// `gen_ai.conversation.id`) into the context's baggage, so that model calls of other services can carry
    /// them. Default: off.
    ///
    /// Baggage leaves the process only to the hosts that the client layer allows: see [`Outgoing`].
    ///
    /// [`Outgoing`]: throughline_propagation::Outgoing
    pub fn with_names_to_baggage(mut self) -> Self {
        self.names_to_baggage = true;
        self
    }

    /// Takes the names that no scope of this process sets from the context's baggage. The caller chose that
    /// baggage. Default: off.
    ///
    /// Names that are empty, longer than 256 bytes or have control characters are ignored.
    pub fn with_names_from_baggage(mut self) -> Self {
        self.names_from_baggage = true;
        self
    }

    /// Sets the most tokens, input and output, that model calls beneath this scope may use. Default:
    /// unlimited.
    ///
    /// A [`TokenBudgetLayer`](crate::TokenBudgetLayer) refuses further calls: see [`budget`](crate::budget).
    pub fn with_token_budget(mut self, tokens: u64) -> Self {
        self.token_budget = Some(tokens);
        self
    }

    /// Adds an attribute to the scope's span.
    ///
    /// `gen_ai.tool.type` and `gen_ai.agent.name` of a tool are also labels of its duration.
    pub fn with_attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Sets the type of a tool, such as `function`, `extension` or `datastore`: `gen_ai.tool.type`. Default:
    /// none.
    pub fn with_type(self, tool_type: impl Into<String>) -> Self {
        self.with_tool_attribute(semconv::TOOL_TYPE, tool_type.into())
    }

    /// Sets the description of a tool: `gen_ai.tool.description`, cut to 1 KiB. Default: none.
    pub fn with_description(self, description: impl Into<String>) -> Self {
        self.with_tool_attribute(semconv::TOOL_DESCRIPTION, description.into())
    }

    /// Sets the id of a tool call, by which the model refers to it: `gen_ai.tool.call.id`. Default: none.
    pub fn with_call_id(self, id: impl Into<String>) -> Self {
        self.with_tool_attribute(semconv::TOOL_CALL_ID, id.into())
    }

    fn with_tool_attribute(self, key: &'static str, mut text: String) -> Self {
        if self.identity.kind != ScopeKind::Tool {
            return self;
        }
        truncate_string(&mut text, MAX_ATTRIBUTE_BYTES);
        self.with_attribute(KeyValue::new(key, text))
    }

    /// Sets the arguments of a tool call. Default: none. They are recorded as `gen_ai.tool.call.arguments`
    /// only if content is [captured](crate::content) on spans. If serialising them fails, nothing is
    /// recorded.
    ///
    /// Use [`record_result`](crate::record_result) or
    /// [`RunningScope::record_result`](super::RunningScope::record_result) for the result.
    ///
    /// ```
    /// use serde_json::json;
    /// use throughline_agents::content::Capture;
    /// use throughline_agents::tool;
    ///
    /// let search = tool("search")
    ///     .with_type("function")
    ///     .with_arguments(&json!({"query": "rust", "limit": 3}))
    ///     .with_capture(Capture::SpanOnly) // or set it on an agent above, or in the environment
    ///     .start();
    /// search.record_result(&["a", "b", "c"]);
    /// ```
    pub fn with_arguments<T: Serialize + ?Sized>(mut self, arguments: &T) -> Self {
        self.arguments = serde_json::to_value(arguments).ok().map(Box::new);
        self
    }

    /// Sets where content of this scope and all scopes beneath it is recorded. Default: that of the scope
    /// above, else [`Capture::from_env`], read once in a process.
    pub fn with_capture(mut self, capture: Capture) -> Self {
        self.content_mut().capture = Some(capture);
        self
    }

    /// Sets a hook that can change captured arguments and results of this scope and all scopes beneath it
    /// before they are recorded. Default: that of the scope above, else none. If it sets `null` or panics,
    /// nothing is recorded.
    pub fn with_redaction(mut self, redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.content_mut().redact = Some(Arc::new(redact));
        self
    }

    fn content_mut(&mut self) -> &mut ContentSettings {
        Arc::make_mut(self.content.get_or_insert_default())
    }

    /// Sets the version of the GenAI conventions. Default: [`Convention::from_env`], read when the first
    /// scope is created.
    ///
    /// [`Convention::V1_41`] has no metrics of agents, tools and workflows: their durations are recorded as
    /// `gen_ai.client.operation.duration`.
    pub fn with_convention(mut self, convention: Convention) -> Self {
        let scope = convention.instrumentation_scope();
        self.tracer = self.tracer.with_scope(scope.clone());
        self.instruments = self.instruments.with_scope(scope);
        self.convention = convention;
        self
    }

    /// Sets the provider of the scope's span. Default: the global one, which may be set after the first
    /// scope.
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

    /// Sets the provider of the scope's metrics. Default: the global one, which may be set after the first
    /// scope.
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.instruments = self.instruments.with_provider(provider);
        self
    }
}

static TRACER: LazyLock<LazyTracer> =
    LazyLock::new(|| LazyTracer::following(Convention::in_environment().instrumentation_scope()));
