//! reqwest-middleware.

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

use crate::{CallAttributes, LlmLayer};

/// A [`LlmLayer`] as a middleware.
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
/// Add it before a retry middleware: then its span is the logical call, whatever the number of attempts.
///
/// Or give the retry to the stack, [inside the layer](crate#attempts). With other layers around it, such as
/// an [`IncludeUsageLayer`](crate::IncludeUsageLayer) or the [bodies](crate::DrainLayer::bodies_only) of a
/// drain, or beneath it, such as a [`TokenBudgetLayer`](throughline_agents::TokenBudgetLayer), it takes the
/// stack:
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
    /// A middleware that does what the layer would.
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
        let given = extensions.get::<CallAttributes>().cloned();
        let rest = Rest {
            next,
            extensions: Arc::new(Mutex::new(extensions)),
        };
        let call = async { self.layer.layer(rest).call(request).await };
        match given {
            Some(given) => {
                call.in_context(opentelemetry::Context::current_with_value(given))
                    .await
            }
            None => call.await,
        }
    }
}

/// The rest of the chain. Each call runs it from its beginning, so that a retry or a hedge in the stack may
/// call it as often as it likes.
///
/// Calls may overlap, so each gets a copy of the request's extensions. What the chain adds to the copy is
/// visible to the outer middlewares once the call has ended.
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

    /// Answers in the network's place.
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

    /// Streams an answer in the network's place, with its usage.
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
            let asked = sent.is_some_and(|sent| sent.ends_with(b"\"include_usage\":true}}"));
            assert!(asked, "the provider is asked");
            let response = http::Response::builder().header("content-type", "text/event-stream");
            Ok(response.body(STREAM).unwrap().into())
        }
    }

    #[tokio::test]
    async fn a_call_passes_through_a_stack() {
        let recorder = Recorder::new();
        let llm = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let layers = tower::ServiceBuilder::new()
            .layer(crate::IncludeUsageLayer::new())
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
            crate::settle(std::time::Duration::from_secs(60)),
            "recorded in time"
        );
        let tree = recorder.tree(&[]);
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the span: {tree}");
    }

    /// Answers 503, then 200, and notes the request bodies and the extension `u8` that came.
    #[derive(Clone, Default)]
    struct Flaky(Arc<Mutex<Vec<Seen>>>);

    /// The body of a request, and the extension that came with it.
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

    /// Outside of the layer: sees what the chain left in the extensions.
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

    /// Sends again what was not answered with 200.
    #[derive(Clone)]
    struct Again;

    impl tower::retry::Policy<Request, Response, Error> for Again {
        type Future = std::future::Ready<()>;

        fn retry(&mut self, _: &mut Request, result: &mut Result<Response, Error>) -> Option<Self::Future> {
            let failed = result.as_ref().is_ok_and(|response| response.status() != 200);
            failed.then(|| std::future::ready(()))
        }

        fn clone_request(&mut self, request: &Request) -> Option<Request> {
            request.try_clone()
        }
    }

    /// Calls what is inside so many times at once, without asking whether it is ready, and answers with the
    /// last answer, or itself.
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

    /// Sends a request through a stack; how often the chain was called, and the spans.
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
            "what the chain put there"
        );
        (seen.len(), recorder.tree(&["throughline.attempt.duration"]))
    }

    /// The second call used to wait for ever.
    #[tokio::test]
    async fn a_stack_may_call_the_chain_as_often_as_it_likes() {
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
            .layer(tower::retry::RetryLayer::new(Again))
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
        assert_eq!(attempts, 2, "an event an attempt: {tree}");
    }

    /// Its futures borrow, so that only the bodies can be drained.
    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn an_answer_is_drained() {
        let recorder = Recorder::new();
        let llm = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let drain = crate::DrainLayer::new(tokio::runtime::Handle::current());
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
        assert!(drain.settle(std::time::Duration::from_secs(30)).await, "it ends");
        assert!(
            crate::settle(std::time::Duration::from_secs(60)),
            "recorded in time"
        );
        let tree = recorder.tree(&[]);
        assert!(
            tree.contains("throughline.response.drained=true"),
            "the rest: {tree}"
        );
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the usage: {tree}");
    }

    const STREAM: &str =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    const ANSWER: &str =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
}
