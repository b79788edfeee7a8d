//! Sends a request to a provider, again if that failed, and then to the next provider.
//!
//! A request is sent again only before the first byte of an answer has been passed on, and only if its body
//! is in memory. For each try, a span is created below the span of the model call.
//!
//! A provider may close a connection that was idle just when a request is sent on it. Such a request is sent again at once,
//! also if no retries are configured: a short body is read into memory if the connection has been idle for a while.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full};
use throughline::ClientLayer;
use tower::{Layer, Service};

use super::backoff::{backoff, is_failure, is_final, is_retryable, retry_after};
use super::client::Client;
use super::connector::Endpoint;
use super::error::UpstreamError;
use super::plan::{Plan, PlanParts};
use crate::body::BodyError;
use crate::model_field::ModelField;
use crate::routing::{Provider, Target};
use crate::target_path::with_model;

/// The body of a try: as it arrives, or held to be sent again.
type AttemptBody<B> = Either<B, Full<Bytes>>;
/// The HTTP client of one try, with its span.
type Http<B> = throughline::client::Client<Client<AttemptBody<B>>>;
/// The clients of the providers, in the order of the configuration, and what each wraps.
type Clients<B> = Arc<[(Http<B>, Client<AttemptBody<B>>)]>;
type HttpResponse<B> = <Http<B> as Service<Request<AttemptBody<B>>>>::Response;

/// Sends requests that have a [`Plan`] in their extensions.
pub(crate) struct Attempts<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + 'static,
{
    clients: Clients<B>,
}

impl<B> Clone for Attempts<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + 'static,
{
    fn clone(&self) -> Self {
        Self {
            clients: self.clients.clone(),
        }
    }
}

impl<B> Attempts<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + 'static,
{
    pub(super) fn new(endpoints: &[Endpoint], layer: &ClientLayer) -> Self {
        let clients = endpoints.iter().cloned().map(Client::new);
        Self {
            clients: clients
                .map(|client| (layer.layer(client.clone()), client))
                .collect(),
        }
    }
}

impl<B> Service<Request<B>> for Attempts<B>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + Unpin + 'static,
{
    type Response = HttpResponse<B>;
    // Layers look into an `io::Error` for the error that it wraps, and name it on spans.
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse<B>, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        // The clients are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let clients = self.clients.clone();
        match request.extensions().get::<Plan>().cloned() {
            Some(Plan(plan)) if plan.resends() || is_risky(&clients, &request, &plan) => {
                Box::pin(async move { send_again(clients, request, plan).await.map_err(io::Error::other) })
            }
            Some(Plan(plan)) => {
                Box::pin(async move { send_once(clients, request, plan).await.map_err(io::Error::other) })
            }
            // The gateway gives every request a plan.
            None => Box::pin(std::future::ready(Err(io::Error::other(UpstreamError::Target)))),
        }
    }
}

/// Whether a request would be lost if the provider is closing its connection, and can be held instead.
fn is_risky<B>(clients: &Clients<B>, request: &Request<B>, plan: &PlanParts) -> bool
where
    B: Body<Data = Bytes, Error = BodyError> + Send + 'static,
{
    let client = clients.get(plan.route.first.provider.index);
    let length = request.body().size_hint().exact();
    client.is_some_and(|(_, client)| client.is_stale())
        && length.is_some_and(|length| length <= MAX_STALE_BODY_BYTES)
}

/// Sends a request to its provider.
async fn send_once<B>(
    clients: Clients<B>,
    request: Request<B>,
    plan: Arc<PlanParts>,
) -> Result<HttpResponse<B>, UpstreamError>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + Unpin + 'static,
{
    let circuit = &plan.route.first.provider.circuit;
    circuit
        .admit(Instant::now())
        .map_err(UpstreamError::CircuitOpen)?;
    let sent = send(&clients, &plan.route.first, request.map(Either::Left)).await;
    record(&sent, &plan.route.first);
    sent
}

/// Sends a request to its providers until one answers.
async fn send_again<B>(
    clients: Clients<B>,
    request: Request<B>,
    plan: Arc<PlanParts>,
) -> Result<HttpResponse<B>, UpstreamError>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + Unpin + 'static,
{
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
    let body = body.map_err(|error| UpstreamError::RequestBody(error.into()))?;
    let mut last = None;
    for (index, target) in plan.targets().enumerate() {
        let (target_head, target_body) = match index {
            0 => (head.clone(), body.clone()),
            _ => redirected(&head, &body, &plan, target)?,
        };
        let mut tries = 0;
        loop {
            if let Err(wait) = target.provider.circuit.admit(Instant::now()) {
                last.get_or_insert(Err(UpstreamError::CircuitOpen(wait)));
                break;
            }
            tries += 1;
            let request = || {
                let mut head = target_head.clone();
                // The length is that of the body that is sent, which may name another model.
                if head.headers.contains_key(http::header::CONTENT_LENGTH) {
                    head.headers
                        .insert(http::header::CONTENT_LENGTH, target_body.len().into());
                }
                Request::from_parts(head, Either::Right(Full::new(target_body.clone())))
            };
            let mut sent = send(&clients, target, request()).await;
            if matches!(sent, Err(UpstreamError::Stale(_))) {
                sent = send(&clients, target, request()).await;
            }
            record(&sent, target);
            let named = match &sent {
                Ok(response) if !is_retryable(response.status()) || is_final(response.headers()) => {
                    return answered_by(target, index, sent);
                }
                Ok(response) => retry_after(response.headers(), SystemTime::now()),
                Err(error) if error.is_retryable() => None,
                Err(_) => return sent,
            };
            last = Some(answered_by(target, index, sent));
            let wait = named.unwrap_or_else(|| backoff(plan.backoff, plan.max_backoff, tries));
            if tries >= plan.attempts || wait > plan.max_backoff {
                break;
            }
            tokio::time::sleep(wait).await;
        }
    }
    last.unwrap_or(Err(UpstreamError::Target))
}

/// The provider that answered, in the extensions of a response, if it is not the first of the route.
#[derive(Debug, Clone)]
pub(crate) struct AnsweredBy(pub(crate) Arc<Provider>);

fn answered_by<R>(
    target: &Target,
    index: usize,
    mut sent: Result<Response<R>, UpstreamError>,
) -> Result<Response<R>, UpstreamError> {
    if let (Ok(response), 1..) = (&mut sent, index) {
        response
            .extensions_mut()
            .insert(AnsweredBy(Arc::clone(&target.provider)));
    }
    sent
}

/// Returns the request to another provider: its URI and its name of the model.
fn redirected(
    head: &http::request::Parts,
    body: &Bytes,
    plan: &PlanParts,
    target: &Target,
) -> Result<(http::request::Parts, Bytes), UpstreamError> {
    let mut head = head.clone();
    let mut body = body.clone();
    let mut path = plan.path.clone();
    if plan.model_in_path {
        if let Some(model) = &target.model {
            path = with_model(&path, model).ok_or(UpstreamError::Target)?;
        }
    } else if let Some(model) = target.model.as_ref().or(plan.model.as_ref())
        && let Ok(field) = ModelField::read(&head.headers, &body)
        // The body may have the first provider's name of the model.
        && field.name.as_ref() != Some(model)
    {
        body = field.replace(&body, model);
    }
    head.uri = target.provider.uri(&path).map_err(|_| UpstreamError::Target)?;
    Ok((head, body))
}

async fn send<B>(
    clients: &Clients<B>,
    target: &Target,
    mut request: Request<AttemptBody<B>>,
) -> Result<HttpResponse<B>, UpstreamError>
where
    B: Body<Data = Bytes, Error = BodyError> + Send + Unpin + 'static,
{
    // The routes and the clients are of one configuration, so each provider has its client.
    let (client, _) = clients.get(target.provider.index).ok_or(UpstreamError::Target)?;
    let mut client = client.clone();
    // Set for each try, so that no provider gets the headers of another one.
    target.provider.set_headers(request.headers_mut());
    client.call(request).await.map_err(UpstreamError::from)
}

/// Records the outcome of a try in the circuit of its provider.
fn record<B>(sent: &Result<Response<B>, UpstreamError>, target: &Target) {
    let circuit = &target.provider.circuit;
    match sent {
        Ok(response) if is_failure(response.status()) => circuit.failed(Instant::now()),
        Ok(response) if response.status() == StatusCode::TOO_MANY_REQUESTS => {}
        Ok(_) => circuit.succeeded(),
        // That the provider closed an idle connection is no failure.
        Err(UpstreamError::Stale(_)) => {}
        Err(error) if error.is_retryable() => circuit.failed(Instant::now()),
        Err(_) => {}
    }
}

/// The longest body that is read into memory only because a connection has been idle.
const MAX_STALE_BODY_BYTES: u64 = 1024 * 1024;
