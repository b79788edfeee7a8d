//! The W3C propagator.

use std::sync::OnceLock;

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;

use crate::baggage;
use crate::one_line::{ONE_LINE_OR_NONE, is_one_line_or_none};
use crate::remainder::Remainder;
use crate::traceparent::TraceParent;
use crate::tracestate::TraceState;

/// W3C Trace Context Level 2 and W3C Baggage as one [`TextMapPropagator`].
///
/// Installed as OpenTelemetry's global propagator, it serves our layers and all other instrumentation of the
/// process:
///
/// ```
/// # use throughline_propagation as throughline;
/// use throughline::W3cPropagator;
///
/// opentelemetry::global::set_text_map_propagator(W3cPropagator::new());
/// ```
///
/// | header | on extraction | on injection |
/// |---|---|---|
/// | `traceparent` | the remote span context, if there is exactly one header and it is valid; otherwise nothing, and `tracestate` is ignored | if the context has a valid span, recorded or not, local or remote |
/// | `tracestate` | [`TraceState`]; a malformed list is dropped, `traceparent` stays | if it has members; never empty |
/// | `baggage` | added to the context, even if `traceparent` is invalid | if there are entries |
///
/// OpenTelemetry's span context cannot hold every legal `tracestate` member, and its SDK loses the random
/// flag of a span that is not sampled. What it cannot hold is stored beside the span in the [`Context`] and
/// merged on injection, as long as the span is of the same trace. Members that a sampler or the application
/// added or changed move to the left, deleted ones are removed, and all others keep their order.
///
/// Extracting a `traceparent` takes one allocation (the [`Context`]'s span), and three more if the random
/// flag is set. A `tracestate` takes the allocations of OpenTelemetry's list: one, and two for each member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct W3cPropagator {
    trace_context: bool,
    baggage: bool,
}

impl W3cPropagator {
    /// Creates a propagator of trace context and baggage.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            trace_context: true,
            baggage: true,
        }
    }

    /// Sets whether `traceparent` and `tracestate` are read and written. Default: `true`.
    #[must_use]
    pub const fn with_trace_context(mut self, enabled: bool) -> Self {
        self.trace_context = enabled;
        self
    }

    /// Sets whether `baggage` is read and written. Default: `true`.
    #[must_use]
    pub const fn with_baggage(mut self, enabled: bool) -> Self {
        self.baggage = enabled;
        self
    }

    /// Returns the headers that carry `cx` to another process, as names and non-empty values.
    ///
    /// Use it for carriers without an [`Injector`].
    pub fn headers(self, cx: &Context) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let span = cx.span();
        let trace = self
            .trace_context
            .then(|| Remainder::merge(cx, span.span_context()))
            .flatten();
        let (parent, state) = trace.unzip();
        let baggage = self.baggage.then(|| baggage::format(cx.baggage()));
        let headers = [
            (TRACEPARENT, parent.map(TraceParent::to_header)),
            (TRACESTATE, state.map(TraceState::into_header)),
            (BAGGAGE, baggage),
        ];
        headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
    }

    /// Returns `cx` with what these headers carry, or `None` if they carry nothing.
    pub(crate) fn extract_lines<'a>(
        self,
        cx: &Context,
        parent: Option<&[u8]>,
        state: Option<impl Iterator<Item = &'a str>>,
        baggage: Option<impl Iterator<Item = &'a str>>,
    ) -> Option<Context> {
        let parent = parent.filter(|_| self.trace_context);
        let trace = parent
            .and_then(|line| TraceParent::parse(line).ok())
            .map(|parent| Self::with_remote(cx, parent, state));
        Self::with_baggage_lines(cx, trace, baggage.filter(|_| self.baggage))
    }

    fn with_remote<'a>(
        cx: &Context,
        parent: TraceParent,
        lines: Option<impl IntoIterator<Item = &'a str>>,
    ) -> Context {
        let members = lines.map(|lines| TraceState::parse(lines).unwrap_or_default());
        Remainder::with_remote(cx, parent, members.unwrap_or_default())
    }

    /// Returns the context of the remote span, or else `cx`, with baggage; `None` if there is neither.
    fn with_baggage_lines<'a>(
        cx: &Context,
        trace: Option<Context>,
        lines: Option<impl IntoIterator<Item = &'a str>>,
    ) -> Option<Context> {
        let baggage = lines.and_then(|lines| baggage::parse(lines.into_iter().map(str::as_bytes)));
        match baggage {
            Some(baggage) => Some(trace.as_ref().unwrap_or(cx).with_baggage(baggage)),
            None => trace,
        }
    }

    fn extract_trace(cx: &Context, extractor: &dyn Extractor) -> Option<Context> {
        let parent = TraceParent::parse(single_traceparent(extractor)?.as_bytes()).ok()?;
        Some(Self::with_remote(cx, parent, extractor.get_all(TRACESTATE)))
    }
}

impl Default for W3cPropagator {
    fn default() -> Self {
        Self::new()
    }
}

impl TextMapPropagator for W3cPropagator {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        for (name, value) in self.headers(cx) {
            injector.set(name, value);
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let trace = self
            .trace_context
            .then(|| Self::extract_trace(cx, extractor))
            .flatten();
        let lines = self.baggage.then(|| extractor.get_all(BAGGAGE)).flatten();
        Self::with_baggage_lines(cx, trace, lines).unwrap_or_else(|| cx.clone())
    }

    fn fields(&self) -> FieldIter<'_> {
        static ALL: OnceLock<[String; 3]> = OnceLock::new();
        let all = ALL.get_or_init(|| [TRACEPARENT, TRACESTATE, BAGGAGE].map(str::to_owned));
        let (trace_context, baggage) = all.split_at(2);
        FieldIter::new(match (self.trace_context, self.baggage) {
            (true, true) => all,
            (true, false) => trace_context,
            (false, true) => baggage,
            (false, false) => &[],
        })
    }
}

/// Returns the value of `traceparent`. If there are several, the trace starts anew.
fn single_traceparent(extractor: &dyn Extractor) -> Option<&str> {
    if extractor.get(ONE_LINE_OR_NONE).is_some_and(is_one_line_or_none) {
        return extractor.get(TRACEPARENT);
    }
    match extractor.get_all(TRACEPARENT)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

pub(crate) const TRACEPARENT: &str = "traceparent";
pub(crate) const TRACESTATE: &str = "tracestate";
pub(crate) const BAGGAGE: &str = "baggage";
