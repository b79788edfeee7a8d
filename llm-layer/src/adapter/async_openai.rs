//! An adapter for async-openai.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_openai::error::{ApiErrorResponse, OpenAIError};
use async_openai::middleware::HttpRequestFactory;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use reqwest::{Request, Response, ResponseBuilderExt, Url};
use serde_json::json;
use tower_layer::Layer;
use tower_service::Service;

/// Sends the requests of async-openai through layers, for `async_openai::Client::with_http_service`.
///
/// ```
/// use async_openai::{Client, config::OpenAIConfig};
/// use throughline_llm_layer::{AsyncOpenAi, LlmLayer};
/// use throughline_tracing_layer::ClientLayer;
/// use tower::ServiceBuilder;
///
/// let transport = ServiceBuilder::new()
///     .layer(ClientLayer::new()) // one span per attempt
///     .service(reqwest::Client::new());
/// let service = AsyncOpenAi::new(LlmLayer::new(), transport); // one span per call
/// let client = Client::with_config(OpenAIConfig::new()).with_http_service(service);
/// ```
///
/// # Retries
///
/// By default, async-openai retries connection errors, `429` and `5xx` up to three times, but
/// `with_http_service` replaces this retry together with the HTTP client. This adapter puts the same retry
/// back, between the layers and the transport, so that adding it does not change the traffic: the layers see
/// one call, the transport each attempt. Use [`with_retry`](Self::with_retry) for another number of retries.
/// Do not add another retry outside, which would multiply the attempts.
///
/// # Other versions of async-openai
///
/// `HttpRequestFactory` is another type in each minor version, so this adapter fits the version that this
/// crate depends on. A closure fits all versions from 0.37 on, such as the one that swiftide depends on. Put
/// the retry of that version around it. Each attempt is then a call with its own span:
///
/// ```
/// use async_openai::error::OpenAIError; // of the other version, like all names of async_openai here
/// use async_openai::middleware::HttpRequestFactory;
/// use async_openai::middleware::retry::OpenAIRetryLayer;
/// use throughline_llm_layer::LlmLayer;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let stack = ServiceBuilder::new().layer(LlmLayer::new()).service(reqwest::Client::new());
/// let service = ServiceBuilder::new()
///     .layer(OpenAIRetryLayer::default())
///     .service(service_fn(move |factory: HttpRequestFactory| {
///         let stack = stack.clone();
///         async move { stack.oneshot(factory.build().await?).await.map_err(OpenAIError::Reqwest) }
///     }));
/// let client = async_openai::Client::new().with_http_service(service);
/// ```
#[derive(Debug, Clone)]
pub struct AsyncOpenAi<L, S> {
    layers: L,
    transport: S,
    retry: OpenAIRetryLayer,
}

impl<L, S> AsyncOpenAi<L, S> {
    /// Creates a service that sends the requests of async-openai through `layers`, then through async-openai's
    /// retry, then through `transport`.
    ///
    /// `layers` is a [`LlmLayer`](crate::LlmLayer), or a stack of layers with one. `transport` is a
    /// `reqwest::Client`, or a stack around one.
    pub fn new(layers: L, transport: S) -> Self {
        Self {
            layers,
            transport,
            retry: OpenAIRetryLayer::default(),
        }
    }

    /// Sets the retry. Default: async-openai's own, which retries three times. `OpenAIRetryLayer::new(0)`
    /// retries never.
    #[must_use]
    pub fn with_retry(mut self, retry: OpenAIRetryLayer) -> Self {
        self.retry = retry;
        self
    }
}

impl<L, S> Service<HttpRequestFactory> for AsyncOpenAi<L, S>
where
    L: Layer<Attempts<S>>,
    L::Service:
        Service<Request, Response = Response, Future: Send, Error: Into<OpenAIError>> + Send + 'static,
    S: Clone,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = ResponseFuture;

    /// The readiness of the stack is polled when a request is sent, because each request has a stack of its
    /// own.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let mut stack = self.layers.layer(Attempts {
            factory: factory.clone(),
            retry: self.retry.clone(),
            transport: self.transport.clone(),
        });
        Box::pin(async move { send(&mut stack, factory).await })
    }
}

/// Makes a request and sends it, once the service is ready.
async fn send<S>(service: &mut S, factory: HttpRequestFactory) -> Result<Response, OpenAIError>
where
    S: Service<Request, Response = Response, Error: Into<OpenAIError>>,
{
    let request = factory.build().await?;
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
    service.call(request).await.map_err(Into::into)
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

/// The attempts of one call as a service, inside the layers.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Attempts<S> {
    factory: HttpRequestFactory,
    retry: OpenAIRetryLayer,
    transport: S,
}

impl<S> Service<Request> for Attempts<S>
where
    S: Service<Request, Response = Response, Future: Send, Error: Into<OpenAIError>> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let refused = Arc::default();
        let transport = Transport {
            inner: self.transport.clone(),
            refused: Arc::clone(&refused),
        };
        let mut attempts: OpenAIRetry<_> = self.retry.layer(transport);
        let factory = replay(request, self.factory.clone());
        Box::pin(async move {
            match attempts.call(factory).await {
                Err(OpenAIError::ApiError(error)) => Ok(refusal(&error, take(&refused))),
                result => result,
            }
        })
    }
}

/// Returns a factory of the request that has passed the layers.
///
/// A request with a stream as its body cannot be cloned. It is sent once. Further attempts then send what
/// async-openai makes anew, without the changes of the layers.
fn replay(request: Request, anew: HttpRequestFactory) -> HttpRequestFactory {
    let first = Mutex::new(Some(request));
    HttpRequestFactory::new(move || {
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = first.as_ref().and_then(Request::try_clone);
        let request = copy.or_else(|| first.take());
        let anew = anew.clone();
        async move {
            match request {
                Some(request) => Ok(request),
                None => anew.build().await,
            }
        }
    })
}

/// The transport inside the retry.
#[derive(Debug, Clone)]
struct Transport<S> {
    inner: S,
    refused: Arc<Mutex<Option<Head>>>,
}

/// What is left of a response whose body the retry has read.
#[derive(Debug)]
struct Head {
    url: Url,
    headers: HeaderMap,
}

impl<S> Service<HttpRequestFactory> for Transport<S>
where
    S: Service<Request, Response = Response, Future: Send, Error: Into<OpenAIError>> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let Self { mut inner, refused } = self.clone();
        Box::pin(async move {
            let response = send(&mut inner, factory).await?;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Head {
                    url: response.url().clone(),
                    headers: response.headers().clone(),
                });
            }
            Ok(response)
        })
    }
}

fn take(refused: &Mutex<Option<Head>>) -> Option<Head> {
    refused.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Makes a response again from the error that the retry has read it into, so that the layers see its status,
/// its headers and the provider's code. async-openai turns it into the same error.
fn refusal(error: &ApiErrorResponse, head: Option<Head>) -> Response {
    let mut response = http::Response::builder();
    if let Some(head) = &head {
        response = response.url(head.url.clone());
    }
    let body = json!({ "error": error.api_error }).to_string();
    let mut response = response.body(body).unwrap_or_default();
    *response.status_mut() = error.status_code;
    if let Some(head) = head {
        *response.headers_mut() = head.headers;
        for name in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING] {
            response.headers_mut().remove(name);
        }
    }
    response.into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use throughline_agents::{TokenBudgetLayer, agent};
    use throughline_test_support::Recorder;
    use throughline_tracing_layer::ClientLayer;
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    use super::*;
    use crate::layer::LlmLayer;

    const BODY: &str = r#"{"model":"gpt-4o","messages":[]}"#;
    const ANSWER: &str =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    const LIMITED: &str =
        r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#;

    /// A request for a chat, and the number of times that it was made.
    fn chat(
        body: impl Fn() -> reqwest::Body + Send + Sync + 'static,
    ) -> (HttpRequestFactory, Arc<AtomicU32>) {
        let made = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&made);
        let factory = HttpRequestFactory::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let client = reqwest::Client::new().post("http://127.0.0.1:1/v1/chat/completions");
            let request = client.body(body()).build();
            async move { Ok(request?) }
        });
        (factory, made)
    }

    /// A transport that answers with these statuses in turn, and what was sent through it.
    fn answers(statuses: &'static [u16]) -> (Answers, Arc<Mutex<Vec<String>>>) {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let answers = Answers {
            statuses,
            sent: Arc::clone(&sent),
        };
        (answers, sent)
    }

    #[derive(Clone)]
    struct Answers {
        statuses: &'static [u16],
        sent: Arc<Mutex<Vec<String>>>,
    }

    impl Service<Request> for Answers {
        type Response = Response;
        type Error = reqwest::Error;
        type Future = Pin<Box<dyn Future<Output = Result<Response, reqwest::Error>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, mut request: Request) -> Self::Future {
            let Self { statuses, sent } = self.clone();
            Box::pin(async move {
                let body = request.body_mut().take().unwrap_or_default();
                let body = http_body_util::BodyExt::collect(body).await?.to_bytes();
                let mut sent = sent.lock().unwrap();
                let status = statuses[sent.len()];
                sent.push(String::from_utf8(body.to_vec()).unwrap());
                let response = http::Response::builder()
                    .status(status)
                    .header("retry-after", "0")
                    .header("content-length", "999");
                let body = if status == 200 { ANSWER } else { LIMITED };
                Ok(response.body(body).unwrap().into())
            })
        }
    }

    #[tokio::test]
    async fn a_call_passes_through_the_layer() {
        let recorder = Recorder::new();
        let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
        let (transport, sent) = answers(&[200]);
        let service = AsyncOpenAi::new(layer, transport);
        let response = service.oneshot(chat(|| BODY.into()).0).await.unwrap();
        assert_eq!(response.text().await.unwrap(), ANSWER, "the answer");
        assert_eq!(*sent.lock().unwrap(), [BODY], "what is sent");
        let tree = recorder.tree(&[]);
        assert!(tree.contains("gen_ai.usage.output_tokens=2"), "the span: {tree}");
    }

    /// `with_http_service` drops the retry of async-openai, so that adding the layer changed the traffic.
    #[tokio::test]
    async fn a_refused_call_is_sent_again_within_its_span() {
        let streamed = || reqwest::Body::wrap(http_body_util::Full::new(bytes::Bytes::from(BODY)));
        for (name, (factory, made), times) in [
            ("in memory", chat(|| BODY.into()), 1),
            ("streamed", chat(streamed), 3),
        ] {
            let recorder = Recorder::new();
            let provider = recorder.tracer_provider();
            let (transport, sent) = answers(&[429, 503, 200]);
            let transport = ServiceBuilder::new()
                .layer(ClientLayer::new().with_tracer_provider(provider.clone()))
                .service(transport);
            let layer = LlmLayer::new().with_tracer_provider(provider);
            let response = AsyncOpenAi::new(layer, transport).oneshot(factory).await.unwrap();
            assert_eq!(response.text().await.unwrap(), ANSWER, "{name}: the answer");
            assert_eq!(*sent.lock().unwrap(), [BODY; 3], "{name}: what is sent");
            assert_eq!(
                made.load(Ordering::Relaxed),
                times,
                "{name}: requests made by the client"
            );
            let tree = recorder.tree(&[]);
            let names: Vec<&str> = tree
                .lines()
                .filter(|line| line.trim_start().starts_with("Client "))
                .collect();
            let expected = [
                "Client chat gpt-4o",
                "  Client POST [error]",
                "  Client POST [error]",
                "  Client POST",
            ];
            assert_eq!(names, expected, "{name}: one call of three attempts: {tree}");
        }
    }

    /// The retry reads the body of a `429` and returns an error, from which the layer could tell nothing.
    #[tokio::test]
    async fn the_last_refusal_reaches_the_layer_and_the_caller() {
        for (retries, sends) in [(0, 1), (3, 4)] {
            let recorder = Recorder::new();
            let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
            let (transport, sent) = answers(&[429; 4]);
            let service = AsyncOpenAi::new(layer, transport).with_retry(OpenAIRetryLayer::new(retries));
            let response = service.oneshot(chat(|| BODY.into()).0).await.unwrap();
            assert_eq!(
                response.status(),
                429,
                "{retries}: async-openai reads the error from the response"
            );
            let text: serde_json::Value = response.json().await.unwrap();
            assert_eq!(text["error"]["code"], "rate_limit_exceeded", "{retries}: {text}");
            assert_eq!(sent.lock().unwrap().len(), sends, "{retries}: attempts");
            let tree = recorder.tree(&[]);
            for attribute in [
                "error.type=\"rate_limit_exceeded\"",
                "http.response.header.retry-after",
            ] {
                assert!(tree.contains(attribute), "{retries}: {attribute} in {tree}");
            }
        }
    }

    /// The retry of async-openai treats the error as permanent.
    #[tokio::test]
    async fn a_call_that_a_budget_refused_is_not_retried() {
        let layers = ServiceBuilder::new()
            .layer(LlmLayer::new())
            .layer(TokenBudgetLayer::new())
            .into_inner();
        let transport = service_fn(|_: Request| async {
            Err::<Response, reqwest::Error>(reqwest::Client::new().get("not a URL").build().unwrap_err())
        });
        let service = OpenAIRetryLayer::default().layer(AsyncOpenAi::new(layers, transport));
        let (factory, made) = chat(|| BODY.into());
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
        assert_eq!(made.load(Ordering::Relaxed), 1, "there is one attempt");
    }
}
