//! The layer and its service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use opentelemetry::logs::LoggerProvider;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_llm_wire::{Content, Rule};
use throughline_tokens::{SharedCounter, TargetModel, TokenCounter};
use throughline_tracing_layer::observe::Observed;
use throughline_tracing_layer::provider::{LazyInstruments, LazyTracer};
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{self, CallFuture, CallObserver, Instruments, LlmRequest, Shared};
use crate::clock::Clock;
use crate::config::Config;
use crate::content::{Capture, Limits, Redact};
use crate::convention::Convention;
use crate::events::Events;
use crate::prices::Prices;
use crate::role::Role;
use crate::taskweaver::PromptSizeMode;

/// Puts a [`Llm`] around a service. Its clones share tracer and instruments.
#[derive(Debug, Clone)]
pub struct LlmLayer {
    shared: Shared,
}

impl Default for LlmLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl LlmLayer {
    /// A layer that uses the global providers and reads request bodies of up to 4 MiB.
    #[must_use]
    pub fn new() -> Self {
        call::register_pending();
        let scope = crate::scope_of_instrumentation();
        Self {
            shared: Shared {
                tracer: LazyTracer::global(scope.clone()),
                instruments: LazyInstruments::global(scope, Instruments::new),
                config: Arc::default(),
                clock: Clock::default(),
            },
        }
    }

    /// The provider of the spans; by default the global one when the first call is made.
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

    /// The provider of the metrics; by default the global one when the first call ends.
    #[must_use]
    pub fn with_meter_provider(mut self, provider: impl MeterProvider + Send + Sync + 'static) -> Self {
        self.shared.instruments = self.shared.instruments.with_provider(provider);
        self
    }

    /// The provider of a logger for the conventions' events; by default there is none.
    ///
    /// With one, each call that failed emits `gen_ai.client.operation.exception` (severity `WARN`), and each
    /// call whose content goes into an event ([`Capture`]) emits `gen_ai.client.inference.operation.details`
    /// (`DEBUG`), with what the span says and the content as structured values. Both for calls whose span is
    /// recorded.
    #[must_use]
    pub fn with_logger_provider<P>(mut self, provider: &P) -> Self
    where
        P: LoggerProvider<Logger: Send + Sync + 'static>,
    {
        self.config().events = Some(Events::new(provider));
        self
    }

    /// Sets the most bytes of a request body that are waited for before it is sent and kept until the call
    /// ends, decoded if it is encoded. Default: 4 MiB. A limit of 0 reads no body.
    ///
    /// The prompt of a longer request is not counted, and the span has `throughline.request.unseen` =
    /// `too_large`. Model and parameters are recorded as far as they are read:
    ///
    /// | body | what is read of it |
    /// |---|---|
    /// | in memory: reqwest's, or one frame | all, as far as 64 MiB over the limit |
    /// | a stream of frames | all up to the end of the frame that crosses the limit; the rest is sent as it comes |
    /// | encoded | all up to the limit |
    ///
    /// Many SDKs write the messages first and the model behind them. Of such a request over the limit, the
    /// model is known only if the body is in memory. Nothing over the limit is copied.
    ///
    /// See also [what a call keeps](crate#where-the-numbers-come-from).
    #[must_use]
    pub fn with_request_limit(mut self, bytes: usize) -> Self {
        self.config().request_limit = bytes;
        self
    }

    /// The version of the GenAI conventions; by default that of [`Convention::from_env`] when the layer is
    /// made.
    #[must_use]
    pub fn with_convention(mut self, convention: Convention) -> Self {
        self.config().convention = convention;
        self
    }

    /// Whether this layer counts the tokens of its calls; by default it does, as [`Role::Client`].
    ///
    /// [`Role::Proxy`] is for a gateway whose callers count already:
    /// [so no token counts twice](crate#one-call-many-hops).
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.config().role = Some(role);
        self
    }

    /// Whether estimated tokens go into the conventions' metrics too; by default not, as the conventions
    /// demand.
    #[must_use]
    pub fn with_estimates_in_metrics(mut self, estimates: bool) -> Self {
        self.config().estimates_in_metrics = estimates;
        self
    }

    /// Whether what providers say is left of their rate limits becomes a gauge,
    /// `throughline.rate_limit.remaining`; by default not.
    ///
    /// It is read from the headers `x-ratelimit-remaining-*` and `anthropic-ratelimit-*-remaining` of every
    /// answer, and told apart by provider, requested model, and `throughline.rate_limit.kind`: `requests`,
    /// `tokens`, `input_tokens` …
    #[must_use]
    pub fn with_rate_limit_metrics(mut self, rate_limits: bool) -> Self {
        self.config().rate_limits = rate_limits;
        self
    }

    /// Sets how many models the metrics tell apart: the first that are requested; later ones are `_OTHER`, on
    /// the metrics alone. Default: 100; at most [`MAX_DISTINCT_VALUES`].
    ///
    /// A model that [`LlmLayer::with_prices`] or a [`Rule`] names is told apart whenever it comes, and so are
    /// versions of it: see [below](crate#bounds). Set it before the first call: what shares this layer's
    /// instruments, as its clones do, shares the number.
    ///
    /// [`MAX_DISTINCT_VALUES`]: throughline_tracing_layer::limits::MAX_DISTINCT_VALUES
    #[must_use]
    pub fn with_max_models(mut self, models: usize) -> Self {
        self.config().max_models = models;
        self
    }

    /// Where prompts and answers go; by default what [`Capture::from_env`] says when the layer is made:
    /// nowhere, unless the environment asks for it. Whatever this says, at most 64 KiB of each are recorded,
    /// and 16 KiB of one text: see [`LlmLayer::with_content_limits`].
    #[must_use]
    pub fn with_capture(mut self, capture: Capture) -> Self {
        self.config().capture = capture;
        self
    }

    /// A hook that may change or empty what is captured before it is written down. If it panics, nothing is
    /// written.
    ///
    /// It sees the texts of a request cut to the limit of an attribute
    /// ([`with_content_limits`](Self::with_content_limits)), and to less if the request is many times as
    /// long.
    #[must_use]
    pub fn with_redaction(mut self, redact: impl Fn(&mut Content) + Send + Sync + 'static) -> Self {
        self.config().redact = Some(Redact::new(redact));
        self
    }

    /// The most bytes of one attribute of content, and of one text in it; by default 64 KiB and 16 KiB.
    #[must_use]
    pub fn with_content_limits(mut self, total: usize, text: usize) -> Self {
        self.config().limits = Limits { total, text };
        self
    }

    /// Whether spans also carry OpenInference's attributes, which Phoenix reads; by default not.
    #[must_use]
    pub fn with_openinference(mut self, openinference: bool) -> Self {
        self.config().openinference = openinference;
        self
    }

    /// Whether spans also carry what TinyLLM's (`llm.model`, `llm.prompt_length`, `llm.input_tokens` …) and
    /// TaskWeaver's (`prompt_size`, `output_size`, and with [`LlmLayer::with_capture`] `prompt`) carry; by
    /// default not.
    #[must_use]
    pub fn with_legacy_attributes(mut self, legacy: bool) -> Self {
        self.config().legacy = legacy;
        self
    }

    /// Whether calls carry the agent and the conversation that the context's baggage names, where no scope
    /// here does; by default not, because baggage is what callers say. See
    /// [`scope`](throughline_agents::scope#across-services).
    #[must_use]
    pub fn with_names_from_baggage(mut self, believe: bool) -> Self {
        self.config().names_from_baggage = believe;
        self
    }

    /// What the counter `prompt_size` counts; by default what providers report.
    #[must_use]
    pub fn with_prompt_size(mut self, mode: PromptSizeMode) -> Self {
        self.config().prompt_size = mode;
        self
    }

    /// The model whose vocabulary counts the tokens of models that no counter knows, and all of them with
    /// [`PromptSizeMode::TaskWeaver`]; by default `gpt-4o` and `gpt-4`. It is
    /// `tracing.tokenizer_target_model` of a configuration like TaskWeaver's.
    #[must_use]
    pub fn with_tokenizer_target_model(mut self, model: TargetModel) -> Self {
        self.config().target_model = Some(model);
        self
    }

    /// Adds a counter of tokens for calls that nobody reported the tokens of; the first that knows a model
    /// counts, and tiktoken-rs (feature `tiktoken`) the models that none of them knows.
    #[must_use]
    pub fn with_token_counter(mut self, counter: impl TokenCounter + 'static) -> Self {
        self.config().counters.push(SharedCounter::new(counter));
        self
    }

    /// What tokens cost; by default nothing is known of it, and spans say nothing.
    #[must_use]
    pub fn with_prices(mut self, prices: Prices) -> Self {
        self.config().prices = prices;
        self
    }

    /// Adds a rule that says which requests are model calls; the first that applies wins, before all that is
    /// built in.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.config().rules.push(rule);
        self
    }

    /// Another clock, for tests.
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
        Llm {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// Observes the model calls that pass through a service.
///
/// The inner service is cloned for each model call whose request body must be read first, and must then be
/// cheap to clone, as every client is.
#[derive(Debug, Clone)]
pub struct Llm<S> {
    inner: S,
    shared: Shared,
}

impl<S, R> Service<R> for Llm<S>
where
    R: LlmRequest,
    S: Service<R::Sent, Response: Observed<CallObserver>, Error: fmt::Display + 'static> + Clone,
{
    type Response = <S::Response as Observed<CallObserver>>::Output;
    type Error = S::Error;
    type Future = CallFuture<S, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> CallFuture<S, R> {
        CallFuture::new(&mut self.inner, request, &self.shared)
    }
}
