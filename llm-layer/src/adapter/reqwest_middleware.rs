//! reqwest-middleware.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
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
/// With other layers around it, such as an [`IncludeUsageLayer`](crate::IncludeUsageLayer) or the
/// [bodies](crate::DrainLayer::bodies_only) of a drain, or beneath it, such as a
/// [`TokenBudgetLayer`](crate::TokenBudgetLayer), it takes the stack:
///
/// ```
/// use throughline_llm_layer::{IncludeUsageLayer, LlmLayer, LlmMiddleware, TokenBudgetLayer};
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
        let rest = Rest(Arc::new(Mutex::new(Some((next, extensions)))));
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

/// The rest of the chain, which can be called once.
#[derive(Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Rest<'a>(Arc<Mutex<Option<(Next<'a>, &'a mut Extensions)>>>);

impl<'a> Service<Request> for Rest<'a> {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = reqwest_middleware::Result<Response>> + Send + 'a>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match rest {
            Some((next, extensions)) => next.run(request, extensions),
            None => Box::pin(std::future::pending()),
        }
    }
}

impl fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}

#[cfg(test)]
mod tests {
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
