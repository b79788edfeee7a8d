//! Tracers of any provider.

use std::cell::Cell;

use opentelemetry::global;
use opentelemetry::trace::{Span, SpanBuilder, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope};

use super::noop;

/// A span that has started, in the context that has it.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpanInContext {
    /// The parent's context with the span, or with its ids only if it is not recorded.
    pub context: Context,
    /// Whether the span is recorded.
    pub is_recording: bool,
}

/// A provider of tracers, of any type.
pub(super) trait AnyProvider: Send + Sync {
    fn any_tracer(&self, scope: InstrumentationScope) -> Box<dyn AnyTracer>;
}

impl<P, T> AnyProvider for P
where
    P: TracerProvider<Tracer = T> + Send + Sync,
    T: Tracer<Span: Send + Sync + 'static> + Send + Sync + 'static,
{
    fn any_tracer(&self, scope: InstrumentationScope) -> Box<dyn AnyTracer> {
        Box::new(self.tracer_with_scope(scope))
    }
}

/// A tracer of any type.
///
/// It is not OpenTelemetry's `BoxedTracer`, whose spans are in a box: a context puts each span into a box, also
/// one that is in a box already.
pub(super) trait AnyTracer: Send + Sync {
    /// Starts a span. Returns `None` if the tracer is a no-op or was shut down.
    fn start(&self, parent: &Context, builder: SpanBuilder) -> Option<SpanInContext>;

    fn is_noop(&self) -> bool;
}

impl<T: Tracer<Span: Send + Sync + 'static> + Send + Sync> AnyTracer for T {
    fn start(&self, parent: &Context, builder: SpanBuilder) -> Option<SpanInContext> {
        // A span is large, so it is not moved through an `Option`.
        let span = self.build_with_context(builder, parent);
        if !noop::is_started(span.span_context(), parent) {
            return None;
        }
        let is_recording = span.is_recording();
        let context = if is_recording {
            parent.with_span(span)
        } else {
            // Only its ids are needed, which are cheaper to hold.
            parent.with_remote_span_context(span.span_context().clone())
        };
        Some(SpanInContext {
            context,
            is_recording,
        })
    }

    fn is_noop(&self) -> bool {
        noop::is_noop_tracer(self)
    }
}

/// Returns a tracer of the global provider.
pub(super) fn global_tracer(scope: InstrumentationScope) -> Box<dyn AnyTracer> {
    let _ = CREATED.take();
    let boxed = global::tracer_with_scope(scope);
    CREATED.take().unwrap_or_else(|| Box::new(boxed))
}

/// A tracer provider to install globally so that our layers know the type of its tracers.
///
/// OpenTelemetry's global provider returns each span in a box, which a context puts into another box. With this
/// provider, a span of our layers needs only one. For everything else, it is the provider inside.
/// `throughline-telemetry` installs its provider like this.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use opentelemetry::global;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use throughline::provider::KnownTracers;
///
/// let tracers = SdkTracerProvider::default();
/// global::set_tracer_provider(KnownTracers::new(tracers.clone()));
/// ```
#[derive(Debug, Clone)]
pub struct KnownTracers<P>(P);

impl<P> KnownTracers<P> {
    /// Wraps a provider.
    pub const fn new(provider: P) -> Self {
        Self(provider)
    }
}

impl<P, T> TracerProvider for KnownTracers<P>
where
    P: TracerProvider<Tracer = T>,
    T: Tracer<Span: Send + Sync + 'static> + Send + Sync + 'static,
{
    type Tracer = T;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> T {
        // A thread that ends needs no tracers.
        let created = || Box::new(self.0.tracer_with_scope(scope.clone()));
        let _ = CREATED.try_with(|last| last.set(Some(created())));
        self.0.tracer_with_scope(scope)
    }
}

thread_local! {
    /// The tracer that a [`KnownTracers`] has created last on this thread. The global provider passes the type of
    /// its tracers in no other way.
    static CREATED: Cell<Option<Box<dyn AnyTracer>>> = const { Cell::new(None) };
}
