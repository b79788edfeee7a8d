//! An adapter for reqwest-middleware.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};
use throughline_tracing_layer::span::InContextExt;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::CallAttributes;
use crate::layer::LlmLayer;

/// A [`LlmLayer`], or a stack of layers with one, as a middleware of reqwest-middleware.
///
/// ```
/// use reqwest_middleware::ClientBuilder;
/// use throughline_llm_layer::{LlmLayer, LlmMiddleware};
///
/// let client = ClientBuilder::new(reqwest::Client::new())
///     .with(LlmMiddleware::new(LlmLayer::new()))
///     .build();
/// ```
///
/// To get one span per logical call instead of one per attempt, add it before a retry middleware, or put the
/// retry into the stack, [inside the layer](crate#attempts).
///
/// To combine it with other layers, pass a stack: for example an
/// [`IncludeUsageLayer`](crate::IncludeUsageLayer) or a [drain of bodies](crate::DrainLayer::bodies_only)
/// around the [`LlmLayer`], or a [`TokenBudgetLayer`](throughline_agents::TokenBudgetLayer) inside it.
///
/// ```
/// use throughline_agents::TokenBudgetLayer;
/// use throughline_llm_layer::{IncludeUsageLayer, LlmLayer, LlmMiddleware};
/// use tower::ServiceBuilder;
///
/// let layers = ServiceBuilder::new()
///     .layer(IncludeUsageLayer::new())
///     .layer(LlmLayer::new())
///     .layer(TokenBudgetLayer::new());
/// let middleware = LlmMiddleware::new(layers);
/// # reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(middleware);
/// ```
#[derive(Debug, Clone)]
pub struct LlmMiddleware<L = LlmLayer> {
    layer: L,
}

impl<L> LlmMiddleware<L> {
    /// Creates a middleware that calls the rest of the chain through `layer`.
    #[must_use]
    pub fn new(layer: L) -> Self {
        Self { layer }
    }
}

#[async_trait]
impl<L> Middleware for LlmMiddleware<L>
where
    L: for<'a> Layer<Rest<'a>> + Send + Sync + 'static,
    for<'a> <L as Layer<Rest<'a>>>::Service: Service<Request, Response = Response, Error = Error> + Send,
    for<'a> <<L as Layer<Rest<'a>>>::Service as Service<Request>>::Future: Send,
{
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let attributes = extensions.get::<CallAttributes>().cloned();
        let rest = Rest {
            next,
            extensions: Arc::new(Mutex::new(extensions)),
        };
        let call = async { self.layer.layer(rest).call(request).await };
        match attributes {
            Some(attributes) => {
                call.in_context(opentelemetry::Context::current_with_value(attributes))
                    .await
            }
            None => call.await,
        }
    }
}

/// The rest of the chain as a service. Each call runs the chain from its beginning, so that a retry or a
/// hedge in the stack can call it any number of times.
///
/// Calls may overlap, so each gets a copy of the request's extensions. Extensions that the chain adds to the
/// copy become visible to the outer middlewares when the call has ended.
#[derive(Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Rest<'a> {
    next: Next<'a>,
    extensions: Arc<Mutex<&'a mut Extensions>>,
}

impl<'a> Service<Request> for Rest<'a> {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = reqwest_middleware::Result<Response>> + Send + 'a>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { next, extensions } = self.clone();
        let mut own = Extensions::clone(&lock(&extensions));
        Box::pin(async move {
            let response = next.run(request, &mut own).await;
            lock(&extensions).extend(own);
            response
        })
    }
}

fn lock<'l, 'a>(extensions: &'l Mutex<&'a mut Extensions>) -> MutexGuard<'l, &'a mut Extensions> {
    extensions.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::{JoinAll, Map, join_all};
    use reqwest_middleware::ClientBuilder;
    use throughline_test_support::Recorder;

    use super::*;

    /// Answers instead of the network.
    struct Answer;

    #[async_trait]
    impl Middleware for Answer {
        async fn handle(
            &self,
            _: Request,
            extensions: &mut Extensions,
            _: Next<'_>,
        ) -> reqwest_middleware::Result<Response> {
            assert_eq!(extensions.get(), Some(&7), "the extensions pass");
            Ok(http::Response::new(ANSWER).into())
        }
    }

    #[tokio::test]
    async fn a_call_passes_through_the_layer() {
        let recorder = Recorder::new();
        let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(LlmMiddleware::new(layer))
            .with(Answer)
            .build();
        let request = client
            .post("http://127.0.0.1:1/v1/chat/completions")
            .with_extension(7)
            .with_extension(CallAttributes::new([opentelemetry::KeyValue::new(
                "tenant", "acme",
            )]));
        let request = request.body(r#"{"model":"gpt-4o","messages":[]}"#);
        let response = request.send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), ANSWER, "the answer");
        let tree = recorder.tree(&[]);
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the span: {tree}");
        assert!(tree.contains("tenant=\"acme\""), "the user's attribute: {tree}");
    }

    /// Streams an answer with its usage, instead of the network.
    struct Stream;

    #[async_trait]
    impl Middleware for Stream {
        async fn handle(
            &self,
            request: Request,
            _: &mut Extensions,
            _: Next<'_>,
        ) -> reqwest_middleware::Result<Response> {
            let sent = request.body().and_then(reqwest::Body::as_bytes);
            let requests_usage = sent.is_some_and(|sent| sent.ends_with(b"\"include_usage\":true}}"));
            assert!(requests_usage, "the request asks for usage");
            let response = http::Response::builder().header("content-type", "text/event-stream");
            Ok(response.body(STREAM).unwrap().into())
        }
    }

    #[tokio::test]
    async fn a_call_passes_through_a_stack() {
        let recorder = Recorder::new();
        let llm = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let layers = tower::ServiceBuilder::new()
            .layer(crate::include_usage::IncludeUsageLayer::new())
            .layer(llm);
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(LlmMiddleware::new(layers))
            .with(Stream)
            .build();
        let request = client.post("https://api.openai.com/v1/chat/completions");
        let request = request.body(r#"{"model":"gpt-4o","messages":[],"stream":true}"#);
        let response = request.send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "data: [DONE]\n\n", "the answer");
        assert!(
            crate::call::wait_idle(std::time::Duration::from_secs(60)),
            "recorded in time"
        );
        let tree = recorder.tree(&[]);
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the span: {tree}");
    }

    /// Answers 503, then 200, and records each request body and its extension of type `u8`.
    #[derive(Clone, Default)]
    struct Flaky(Arc<Mutex<Vec<Seen>>>);

    /// The body of a request, and its extension.
    type Seen = (Vec<u8>, Option<u8>);

    #[async_trait]
    impl Middleware for Flaky {
        async fn handle(
            &self,
            request: Request,
            extensions: &mut Extensions,
            _: Next<'_>,
        ) -> reqwest_middleware::Result<Response> {
            let body = request.body().and_then(reqwest::Body::as_bytes).unwrap().to_vec();
            let mut seen = self.0.lock().unwrap();
            seen.push((body, extensions.get().copied()));
            extensions.insert(seen.len());
            let status = if seen.len() == 1 { 503 } else { 200 };
            let response = http::Response::builder().status(status);
            Ok(response.body(ANSWER).unwrap().into())
        }
    }

    /// A middleware outside of the layer: records the extension that the chain has set.
    #[derive(Clone, Default)]
    struct Outside(Arc<Mutex<Option<usize>>>);

    #[async_trait]
    impl Middleware for Outside {
        async fn handle(
            &self,
            request: Request,
            extensions: &mut Extensions,
            next: Next<'_>,
        ) -> reqwest_middleware::Result<Response> {
            let response = next.run(request, extensions).await;
            *self.0.lock().unwrap() = extensions.get().copied();
            response
        }
    }

    /// Retries responses whose status is not 200.
    #[derive(Clone)]
    struct RetryNot200;

    impl tower::retry::Policy<Request, Response, Error> for RetryNot200 {
        type Future = std::future::Ready<()>;

        fn retry(&mut self, _: &mut Request, result: &mut Result<Response, Error>) -> Option<Self::Future> {
            let failed = result.as_ref().is_ok_and(|response| response.status() != 200);
            failed.then(|| std::future::ready(()))
        }

        fn clone_request(&mut self, request: &Request) -> Option<Request> {
            request.try_clone()
        }
    }

    /// Calls the inner service the configured number of times at once, without `poll_ready`, and returns the
    /// last response. With 0 calls, it answers itself.
    #[derive(Clone)]
    struct Hedge<S>(usize, S);

    impl<S> Service<Request> for Hedge<S>
    where
        S: Service<Request, Response = Response, Error = Error>,
    {
        type Response = Response;
        type Error = Error;
        type Future = Map<JoinAll<S::Future>, fn(Vec<Result<Response, Error>>) -> Result<Response, Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            let calls = (0..self.0).map(|_| self.1.call(request.try_clone().unwrap()));
            join_all(calls).map(|answers| {
                let last = answers.into_iter().last();
                last.unwrap_or_else(|| Ok(http::Response::new(ANSWER).into()))
            })
        }
    }

    #[derive(Clone)]
    struct HedgeLayer(usize);

    impl<S> Layer<S> for HedgeLayer {
        type Service = Hedge<S>;

        fn layer(&self, inner: S) -> Hedge<S> {
            Hedge(self.0, inner)
        }
    }

    const HELLO: &str = r#"{"model":"gpt-4o","messages":[]}"#;

    /// Sends a request through a stack. Returns the number of calls of the chain, and the spans.
    async fn through<L>(recorder: &Recorder, layers: L) -> (usize, String)
    where
        LlmMiddleware<L>: Middleware,
    {
        let (outside, flaky) = (Outside::default(), Flaky::default());
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(outside.clone())
            .with(LlmMiddleware::new(layers))
            .with(flaky.clone())
            .build();
        let request = client.post("http://127.0.0.1:1/v1/chat/completions").body(HELLO);
        let answer = async {
            let response = request.with_extension(7_u8).send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        };
        let within = std::time::Duration::from_secs(60);
        let (status, text) = tokio::time::timeout(within, answer)
            .await
            .expect("an answer in time");
        assert_eq!((status.as_u16(), &*text), (200, ANSWER), "the last answer");
        let seen = flaky.0.lock().unwrap();
        for (body, extension) in &*seen {
            assert_eq!(body, HELLO.as_bytes(), "the request, each time");
            assert_eq!(*extension, Some(7), "its extensions, each time");
        }
        let extension = *outside.0.lock().unwrap();
        assert_eq!(
            extension,
            (!seen.is_empty()).then_some(seen.len()),
            "the extension that the chain has set"
        );
        (seen.len(), recorder.tree(&["throughline.attempt.duration"]))
    }

    /// Bug: the second call never completed.
    #[tokio::test]
    async fn a_stack_can_call_the_chain_any_number_of_times() {
        let client = |recorder: &Recorder| {
            throughline_tracing_layer::ClientLayer::new().with_tracer_provider(recorder.tracer_provider())
        };
        let llm = |recorder: &Recorder| LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        for (calls, expected) in [(0, 0), (2, 2), (3, 3)] {
            let recorder = Recorder::new();
            let layers = tower::ServiceBuilder::new()
                .layer(llm(&recorder))
                .layer(HedgeLayer(calls));
            let (called, tree) = through(&recorder, layers).await;
            assert_eq!(called, expected, "{calls} calls at once");
            assert!(
                tree.contains("gen_ai.usage.output_tokens=2"),
                "{calls} calls at once: {tree}"
            );
        }
        let recorder = Recorder::new();
        let layers = tower::ServiceBuilder::new()
            .layer(llm(&recorder))
            .layer(tower::retry::RetryLayer::new(RetryNot200))
            .layer(client(&recorder));
        let (called, tree) = through(&recorder, layers).await;
        assert_eq!(called, 2, "a retry");
        for expected in [
            "http.request.resend_count=1",
            "http.response.status_code=503",
            "http.response.status_code=200",
            "gen_ai.usage.output_tokens=2",
        ] {
            assert!(tree.contains(expected), "a retry, {expected}: {tree}");
        }
        let attempts = tree.matches("! throughline.attempt").count();
        assert_eq!(attempts, 2, "one event per attempt: {tree}");
    }

    /// The futures of the chain borrow, so that only bodies can be drained.
    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn an_answer_is_drained() {
        let recorder = Recorder::new();
        let llm = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let drain = crate::drain::DrainLayer::new(tokio::runtime::Handle::current());
        let layers = tower::ServiceBuilder::new().layer(drain.bodies_only()).layer(llm);
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(LlmMiddleware::new(layers))
            .with(Answer)
            .build();
        let request = client
            .post("http://127.0.0.1:1/v1/chat/completions")
            .with_extension(7);
        let request = request.body(r#"{"model":"gpt-4o","messages":[]}"#);
        drop(request.send().await.unwrap());
        assert!(
            drain.wait_idle(std::time::Duration::from_secs(30)).await,
            "the drain ends in time"
        );
        assert!(
            crate::call::wait_idle(std::time::Duration::from_secs(60)),
            "recorded in time"
        );
        let tree = recorder.tree(&[]);
        assert!(
            tree.contains("throughline.response.drained=true"),
            "the response is drained: {tree}"
        );
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the usage: {tree}");
    }

    const STREAM: &str =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    const ANSWER: &str =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
}
