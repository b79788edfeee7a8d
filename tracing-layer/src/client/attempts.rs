//! What a client cannot know of a request: how often it was sent, and the template of its URL.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use http::StatusCode;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use throughline_propagation::InContext;
use tower_layer::Layer;
use tower_service::Service;

use super::attempt::Attempt;
use crate::hook::Hook;
use crate::semconv;

/// Counts the attempts of one logical request. Clones share the count.
///
/// Each [`Client`](super::Client) that finds one in the extensions of the request or in the current
/// [`Context`] counts an attempt. From the second attempt on, the span has `http.request.resend_count`. An
/// [`AttemptsLayer`] around a retry layer adds one to each request.
///
/// A request counts as an attempt if its method and URL are those of the first attempt, if the previous
/// attempt was redirected, or if [`Attempts::with_others`] includes it; its URL is then included from there
/// on. Any other request, such as one for an access token between two attempts, is not counted.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    sent: Arc<Mutex<Sent>>,
    /// The context whose span gets an event for each attempt.
    listener: Option<Context>,
    others: Hook<Others>,
    shares_trace: bool,
}

type Others = dyn Fn(&Attempt<'_>) -> bool + Send + Sync;

/// The attempts so far.
#[derive(Debug, Default)]
struct Sent {
    count: u32,
    first: u64,
    /// The target of the last redirect, or of the last attempt that `others` included.
    last: u64,
    redirected: bool,
    /// The span of the last attempt. A request sent beneath it is the same attempt, seen by another layer.
    span: Option<SpanId>,
    /// The span of the first attempt.
    first_span: Option<SpanContext>,
}

impl Sent {
    /// Returns whether the predicate decides about a request to this target, or about the next ones to it.
    fn is_open_to_others(&self, target: u64) -> bool {
        self.count > 0 && !self.redirected && self.last != target
    }
}

/// One of several attempts, with its number.
#[derive(Debug)]
pub(super) struct NumberedAttempt {
    attempts: Attempts,
    before: u32,
}

impl Attempts {
    /// Creates a counter at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event to the span of `cx` when an attempt has ended.
    ///
    /// The event is named `throughline.attempt` and has the attributes `throughline.attempt.number`, starting
    /// at 1, `throughline.attempt.duration` in seconds, and, if known, `http.response.status_code` and
    /// `error.type`. An attempt ends [together with its span](super::ClientLayer::with_end_at).
    #[must_use]
    pub fn with_events_on(mut self, cx: Context) -> Self {
        self.listener = Some(cx);
        self
    }

    /// Sets a predicate that includes further requests whatever their method and URL, such as those that fail
    /// over to another provider. Default: none. A predicate that panics includes nothing.
    #[must_use]
    pub fn with_others(mut self, is_attempt: impl Fn(&Attempt<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.others = Hook::new(Arc::new(is_attempt));
        self
    }

    /// Puts all attempts in one trace, also if there is no span above them: the spans of the later ones are then below that
    /// of the first. Default: each attempt without a span above it starts a trace.
    #[must_use]
    pub fn with_shared_trace(mut self) -> Self {
        self.shares_trace = true;
        self
    }

    /// Returns the span of the first attempt, if it has been sent and has one.
    #[must_use]
    pub fn first_span(&self) -> Option<SpanContext> {
        self.sent().first_span.clone()
    }

    /// Returns how often the request was sent again so far.
    #[must_use]
    pub fn resent(&self) -> u32 {
        self.sent().count.saturating_sub(1)
    }

    /// Counts a request that is sent in `cx`, if it is an attempt.
    pub(super) fn count(&self, attempt: &Attempt<'_>, cx: &Context) -> Option<NumberedAttempt> {
        let target = target(attempt);
        let mut sent = self.sent();
        if sent.span.is_some() && sent.span == span_id(cx) {
            return None;
        }
        if sent.is_open_to_others(target) {
            // The predicate is the user's code, so it does not run under the lock. Most requests are sent
            // once, to one target, and do not need it.
            drop(sent);
            let is_included = self.others.call(|others| others(attempt)).unwrap_or(false);
            sent = self.sent();
            if sent.is_open_to_others(target) {
                if is_included {
                    sent.last = target;
                } else if sent.first != target {
                    return None;
                }
            }
        }
        if sent.count == 0 {
            sent.first = target;
        }
        if sent.count == 0 || sent.redirected {
            sent.last = target;
        }
        sent.redirected = false;
        let before = sent.count;
        sent.count = before.saturating_add(1);
        drop(sent);
        Some(NumberedAttempt {
            attempts: self.clone(),
            before,
        })
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NumberedAttempt {
    /// Returns the number of previous attempts.
    pub(super) fn before(&self) -> u32 {
        self.before
    }

    /// Returns a context with the span of the first attempt, if that is to be the parent of this one.
    pub(super) fn parent(&self, cx: &Context) -> Option<Context> {
        let is_orphan = self.attempts.shares_trace && !cx.has_active_span();
        let first = is_orphan.then(|| self.attempts.first_span()).flatten()?;
        Some(cx.with_remote_span_context(first))
    }

    /// Records the context in which the attempt is sent.
    pub(super) fn begin(&self, cx: &Context) {
        let mut sent = self.attempts.sent();
        sent.span = span_id(cx);
        if self.attempts.shares_trace && sent.first_span.is_none() && sent.span.is_some() {
            sent.first_span = Some(cx.span().span_context().clone());
        }
    }

    /// Records the end of the attempt.
    pub(super) fn end(self, status: Option<StatusCode>, error: Option<&'static str>, lasted: Duration) {
        if status.is_some_and(|status| status.is_redirection() && status != StatusCode::NOT_MODIFIED) {
            self.attempts.sent().redirected = true;
        }
        let Some(listener) = &self.attempts.listener else {
            return;
        };
        let span = listener.span();
        if !span.is_recording() {
            return;
        }
        let number = i64::from(self.before) + 1;
        let mut attributes = Vec::with_capacity(4);
        attributes.push(KeyValue::new(semconv::ATTEMPT_NUMBER, number));
        attributes.push(KeyValue::new(semconv::ATTEMPT_DURATION, lasted.as_secs_f64()));
        let status = status.map(|status| i64::from(status.as_u16()));
        attributes.extend(status.map(|status| KeyValue::new(semconv::HTTP_RESPONSE_STATUS_CODE, status)));
        attributes.extend(error.map(|error| KeyValue::new(semconv::ERROR_TYPE, error)));
        span.add_event(semconv::ATTEMPT, attributes);
    }
}

fn span_id(cx: &Context) -> Option<SpanId> {
    cx.has_active_span().then(|| cx.span().span_context().span_id())
}

/// Hashes the method and the URL.
pub(super) fn target(attempt: &Attempt<'_>) -> u64 {
    let url = attempt.url();
    let mut hasher = DefaultHasher::new();
    attempt.method().hash(&mut hasher);
    [url.scheme_or_http(), url.authority, url.path].hash(&mut hasher);
    url.query.hash(&mut hasher);
    hasher.finish()
}

/// The template of a request's URL, such as `/users/{id}`, for the name of the span, `url.template` and the
/// metrics.
///
/// Insert it into the extensions of the request or, if the client library has no extensions, as reqwest, into
/// the current [`Context`]. It must have few values.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for a text, to put in and to take out"
)]
pub struct UrlTemplate(pub Cow<'static, str>);

/// Inserts a new [`Attempts`] into the context of each request. Put it around the layers that retry.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use http::{Request, Response};
/// use throughline::ClientLayer;
/// use throughline::client::AttemptsLayer;
/// use tower::{ServiceBuilder, service_fn};
///
/// # type Body = http_body_util::Empty<bytes::Bytes>;
/// let client = ServiceBuilder::new()
///     .layer(AttemptsLayer::new())
///     // here what retries, such as tower's `RetryLayer`
///     .layer(ClientLayer::new())
///     .service(service_fn(|_: Request<Body>| async {
///         Ok::<_, std::io::Error>(Response::new(Body::new()))
///     }));
/// # let _ = client;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct AttemptsLayer;

/// A service whose attempts are counted. Created by [`AttemptsLayer`].
#[derive(Debug, Clone)]
pub struct AttemptsService<S>(S);

impl AttemptsLayer {
    /// Creates the layer. It has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for AttemptsLayer {
    type Service = AttemptsService<S>;

    fn layer(&self, inner: S) -> AttemptsService<S> {
        AttemptsService(inner)
    }
}

impl<S, R> Service<R> for AttemptsService<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InContext<S::Future>;

    fn poll_ready(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let context = Context::current_with_value(Attempts::new());
        InContext::start(context, || self.0.call(request))
    }
}
