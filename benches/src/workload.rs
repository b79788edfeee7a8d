//! The common workload: requests, a service that answers them, and their execution.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{Empty, Full};
use tower_service::Service;

/// A repeatable action, whose inputs are prepared in advance.
pub(crate) trait Exercise {
    /// Prepares the inputs of the next [`exercise`](Exercise::exercise) for this number of repetitions.
    fn prepare(&mut self, times: usize);

    /// Runs the action once per prepared input.
    fn exercise(&mut self);
}

/// The body of every request.
pub(crate) type Nothing = Empty<Bytes>;

/// A server request: GET, six headers including `traceparent`, and a query. Path and query differ each time.
pub(crate) fn incoming<B: Default>(number: usize) -> Request<B> {
    let mut request = without_traceparent(number);
    request
        .headers_mut()
        .insert("traceparent", http::HeaderValue::from_static(TRACEPARENT));
    request
}

/// The same without a `traceparent`.
pub(crate) fn without_traceparent<B: Default>(number: usize) -> Request<B> {
    let id = 1000 + number % 9000;
    headers(Request::get(format!("/users/{id}?verbose=true&after={id}")))
        .header("host", "api.example.com")
        .body(B::default())
        .expect("a request")
}

/// A client request, with four headers and a query. Path and query differ each time.
pub(crate) fn outgoing(number: usize) -> Request<Nothing> {
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

/// Answers each request with a few bytes, immediately and without an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trivial;

impl<B> Service<Request<B>> for Trivial {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Full::new(Bytes::from_static(b"hello")))))
    }
}

/// An action that consumes a prepared request each time.
pub(crate) struct Calls<F, R> {
    act: F,
    fresh: fn(usize) -> R,
    made: usize,
    requests: Vec<R>,
}

/// Calls a service with these requests.
pub(crate) fn calls<S, R, B>(mut service: S, fresh: fn(usize) -> R) -> Calls<impl FnMut(R), R>
where
    S: Service<R, Response = Response<B>>,
    B: Body,
{
    Calls::new(move |request| call(&mut service, request), fresh)
}

impl<F: FnMut(R), R> Calls<F, R> {
    pub(crate) fn new(act: F, fresh: fn(usize) -> R) -> Self {
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
pub(crate) fn call<S, R, B>(service: &mut S, request: R)
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
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
    }
}

/// Reads a body to its end. Stops polling once it reports its end.
pub(crate) fn read<B: Body>(body: B) {
    let mut body = pin!(body);
    let cx = &mut Context::from_waker(Waker::noop());
    while !body.is_end_stream() {
        if let Poll::Ready(None | Some(Err(_))) = body.as_mut().poll_frame(cx) {
            return;
        }
    }
}

/// An action without inputs.
pub(crate) struct Repeated<F> {
    act: F,
    times: usize,
}

impl<F: FnMut()> Repeated<F> {
    pub(crate) fn new(act: F) -> Self {
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

/// The trace context of every request.
pub(crate) const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
