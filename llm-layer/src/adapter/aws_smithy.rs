//! An adapter for the AWS SDK.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

/// An HTTP client of the AWS SDK with layers around each request, such as those of aws-sdk-bedrockruntime.
///
/// ```
/// use aws_smithy_runtime_api::client::http::SharedHttpClient;
/// use throughline_llm_layer::{AwsHttpClient, LlmLayer};
/// use throughline_tracing_layer::ClientLayer;
///
/// fn observed(http: SharedHttpClient) -> AwsHttpClient<(LlmLayer, ClientLayer)> {
///     // The outer layer comes first.
///     AwsHttpClient::new((LlmLayer::new(), ClientLayer::new()), http)
/// }
/// ```
///
/// Pass the result to `http_client` of the configuration:
///
/// ```text
/// let http = aws_smithy_http_client::Builder::new()
///     .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
///     .build_https();
/// let config = aws_config::from_env().http_client(observed(http)).load().await;
/// let client = aws_sdk_bedrockruntime::Client::new(&config);
/// ```
///
/// The HTTP client stays in use: connections, time limits, TLS and the kinds of errors, by which the SDK
/// decides about retries, do not change. The layers are below the SDK's retries and its signature. Each
/// attempt is therefore a call with its own span, and headers that a layer adds, such as `traceparent`, are
/// not signed.
#[derive(Debug, Clone)]
pub struct AwsHttpClient<L> {
    layers: Arc<L>,
    http: SharedHttpClient,
}

impl<L> AwsHttpClient<L> {
    /// Creates an HTTP client that sends requests through `layers`, then through `http`.
    ///
    /// `layers` is a [`LlmLayer`](crate::LlmLayer), or several layers as a tuple or a `ServiceBuilder`.
    pub fn new(layers: L, http: SharedHttpClient) -> Self {
        Self {
            layers: Arc::new(layers),
            http,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<L, R> HttpClient for AwsHttpClient<L>
where
    L: Layer<AwsTransport> + fmt::Debug + Send + Sync + 'static,
    L::Service: Service<Request<SdkBody>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Send
        + 'static,
    R: Body<Data = Bytes, Error: Into<BoxError> + 'static> + Send + Sync + 'static,
{
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            layers: Arc::clone(&self.layers),
            inner: self.http.http_connector(settings, components),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.http, components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.http, components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.http.connector_metadata()
    }
}

/// A connector of the SDK with the layers.
#[derive(Debug)]
struct Connector<L> {
    layers: Arc<L>,
    inner: SharedHttpConnector,
}

impl<L, R> HttpConnector for Connector<L>
where
    L: Layer<AwsTransport> + fmt::Debug + Send + Sync + 'static,
    L::Service: Service<Request<SdkBody>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Send
        + 'static,
    R: Body<Data = Bytes, Error: Into<BoxError> + 'static> + Send + Sync + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut stack = self.layers.layer(AwsTransport {
            inner: self.inner.clone(),
        });
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(user_error)?;
            poll_fn(|cx| stack.poll_ready(cx))
                .await
                .map_err(connector_error)?;
            let response = stack.call(request).await.map_err(connector_error)?;
            let response = response.map(SdkBody::from_body_1_x);
            response.try_into().map_err(user_error)
        })
    }
}

/// The SDK's own connector as a service, inside the layers of an [`AwsHttpClient`].
#[derive(Debug, Clone)]
pub struct AwsTransport {
    inner: SharedHttpConnector,
}

impl<B> Service<Request<B>> for AwsTransport
where
    B: Body<Data = Bytes, Error: Into<BoxError> + 'static> + Send + Sync + 'static,
{
    type Response = Response<SdkBody>;
    type Error = ConnectorError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<SdkBody>, ConnectorError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectorError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = self.inner.clone();
        Box::pin(async move {
            let request = request.map(SdkBody::from_body_1_x);
            let request = HttpRequest::try_from(request).map_err(user_error)?;
            let response = inner.call(request).await?;
            response.try_into_http1x().map_err(user_error)
        })
    }
}

/// An error in a message, after which a retry is of no use.
fn user_error(error: impl Into<BoxError>) -> ConnectorError {
    ConnectorError::user(error.into())
}

/// Returns the transport's own error, whose kind decides about retries. An error of a layer has no kind.
fn connector_error(error: impl Into<BoxError>) -> ConnectorError {
    match error.into().downcast() {
        Ok(error) => *error,
        Err(error) => ConnectorError::other(error, None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_smithy_runtime_api::client::http::http_client_fn;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use http_body_util::BodyExt;
    use throughline_test_support::Recorder;
    use throughline_tracing_layer::ClientLayer;

    use super::*;
    use crate::layer::LlmLayer;

    const ASKED: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
    const ANSWER: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn","usage":{"inputTokens":21,"outputTokens":6,"totalTokens":27}}"#;
    const URL: &str = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/claude/converse";

    /// A connector that answers, or fails.
    #[derive(Debug)]
    struct Canned {
        fails: fn() -> Option<ConnectorError>,
        sent: Arc<Mutex<Vec<String>>>,
    }

    impl HttpConnector for Canned {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let fails = (self.fails)();
            let sent = Arc::clone(&self.sent);
            HttpConnectorFuture::new(async move {
                let request = request.try_into_http1x().map_err(user_error)?;
                let traced = request.headers().contains_key("traceparent");
                let body = request
                    .into_body()
                    .collect()
                    .await
                    .map_err(user_error)?
                    .to_bytes();
                sent.lock()
                    .unwrap()
                    .push(format!("{traced} {}", String::from_utf8_lossy(&body)));
                match fails {
                    Some(error) => Err(error),
                    None => Ok(HttpResponse::new(
                        200.try_into().map_err(user_error)?,
                        ANSWER.into(),
                    )),
                }
            })
        }
    }

    async fn send(
        recorder: &Recorder,
        fails: fn() -> Option<ConnectorError>,
    ) -> (Result<HttpResponse, ConnectorError>, Vec<String>) {
        let sent = Arc::default();
        let canned = SharedHttpConnector::new(Canned {
            fails,
            sent: Arc::clone(&sent),
        });
        let provider = recorder.tracer_provider();
        let layers = (
            LlmLayer::new().with_tracer_provider(provider.clone()),
            ClientLayer::new()
                .with_tracer_provider(provider)
                .with_propagator(throughline_propagation::W3cPropagator::new()),
        );
        let http = http_client_fn(move |_, _| canned.clone());
        let client = AwsHttpClient::new(layers, http);
        let components = RuntimeComponentsBuilder::for_tests().build().unwrap();
        let connector = client.http_connector(&HttpConnectorSettings::builder().build(), &components);
        let request = Request::post(URL).body(SdkBody::from(ASKED)).unwrap();
        let result = connector.call(request.try_into().unwrap()).await;
        let sent = std::mem::take(&mut *sent.lock().unwrap());
        (result, sent)
    }

    #[tokio::test]
    async fn a_call_passes_through_the_layers() {
        let recorder = Recorder::new();
        let (result, sent) = send(&recorder, || None).await;
        let body = result.unwrap().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, ANSWER, "the answer");
        assert_eq!(
            sent,
            [format!("true {ASKED}")],
            "what is sent, with a traceparent"
        );
        let tree = recorder.tree(&[]);
        for text in [
            "Client chat claude\n",
            "  Client POST\n",
            "gen_ai.usage.input_tokens=21",
            "aws.bedrock",
        ] {
            assert!(tree.contains(text), "{text} in {tree}");
        }
    }

    /// If all errors had one kind, the SDK would retry all of them, or none.
    #[tokio::test]
    async fn errors_keep_their_kind() {
        type Make = fn() -> Option<ConnectorError>;
        type Is = fn(&ConnectorError) -> bool;
        let cases: [(&str, Make, Is); 4] = [
            (
                "io",
                || Some(ConnectorError::io("io".into())),
                ConnectorError::is_io,
            ),
            (
                "timeout",
                || Some(ConnectorError::timeout("late".into())),
                ConnectorError::is_timeout,
            ),
            (
                "user",
                || Some(ConnectorError::user("user".into())),
                ConnectorError::is_user,
            ),
            (
                "other",
                || Some(ConnectorError::other("other".into(), None)),
                ConnectorError::is_other,
            ),
        ];
        for (kind, make, is) in cases {
            let recorder = Recorder::new();
            let (result, _) = send(&recorder, make).await;
            let error = result.unwrap_err();
            assert!(is(&error), "{kind}: {error:?}");
            let tree = recorder.tree(&[]);
            assert!(tree.contains("Client chat claude [error"), "{kind}: {tree}");
        }
    }
}
