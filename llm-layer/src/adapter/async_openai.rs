//! An adapter for async-openai.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::{Request, Response};
use tower_service::Service;

/// Adapts a service for reqwest's requests to `async_openai::Client::with_http_service`.
///
/// ```
/// use async_openai::{Client, config::OpenAIConfig};
/// use throughline_llm_layer::{AsyncOpenAi, LlmLayer};
/// use tower::ServiceBuilder;
///
/// let service = ServiceBuilder::new().layer(LlmLayer::new()).service(reqwest::Client::new());
/// let client = Client::with_config(OpenAIConfig::new()).with_http_service(AsyncOpenAi::new(service));
/// ```
///
/// A retry outside of this service builds a new request for each attempt, so that each attempt is a call with
/// its own span.
#[derive(Debug, Clone)]
pub struct AsyncOpenAi<S> {
    inner: S,
}

impl<S> AsyncOpenAi<S> {
    /// Creates a service that sends the requests of async-openai through `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S> Service<HttpRequestFactory> for AsyncOpenAi<S>
where
    S: Service<Request, Response = Response, Future: Send, Error: Into<OpenAIError>> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let next = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, next);
        Box::pin(async move { ready.call(factory.build().await?).await.map_err(Into::into) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_openai::middleware::retry::OpenAIRetryLayer;
    use throughline_agents::{TokenBudgetLayer, agent};
    use throughline_test_support::Recorder;
    use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

    use super::*;
    use crate::LlmLayer;

    #[tokio::test]
    async fn a_call_passes_through_the_layer() {
        let recorder = Recorder::new();
        let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let service = service_fn(|_: Request| async {
            Ok::<_, reqwest::Error>(Response::from(http::Response::new(ANSWER)))
        });
        let service = AsyncOpenAi::new(ServiceBuilder::new().layer(layer).service(service));
        let factory = HttpRequestFactory::new(|| async {
            let client = reqwest::Client::new().post("http://127.0.0.1:1/v1/chat/completions");
            Ok(client.body(r#"{"model":"gpt-4o","messages":[]}"#).build()?)
        });
        let response = service.oneshot(factory).await.unwrap();
        assert_eq!(response.text().await.unwrap(), ANSWER, "the answer");
        let tree = recorder.tree(&[]);
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the span: {tree}");
    }

    /// The retry of async-openai treats the error as permanent.
    #[tokio::test]
    async fn a_call_that_a_budget_refused_is_not_retried() {
        let layers = ServiceBuilder::new()
            .layer(LlmLayer::new())
            .layer(TokenBudgetLayer::new());
        let service = layers.service(service_fn(|_: Request| async {
            Err::<Response, reqwest::Error>(reqwest::Client::new().get("not a URL").build().unwrap_err())
        }));
        let service = OpenAIRetryLayer::default().layer(AsyncOpenAi::new(service));
        let attempts = Arc::new(AtomicU32::new(0));
        let count = attempts.clone();
        let factory = HttpRequestFactory::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let client = reqwest::Client::new().post("http://127.0.0.1:1/v1/chat/completions");
            let request = client.body(r#"{"model":"gpt-4o","messages":[]}"#).build();
            async move { Ok(request?) }
        });
        let planner = agent("Planner").with_token_budget(0);
        let error = planner.run(service.oneshot(factory)).await.unwrap_err();
        let OpenAIError::ApiError(error) = error else {
            panic!("not the API's error: {error}");
        };
        let code = error.api_error.code.as_deref();
        assert_eq!(
            code,
            Some("token_budget_exceeded"),
            "the error code that the caller gets"
        );
        assert_eq!(attempts.load(Ordering::Relaxed), 1, "there is one attempt");
    }

    const ANSWER: &str =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
}
