//! The beginning of a model call: its span, once the request is known.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};
use throughline_agents::model_call::{in_model_call, in_possible_model_call};
use throughline_agents::scope::{ScopeHandle, ScopeNames};
use throughline_llm_wire::{ModelRequest, Operation, Provider, Recognised, Target, Unseen, recognise};
use throughline_tokens::Tokenizer;
use throughline_tracing_layer::client::Attempts;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::provider::SpanInContext;

use super::extra_attributes::ExtraAttributes;
use super::features;
use super::limits::span_name;
use super::observer::CallObserver;
use super::parameters::RequestAttributes;
use super::reply_counters::ReplyCounters;
use super::state::{
    CallBudget, CallDrain, CallRequest, CallResponse, CallSpan, CallState, DeferredSpan, Shared,
};
use super::timing::CallTiming;
use super::usage_hook::UsageHook;
use crate::drain_signal::DrainSignal;
use crate::semconv;
use crate::taskweaver::PromptSizeMode;

/// A call whose request is not read yet.
#[derive(Debug)]
pub(super) struct Start {
    shared: Shared,
    parent: Context,
    server: (Option<Arc<str>>, Option<u16>),
    extra_attributes: ExtraAttributes,
    usage_hook: Option<UsageHook>,
    at: Instant,
    time: SystemTime,
}

impl Start {
    pub(super) fn new(
        shared: Shared,
        parent: Context,
        server: (Option<Arc<str>>, Option<u16>),
        extra_attributes: ExtraAttributes,
    ) -> Self {
        Self {
            parent,
            server,
            extra_attributes,
            usage_hook: None,
            at: shared.clock.now(),
            shared,
            time: SystemTime::now(),
        }
    }

    pub(super) fn with_usage_hook(mut self, usage_hook: Option<UsageHook>) -> Self {
        self.usage_hook = usage_hook;
        self
    }

    /// Starts the span, dated to the begin of the call.
    pub(super) fn observe(self, call: ModelRequest) -> CallObserver {
        let mut reader = call.response_reader();
        let ModelRequest {
            recognised,
            info,
            unseen,
            copy,
            is_certain,
            ..
        } = call;
        features::note_unseen(unseen);
        let format = &recognised.format;
        let provider = Provider::from_id(&recognised.provider);
        let reports_usage = unseen.is_some() || format.reports_usage(&info);
        let parameters = RequestAttributes::new(format.operation(), info, self.shared.config.convention);
        let names = ScopeNames::from_context(&self.parent, self.shared.config.names_from_baggage);
        let labels = self.labels(&recognised, &parameters);
        let capture = self.shared.config.capture;
        let begin =
            |has_content| self.attributes(provider, &parameters, &labels, &names, unseen, has_content);
        // The name of a provider's agent, which would follow the operation, is not known.
        let is_agent = parameters.operation == Operation::InvokeAgent;
        let model = parameters.model.as_deref().filter(|_| !is_agent);
        let builder = || {
            SpanBuilder::from_name(span_name(parameters.operation.as_str(), model))
                .with_kind(SpanKind::Client)
                .with_start_time(self.time)
                .with_attributes(begin(capture.is_on_span()))
        };
        let parent = match is_certain {
            true => in_model_call(&self.parent),
            false => in_possible_model_call(&self.parent),
        };
        // A span that has started cannot be withdrawn. So it waits for the answer if only that shows whether
        // this is a model call; the spans of its attempts are then beside it, not beneath.
        let (span, deferred) = match is_certain {
            true => (self.shared.tracer.start(&parent, builder), None),
            false => {
                let attempts = self.attempts(parameters.operation).with_shared_trace();
                let builder = builder();
                (None, Some(Box::new(DeferredSpan { builder, attempts })))
            }
        };
        let config = &self.shared.config;
        let model = parameters.model.as_deref().unwrap_or_default();
        let tokenizer = Tokenizer::for_model(model, &config.counters, config.target().as_ref());
        if config.capture.is_on() && (!is_certain || span.as_ref().is_some_and(|span| span.is_recording)) {
            reader = reader.with_capture(config.limits.total);
        }
        let mut counters = ReplyCounters::new(tokenizer.clone());
        let scope = ScopeHandle::in_context(&self.parent);
        let is_limited = scope.is_some_and(ScopeHandle::has_budget);
        if is_limited {
            tokenizer.preload();
        }
        if reports_usage || provider.is_some_and(Provider::streams_report_usage) {
            counters.expect_usage();
        } else {
            tokenizer.preload();
        }
        if config.prompt_size == PromptSizeMode::TaskWeaver {
            let tokenizer = config.taskweaver();
            tokenizer.preload();
            counters.count_content(tokenizer);
        }
        let begin_attributes = config.events.as_ref().map(|_| begin(capture.is_on_event()));
        let begin_attributes = begin_attributes.unwrap_or_default();
        let drain_signal = DrainSignal::from_context(&self.parent);
        if let Some(drain_signal) = &drain_signal {
            drain_signal.observe(self.shared.clock);
        }
        let was_exhausted = is_limited && scope.is_some_and(ScopeHandle::is_exhausted);
        let is_own = span.is_some();
        let cx = match &deferred {
            Some(deferred) => parent.with_value(deferred.attempts.clone()),
            None => self.context(parameters.operation, parent, span),
        };
        CallObserver(Box::new(CallState {
            span: CallSpan {
                is_own,
                began: self.time,
                deferred,
            },
            cx,
            timing: CallTiming::new(self.shared.clock, self.at),
            shared: self.shared,
            request: CallRequest {
                recognised,
                server: self.server,
                parameters,
                names,
                labels,
                begin_attributes,
                body: copy,
                tokenizer,
            },
            response: CallResponse {
                status: None,
                reader,
                counters,
                has_model: false,
                refusal_headers: Vec::new(),
            },
            budget: CallBudget {
                is_limited,
                was_exhausted,
                refusal: None,
            },
            drain: CallDrain {
                signal: drain_signal,
                abandoned: None,
            },
            stream: None,
            usage_hook: self.usage_hook,
            chunks: None,
        }))
    }

    /// The attributes that are known when the call begins.
    fn attributes(
        &self,
        provider: Option<&Provider>,
        parameters: &RequestAttributes,
        labels: &Labels,
        names: &ScopeNames,
        unseen: Option<Unseen>,
        has_content: bool,
    ) -> Vec<KeyValue> {
        let added = match parameters.stream {
            true => EXTRA_CAPACITY,
            false => EXTRA_CAPACITY + END_CAPACITY,
        };
        let mut attributes =
            Vec::with_capacity(labels.as_slice().len() + parameters.attributes.len() + added);
        attributes.extend_from_slice(labels.as_slice());
        if parameters.stream {
            attributes.push(KeyValue::new(semconv::REQUEST_STREAM, true));
        }
        let role = self.shared.config.role;
        attributes.extend(role.map(|role| KeyValue::new(semconv::ROLE, role.name())));
        let namespace = provider.and_then(Provider::azure_namespace);
        attributes.extend(namespace.map(|namespace| KeyValue::new(semconv::AZURE_NAMESPACE, namespace)));
        attributes.extend(parameters.attributes.iter().cloned());
        attributes.extend(names.agent());
        attributes.extend(names.conversation().filter(|id| !parameters.has(&id.key)));
        attributes.extend(unseen.map(|reason| KeyValue::new(semconv::REQUEST_UNSEEN, reason.as_str())));
        self.extra_attributes.add_to(
            &mut attributes,
            has_content.then_some(self.shared.config.limits.text),
        );
        let convention = self.shared.config.convention;
        if !convention.is_latest() {
            attributes.retain(|attribute| semconv::is_in(convention, attribute.key.as_str()));
        }
        attributes
    }

    /// The context of the call, with its span if it has one, which learns of the attempts beneath.
    fn context(&self, operation: Operation, parent: Context, span: Option<SpanInContext>) -> Context {
        match span {
            Some(SpanInContext {
                context,
                is_recording: true,
                ..
            }) => context.with_value(self.attempts(operation).with_events_on(context.clone())),
            Some(span) => span.context,
            None => parent,
        }
    }

    /// Counts what is sent again, also to another provider: any model call of this operation.
    fn attempts(&self, operation: Operation) -> Attempts {
        let config = self.shared.config.clone();
        Attempts::new().with_others(move |attempt| {
            let target = Target {
                method: attempt.method(),
                path: attempt.path(),
                query: None,
                host: attempt.host(),
                port: None,
            };
            let other = recognise(&target, &config.rules);
            other.is_some_and(|other| other.format.operation() == operation)
        })
    }

    /// The labels of the call's metrics, as far as they are known when the call begins.
    fn labels(&self, recognised: &Recognised, parameters: &RequestAttributes) -> Labels {
        let mut labels = Labels::new();
        labels.push(semconv::OPERATION_NAME, parameters.operation.as_str());
        labels.push(semconv::PROVIDER_NAME, recognised.provider.clone());
        if let Some(model) = &parameters.model {
            labels.push(semconv::REQUEST_MODEL, Arc::<str>::from(&**model));
        }
        let (address, port) = &self.server;
        if let Some(address) = address {
            labels.push(semconv::SERVER_ADDRESS, address.clone());
            if let Some(port) = port {
                labels.push(semconv::SERVER_PORT, i64::from(*port));
            }
        }
        labels
    }
}

/// Room for what may be added to a request's own attributes.
const EXTRA_CAPACITY: usize = 5;
/// Room for the attributes of the end, which spares the span that its list grows. An open stream would hold this half
/// KiB for long.
const END_CAPACITY: usize = 10;
