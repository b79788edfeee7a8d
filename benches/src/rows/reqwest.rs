//! Client layers over reqwest requests, with a stub instead of the transport.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context as Task, Poll};

use http::Extensions;
use reqwest::{Body, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_tracing::TracingMiddleware;
use tower_layer::Layer;
use tower_service::Service;

use super::client::{caller, ours, tower_otel};
use super::{Row, Section};
use crate::telemetry::{Sdk, bridge_032};
use throughline_bench_workload::{Calls, Exercise, drive, outgoing, read};

pub(super) fn section(sdk: &Sdk) -> Section {
    let stub = || ClientBuilder::new(reqwest::Client::new());
    let traced = stub().with(TracingMiddleware::default()).with(Stub).build();
    let rows = vec![
        Row::new("the service alone", over(Stub)),
        Row::new("ClientLayer, span + metrics", over(ours(sdk).layer(Stub))),
        Row::new("tower-otel, span only", over(tower_otel().layer(Stub))),
        Row::new("reqwest-middleware alone", through(stub().with(Stub).build())),
        Row::new("reqwest-tracing, span only", through(traced)).with_dispatch(bridge_032()),
    ];
    Section {
        title: "reqwest client, sampled",
        rows: rows.into_iter().map(|row| row.in_context(caller())).collect(),
    }
}

fn over<S>(mut service: S) -> impl Exercise + use<S>
where
    S: Service<Request, Response = Response>,
{
    let act = move |request| {
        let cx = &mut Task::from_waker(std::task::Waker::noop());
        let _ready = service.poll_ready(cx);
        finish(drive(service.call(request)));
    };
    Calls::new(act, fresh)
}

fn through(client: ClientWithMiddleware) -> impl Exercise {
    Calls::new(move |request| finish(drive(client.execute(request))), fresh)
}

fn finish<E>(result: Result<Response, E>) {
    if let Ok(response) = result {
        read(Body::from(response));
    }
}

fn fresh(number: usize) -> Request {
    let request = outgoing(number).map(|_| Body::default());
    Request::try_from(request).expect("a request")
}

/// Answers instead of the transport.
#[derive(Debug, Clone, Copy)]
struct Stub;

impl Stub {
    fn answer() -> Response {
        http::Response::new(Body::from("hello")).into()
    }
}

impl Service<Request> for Stub {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        ready(Ok(Self::answer()))
    }
}

#[async_trait::async_trait]
impl Middleware for Stub {
    async fn handle(
        &self,
        _: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        Ok(Self::answer())
    }
}
