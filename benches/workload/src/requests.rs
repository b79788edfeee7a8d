//! The common workload: requests, a service that answers them, and their execution.

use std::convert::Infallible;
use std::future::{Pending, Ready, pending, ready};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{Empty, Full};
use tower_service::Service;

/// A repeatable action, whose inputs are prepared in advance.
pub trait Exercise {
    /// Prepares the inputs of the next [`exercise`](Exercise::exercise) for this number of repetitions.
    fn prepare(&mut self, times: usize);

    /// Runs the action once per prepared input.
    fn exercise(&mut self);
}

/// The body of every request.
pub type Nothing = Empty<Bytes>;

/// A server request: GET, six headers including `traceparent`, and a query. Path and query differ each time.
pub fn incoming<B: Default>(number: usize) -> Request<B> {
    let mut request = without_traceparent(number);
    request
        .headers_mut()
        .insert("traceparent", http::HeaderValue::from_static(TRACEPARENT));
    request
}

/// The same without a `traceparent`.
pub fn without_traceparent<B: Default>(number: usize) -> Request<B> {
    let id = 1000 + number % 9000;
    headers(Request::get(format!("/users/{id}?verbose=true&after={id}")))
        .header("host", "api.example.com")
        .body(B::default())
        .expect("a request")
}

/// The same with this `traceparent` and `tracestate`.
fn traced<B: Default>(number: usize, parent: &'static str, state: Option<&'static str>) -> Request<B> {
    let mut request = without_traceparent(number);
    let value = http::HeaderValue::from_static;
    request.headers_mut().insert("traceparent", value(parent));
    if let Some(state) = state {
        request.headers_mut().insert("tracestate", value(state));
    }
    request
}

/// The same with the random flag of Trace Context Level 2.
pub fn random(number: usize) -> Request<Nothing> {
    traced(number, RANDOM_TRACEPARENT, None)
}

/// The same with the random flag and two members of `tracestate`.
pub fn with_tracestate(number: usize) -> Request<Nothing> {
    traced(
        number,
        RANDOM_TRACEPARENT,
        Some("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"),
    )
}

/// The same over HTTP/2.
pub fn over_http2(number: usize) -> Request<Nothing> {
    let mut request = incoming(number);
    *request.version_mut() = http::Version::HTTP_2;
    request
}

/// The same as a `POST` with a body of 26 bytes.
pub fn posted(number: usize) -> Request<Full<Bytes>> {
    let mut request: Request<Full<Bytes>> = incoming(number);
    *request.method_mut() = http::Method::POST;
    *request.body_mut() = Full::new(Bytes::from_static(b"{\"name\":\"x\",\"number\":123}"));
    request
}

/// A request of a browser, as a proxy forwards it: 17 headers, and the address of the proxy.
pub fn browsers(number: usize) -> Request<Nothing> {
    let id = 1000 + number % 9000;
    let proxy: SocketAddr = ([10, 0, 0, 7], 41_820).into();
    Request::get(format!("/users/{id}?verbose=true&after={id}"))
        .header("host", "api.example.com")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
        .header(
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        )
        .header("accept-language", "en-US,en;q=0.5")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("referer", "https://www.example.com/")
        .header("cookie", "session=0123456789abcdef")
        .header("dnt", "1")
        .header("upgrade-insecure-requests", "1")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-site")
        .header("x-request-id", "7d444840-9dc0-11d1-b245-5ffdce74fad2")
        .header("x-forwarded-for", "192.0.2.60")
        .header("x-forwarded-host", "api.example.com")
        .header("x-forwarded-proto", "https")
        .header("traceparent", TRACEPARENT)
        .extension(ConnectInfo(proxy))
        .body(Nothing::new())
        .expect("a request")
}

/// A client request, with four headers and a query. Path and query differ each time.
pub fn outgoing(number: usize) -> Request<Nothing> {
    let id = 1000 + number % 9000;
    headers(Request::get(format!(
        "http://api.example.com/users/{id}?verbose=true&after={id}"
    )))
    .body(Nothing::new())
    .expect("a request")
}

fn headers(request: http::request::Builder) -> http::request::Builder {
    request
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip, br")
        .header("x-request-id", "7d444840-9dc0-11d1-b245-5ffdce74fad2")
}

/// Defines a service that answers each request with a status and a few bytes, immediately and without an
/// allocation.
macro_rules! answering {
    ($(#[$doc:meta])* $name:ident, $status:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl<B> Service<Request<B>> for $name {
            type Response = Response<Full<Bytes>>;
            type Error = Infallible;
            type Future = Ready<Result<Self::Response, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, _: Request<B>) -> Self::Future {
                let mut response = Response::new(Full::new(Bytes::from_static(b"hello")));
                *response.status_mut() = $status;
                ready(Ok(response))
            }
        }
    };
}

answering!(
    /// Answers each request with `200`.
    Trivial,
    StatusCode::OK
);
answering!(
    /// Answers each request with `500`.
    Broken,
    StatusCode::INTERNAL_SERVER_ERROR
);

/// Never answers.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl<B> Service<Request<B>> for Silent {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        pending()
    }
}

/// An action that consumes a prepared request each time.
pub struct Calls<F, R> {
    act: F,
    fresh: fn(usize) -> R,
    made: usize,
    requests: Vec<R>,
}

/// Calls a service with these requests.
pub fn calls<S, R, B>(mut service: S, fresh: fn(usize) -> R) -> Calls<impl FnMut(R), R>
where
    S: Service<R, Response = Response<B>>,
    B: Body,
{
    Calls::new(move |request| call(&mut service, request), fresh)
}

/// Calls a service, polls once and drops the future, as a server does if its client leaves.
pub fn cancelled<S, R>(mut service: S, fresh: fn(usize) -> R) -> Calls<impl FnMut(R), R>
where
    S: Service<R>,
{
    let act = move |request| {
        let mut future = pin!(service.call(request));
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the service is silent");
    };
    Calls::new(act, fresh)
}

impl<F: FnMut(R), R> Calls<F, R> {
    /// Creates an action on the requests that `fresh` creates.
    pub fn new(act: F, fresh: fn(usize) -> R) -> Self {
        Self {
            act,
            fresh,
            made: 0,
            requests: Vec::new(),
        }
    }
}

impl<F: FnMut(R), R> Exercise for Calls<F, R> {
    fn prepare(&mut self, times: usize) {
        let numbers = self.made..self.made + times;
        self.made += times;
        self.requests.extend(numbers.map(self.fresh));
    }

    fn exercise(&mut self) {
        while let Some(request) = self.requests.pop() {
            (self.act)(request);
        }
    }
}

/// Calls the service and reads the response to its end, as a server does.
pub fn call<S, R, B>(service: &mut S, request: R)
where
    S: Service<R, Response = Response<B>>,
    B: Body,
{
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(())) = service.poll_ready(cx) else {
        unreachable!("the services here are always ready")
    };
    if let Ok(response) = drive(service.call(request)) {
        read(response.into_body());
    }
}

/// Polls a future until it is ready.
pub fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
    }
}

/// Reads a body to its end. Stops polling once it reports its end.
pub fn read<B: Body>(body: B) {
    let mut body = pin!(body);
    let cx = &mut Context::from_waker(Waker::noop());
    while !body.is_end_stream() {
        if let Poll::Ready(None | Some(Err(_))) = body.as_mut().poll_frame(cx) {
            return;
        }
    }
}

/// An action without inputs.
pub struct Repeated<F> {
    act: F,
    times: usize,
}

impl<F: FnMut()> Repeated<F> {
    /// Creates an action.
    pub fn new(act: F) -> Self {
        Self { act, times: 0 }
    }
}

impl<F: FnMut()> Exercise for Repeated<F> {
    fn prepare(&mut self, times: usize) {
        self.times += times;
    }

    fn exercise(&mut self) {
        for _ in 0..std::mem::take(&mut self.times) {
            (self.act)();
        }
    }
}

/// The same with the random flag.
const RANDOM_TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
/// The trace context of every request.
pub const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
