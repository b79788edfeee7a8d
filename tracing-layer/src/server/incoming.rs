//! An incoming request, and whether its caller is trusted.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

use http::{HeaderValue, Request};
use opentelemetry::Context;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt};
use throughline_propagation::{Extracted, RequestHead, Trust};

use super::noted::NotedHeaders;
use super::origin::{self, Origin};
use super::route;
use super::settings::Settings;
use crate::exchange::{StartedSpan, connection};
use crate::grpc::Call;
use crate::layer_parts::Parts;
use crate::method::KnownMethod;
use crate::template::{Template, span_name};

/// What an exchange is created from.
pub(super) struct Incoming<'a, B> {
    pub(super) began: Instant,
    pub(super) parent: Context,
    pub(super) observed: bool,
    pub(super) method: KnownMethod,
    pub(super) scheme: &'static str,
    pub(super) route: Option<Template>,
    /// The gRPC call that the request makes, if it is one. It has no route.
    pub(super) call: Option<Call>,
    pub(super) request: &'a Request<B>,
    pub(super) user_agent: Option<&'a HeaderValue>,
    pub(super) origin: Origin<'a>,
    pub(super) peer: Option<SocketAddr>,
    link: Option<SpanContext>,
}

impl<'a, B> Incoming<'a, B> {
    pub(super) fn new(settings: &Settings, request: &'a Request<B>, current: &Context, parts: Parts) -> Self {
        let began = Instant::now();
        let head = origin::head(request);
        let method = settings.shared.methods.classify(request.method());
        let trusted = trusts(&settings.trust, || head);
        let noted = NotedHeaders::new(request.headers());
        let (parent, link) = if parts.propagation {
            extracted(settings, &head, &noted, trusted, current)
        } else {
            let before = request.extensions().get::<Extracted>();
            (
                current.clone(),
                before.and_then(|extracted| extracted.link.clone()),
            )
        };
        let origin = Origin::from_request(request, &noted, trusted);
        let call = Call::from_request(request.method(), request.headers(), origin.uri().path());
        let route = if call.is_none() {
            route_of(settings, &head).map(|route| Template::new(method, &route))
        } else {
            None
        };
        Self {
            began,
            parent,
            observed: settings.filter.call(|filter| filter(&head)).unwrap_or(true),
            method,
            scheme: origin.scheme().unwrap_or(settings.scheme),
            route,
            call,
            request,
            link,
            user_agent: noted.user_agent,
            origin,
            peer: head.peer(),
        }
    }

    /// Starts the span. Returns `None` if no provider would receive it.
    pub(super) fn span(&self, settings: &Settings) -> Option<StartedSpan> {
        let mut at = SystemTime::UNIX_EPOCH;
        let span = settings.shared.tracer.start(&self.parent, || {
            at = SystemTime::now();
            let name = match &self.call {
                Some(call) => call.span_name().into(),
                None => span_name(self.method, self.route.as_ref()),
            };
            let mut builder = SpanBuilder::from_name(name)
                .with_kind(SpanKind::Server)
                .with_start_time(at)
                .with_attributes(self.at_creation(settings));
            if let Some(link) = &self.link {
                builder = builder.with_links(vec![Link::with_context(link.clone())]);
            }
            builder
        })?;
        if span.is_recording {
            let span = span.context.span();
            if let Some(peer) = self.peer {
                span.set_attributes(connection(peer));
            }
            let attributes = &settings.request_attributes;
            if !attributes.is_none() {
                span.set_attributes(attributes.attributes(|add, to| add(&origin::head(self.request), to)));
            }
        }
        Some(StartedSpan { span, at })
    }
}

/// If the predicate panics, the caller is not trusted.
pub(super) fn trusts<'a>(trust: &Trust, head: impl FnOnce() -> RequestHead<'a>) -> bool {
    match trust {
        Trust::Always => true,
        judging => catch_unwind(AssertUnwindSafe(|| judging.decide(&head()))).unwrap_or(false),
    }
}

/// Returns the route that the user sets, or else that of the framework.
pub(super) fn route_of<'a>(settings: &Settings, head: &RequestHead<'a>) -> Option<Cow<'a, str>> {
    let named = settings.route.call(|route| route(head)).flatten();
    named.or_else(|| route::matched(head.extensions()).map(Cow::Borrowed))
}

/// Returns the parent of the span, or the span context to link to.
fn extracted(
    settings: &Settings,
    head: &RequestHead<'_>,
    noted: &NotedHeaders<'_>,
    trusted: bool,
    current: &Context,
) -> (Context, Option<SpanContext>) {
    if trusted {
        let propagator = &settings.shared.propagator;
        return (
            propagator.extract_found(head.headers(), noted.trace, current),
            None,
        );
    }
    let judged = settings
        .shared
        .propagator
        .extract_trusting(&Trust::Never, head, current);
    (judged.context, judged.link)
}
