//! The layer and its service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::Body;
use opentelemetry::logs::LoggerProvider;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_agents::Convention;
use throughline_llm_wire::{Content, Rule};
use throughline_tokens::{SharedCounter, TargetModel, TokenCounter};
use throughline_tracing_layer::message::{HttpClient, HttpResponse};
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{self, CallFuture, CallObserver, Instruments, RequestBody, Shared};
use crate::clock::Clock;
use crate::config::Config;
use crate::content::{Capture, Limits, Redact};
use crate::events::Events;
use crate::prices::{BilledCall, CostHook, Prices};
use crate::role::Role;
use crate::taskweaver::PromptSizeMode;

/// Records a span and metrics for each model call that passes through a service. See [the crate](crate) for
/// what is recorded and when.
///
/// Clones share the tracer and the instruments.
#[derive(Debug, Clone)]
pub struct LlmLayer {
    pub(crate) shared: Shared,
}

impl Default for LlmLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl LlmLayer {
    /// Creates a layer with the defaults below. It uses the global providers and records no content, unless
    /// the [environment](Capture::from_env) enables that.
    #[must_use]
    pub fn new() -> Self {
        call::register_pending();
        let config = Arc::<Config>::default();
        let scope = crate::semconv::instrumentation_scope(config.convention);
        Self {
            shared: Shared {
                tracer: LazyTracer::global(scope.clone()),
                instruments: LazyInstruments::global(scope, Instruments::new),
                config,
                fetched: Arc::default(),
                clock: Clock::default(),
            },
        }
    }

    /// Sets the provider of the spans. Default: the global provider, resolved at the first call.
    #[must_use]
    pub fn with_tracer_provider<P, T, S>(mut self, provider: P) -> Self
    where
        P: TracerProvider<Tracer = T> + Send + Sync + 'static,
        T: Tracer<Span = S> + Send + Sync + 'static,
        S: Span + Send + Sync + 'static,
    {
        self.shared.tracer = self.shared.tracer.with_provider(provider);
        self
    }

    /// Sets the provider of the metrics. Default: the global provider, resolved when the first call ends.
    #[must_use]
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.shared.instruments = self.shared.instruments.with_provider(provider);
        self
    }

    /// Sets the provider of the logger for the conventions' events. Default: none.
    ///
    /// Two events are emitted, both only for calls whose span is recorded:
    ///
    /// - `gen_ai.client.operation.exception` (severity `WARN`) for each failed call
    /// - `gen_ai.client.inference.operation.details` (`DEBUG`), if [`Capture`] sends content to events: the
    ///   attributes of the span, and the content as structured values
    #[must_use]
    pub fn with_logger_provider<P>(mut self, provider: &P) -> Self
    where
        P: LoggerProvider<Logger: Send + Sync + 'static>,
    {
        let events = Events::new(provider, self.shared.config.convention);
        self.config().events = Some(events);
        self
    }

    /// Sets how many bytes of a request body are read before it is sent and held until the call ends. If the
    /// body has a content encoding, the limit applies to the decoded bytes. Default: 4 MiB. With 0, no body
    /// is read.
    ///
    /// If a request is longer, its prompt is not counted and the span has `throughline.request.unseen` =
    /// `too_large`. Model and parameters are recorded from the part that is read:
    ///
    /// | body | part that is read |
    /// |---|---|
    /// | in memory: of reqwest, or one frame | everything, up to 64 MiB beyond the limit |
    /// | a stream of frames | up to the end of the frame that crosses the limit; the rest is not waited for |
    /// | encoded | up to the limit |
    ///
    /// Many SDKs write the model after the messages. For such a request beyond the limit, the model is only
    /// known if the body is in memory. Nothing beyond the limit is copied.
    ///
    /// See also [what a call holds](crate#where-the-numbers-come-from).
    #[must_use]
    pub fn with_request_limit(mut self, bytes: usize) -> Self {
        self.config().request_limit = bytes;
        self
    }

    /// Sets the version of the GenAI conventions. Default: [`Convention::from_env`], read when the layer is
    /// created.
    #[must_use]
    pub fn with_convention(mut self, convention: Convention) -> Self {
        let scope = crate::semconv::instrumentation_scope(convention);
        self.shared.tracer = self.shared.tracer.with_scope(scope.clone());
        self.shared.instruments = self.shared.instruments.with_scope(scope);
        self.config().convention = convention;
        self
    }

    /// Sets the role of this layer in its calls. Default: unset, which behaves like [`Role::Client`] without
    /// the attribute `throughline.role`.
    ///
    /// Use [`Role::Proxy`] in a gateway whose callers already count tokens, so that
    /// [no token is counted twice](crate#one-call-many-hops).
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.config().role = Some(role);
        self
    }

    /// Sets whether estimated tokens are also recorded in the conventions' metrics. The conventions do not
    /// allow it. Default: `false`.
    #[must_use]
    pub fn with_estimates_in_metrics(mut self, estimates: bool) -> Self {
        self.config().estimates_in_metrics = estimates;
        self
    }

    /// Sets whether the remaining rate limits that providers report are recorded, as the gauge
    /// `throughline.rate_limit.remaining`. Default: `false`.
    ///
    /// The values are those of the headers `x-ratelimit-remaining-*` and `anthropic-ratelimit-*-remaining` of
    /// each response. The labels are the provider, the requested model, and `throughline.rate_limit.kind`:
    /// `requests`, `tokens`, `input_tokens` and so on.
    #[must_use]
    pub fn with_rate_limit_metrics(mut self, rate_limits: bool) -> Self {
        self.config().rate_limits = rate_limits;
        self
    }

    /// Sets how many distinct models the metrics can have. The first ones that are requested keep their name;
    /// later ones are recorded as `_OTHER`. Spans always have the real name. Default: 100. Maximum:
    /// [`MAX_DISTINCT_VALUES`].
    ///
    /// A model that is named by [`LlmLayer::with_prices`] or a [`Rule`] always keeps its name, and so do
    /// versions of it: see [the bounds](crate#bounds). Set this before the first call, since the clones of
    /// this layer share the bound with the instruments.
    ///
    /// [`MAX_DISTINCT_VALUES`]: throughline_tracing_layer::limits::MAX_DISTINCT_VALUES
    #[must_use]
    pub fn with_max_models(mut self, models: usize) -> Self {
        self.config().max_models = models;
        self
    }

    /// Sets where prompts and answers are recorded. Default: [`Capture::from_env`], read when the layer is
    /// created, which is nowhere if the environment does not say otherwise.
    ///
    /// The size is bounded: see [`LlmLayer::with_content_limits`]. For the arguments and results of tools, see
    /// [`Scope::with_capture`](throughline_agents::scope::Scope::with_capture).
    #[must_use]
    pub fn with_capture(mut self, capture: Capture) -> Self {
        self.config().capture = capture;
        self
    }

    /// Sets a hook that can change or clear captured content before it is recorded. Default: none. If the
    /// hook panics, no content is recorded.
    ///
    /// The texts of a request are cut to the limit of an attribute
    /// ([`with_content_limits`](Self::with_content_limits)) before the hook sees them, and to less if the
    /// request is many times as long.
    #[must_use]
    pub fn with_redaction(mut self, redact: impl Fn(&mut Content) + Send + Sync + 'static) -> Self {
        self.config().redact = Some(Redact::new(redact));
        self
    }

    /// Sets the maximum size of one attribute of content (`total`) and of one text in it (`text`), in bytes.
    /// Default: 64 KiB and 16 KiB.
    #[must_use]
    pub fn with_content_limits(mut self, total: usize, text: usize) -> Self {
        self.config().limits = Limits { total, text };
        self
    }

    /// Sets whether spans also have the attributes of OpenInference, which Phoenix reads. Default: `false`.
    #[must_use]
    pub fn with_openinference(mut self, openinference: bool) -> Self {
        self.config().openinference = openinference;
        self
    }

    /// Sets whether spans also have the attributes of TinyLLM (`llm.model`, `llm.prompt_length`,
    /// `llm.input_tokens` and so on) and TaskWeaver (`prompt_size`, `output_size` and, with
    /// [`LlmLayer::with_capture`], `prompt`). Default: `false`.
    #[must_use]
    pub fn with_legacy_attributes(mut self, legacy: bool) -> Self {
        self.config().legacy = legacy;
        self
    }

    /// Sets whether a call gets the names of agent and conversation from the baggage of the context, if no
    /// scope of this process sets them. Enable it only if you trust your callers, since they choose the
    /// baggage. Default: `false`. See [`scope`](throughline_agents::scope#across-services).
    #[must_use]
    pub fn with_names_from_baggage(mut self, names_from_baggage: bool) -> Self {
        self.config().names_from_baggage = names_from_baggage;
        self
    }

    /// Sets what the counter `prompt_size` counts. Default: [`PromptSizeMode::Usage`].
    #[must_use]
    pub fn with_prompt_size(mut self, mode: PromptSizeMode) -> Self {
        self.config().prompt_size = mode;
        self
    }

    /// Sets the model whose vocabulary counts the tokens of models that no counter supports, and of all
    /// models with [`PromptSizeMode::TaskWeaver`]. Default: that of the process
    /// ([`TargetModel::process_default`]), which `tracing.tokenizer_target_model` in a configuration file sets;
    /// otherwise `gpt-4o`, and `gpt-4` for [`PromptSizeMode::TaskWeaver`].
    #[must_use]
    pub fn with_tokenizer_target_model(mut self, model: TargetModel) -> Self {
        self.config().target_model = Some(model);
        self
    }

    /// Adds a token counter for calls without reported usage. The first counter that supports the model is
    /// used; if none does, tiktoken-rs counts (feature `tiktoken`). Default: none.
    #[must_use]
    pub fn with_token_counter(mut self, counter: impl TokenCounter + 'static) -> Self {
        self.config().counters.push(SharedCounter::new(counter));
        self
    }

    /// Sets the prices from which the cost of a call is computed. Default: none, so that no cost is recorded.
    ///
    /// Each part of the usage needs a price. If one has none, there is no `throughline.cost`, and
    /// `throughline.cost.unpriced` names it. The metric `throughline.cost` adds up the costs by model, and
    /// `throughline.cost.unknown` counts the calls without one.
    #[must_use]
    pub fn with_prices(mut self, prices: Prices) -> Self {
        self.config().prices = prices;
        self
    }

    /// Sets a function that computes the cost of a call from all its parts. Default: none. If it returns
    /// `None` or panics, the cost is computed from the [prices](Self::with_prices).
    ///
    /// It is called once for each call whose tokens are known, when the call has ended.
    #[must_use]
    pub fn with_cost_hook(
        mut self,
        cost: impl Fn(&BilledCall<'_>) -> Option<f64> + Send + Sync + 'static,
    ) -> Self {
        self.config().cost_hook = Some(CostHook::new(cost));
        self
    }

    /// Adds a rule that includes or excludes requests as model calls. The first rule that matches wins, and
    /// rules are checked before the built-in table. Default: none.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.config().rules.push(rule);
        self
    }

    /// Sets the clock, for tests.
    #[cfg(test)]
    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.shared.clock = clock;
        self
    }

    fn config(&mut self) -> &mut Config {
        Arc::make_mut(&mut self.shared.config)
    }
}

impl<S> Layer<S> for LlmLayer {
    type Service = Llm<S>;

    fn layer(&self, inner: S) -> Llm<S> {
        // Creates the series of `prompt_size` with 0, so that there is a sample before the first call.
        self.shared.instruments.prepare();
        Llm {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// Observes the model calls that pass through a service. Created by [`LlmLayer`].
///
/// The inner service is cloned for each model call whose request body is not in memory, since the clone sends
/// the request once the body is read. Clients are usually cheap to clone.
#[derive(Debug, Clone)]
pub struct Llm<S> {
    inner: S,
    shared: Shared,
}

// One impl for each type of request, not one over `HttpRequest`: so the inner service says which of them
// counts, and combinators such as `ServiceExt::map_response` need no type of the request.
impl<S, B> Service<http::Request<B>> for Llm<S>
where
    B: Body<Data: 'static>,
    S: HttpClient<
            http::Request<RequestBody<B>>,
            Answer: HttpResponse<CallObserver>,
            Failure: fmt::Display + 'static,
        > + Clone,
{
    type Response = <S::Answer as HttpResponse<CallObserver>>::Output;
    type Error = S::Failure;
    type Future = CallFuture<S, http::Request<B>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        CallFuture::new(&mut self.inner, request, &self.shared)
    }
}

#[cfg(feature = "reqwest")]
impl<S> Service<reqwest::Request> for Llm<S>
where
    S: HttpClient<reqwest::Request, Answer: HttpResponse<CallObserver>, Failure: fmt::Display + 'static>
        + Clone,
{
    type Response = <S::Answer as HttpResponse<CallObserver>>::Output;
    type Error = S::Failure;
    type Future = CallFuture<S, reqwest::Request>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Failure>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        CallFuture::new(&mut self.inner, request, &self.shared)
    }
}
