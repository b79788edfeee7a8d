//! The gateway: from a request of a client to the answer of a provider.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, VIA,
};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, Limited};
use throughline_forward::{forward_request, forward_response};

use crate::access_log::{AccessLog, Exchange};
use crate::api::error_format;
use crate::body::Body;
use crate::budget::{Budgets, Reserved, Usage};
use crate::callers::{CallerName, Callers};
use crate::config::{Config, ConfigError, Environment, Listener};
use crate::exchange_body::{ExchangeBody, Held};
use crate::layers;
use crate::model_field::ModelField;
use crate::refusal::{Refusal, RefusalKind};
use crate::routing::{RequestedModel, Route, RouteError, Routes, credential_of_caller};
use crate::trace_id;
use crate::upstream::{ForwardedBody, Plan, Stack, TooLarge, UpstreamError, connectors};
use crate::{Api, target_path};

/// A gateway in front of model providers. Clones share everything.
///
/// [`Gateway::reload`] replaces its configuration while requests are in progress. They end by the configuration with which
/// they began.
#[derive(Debug, Clone)]
pub struct Gateway {
    state: Arc<ArcSwap<State>>,
    log: AccessLog,
}

/// What follows from one configuration.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    callers: Callers,
    budgets: Budgets,
    stack: Stack,
    drain: Option<throughline::DrainLayer>,
}

/// A request of a client, with what the listener knows of it.
pub(crate) struct Incoming {
    pub(crate) request: Request<Body>,
    pub(crate) request_id: Arc<str>,
    /// What is kept until the answer has ended, such as a permit.
    pub(crate) held: Held,
}

impl Gateway {
    /// Creates a gateway. Keys are read from the environment and from files now.
    ///
    /// Call it in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// If a key, a file of prices, a certificate or an expression cannot be read.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        Self::with_environment(config, &Environment::process())
    }

    fn with_environment(config: &Config, environment: &Environment) -> Result<Self, ConfigError> {
        let state = State::new(config, environment, None)?;
        Ok(Self {
            state: Arc::new(ArcSwap::from_pointee(state)),
            log: AccessLog::new(config.access_log),
        })
    }

    /// Replaces the configuration. Requests in progress end by the previous one.
    ///
    /// Listeners and the access log stay as they were; what budgets have counted is kept for budgets of the same name.
    ///
    /// # Errors
    ///
    /// Those of [`Gateway::new`]. The previous configuration then stays in force.
    pub fn reload(&self, config: &Config) -> Result<(), ConfigError> {
        let previous = self.state.load_full();
        let state = State::new(config, &Environment::process(), Some(&previous))?;
        self.state.store(Arc::new(state));
        Ok(())
    }

    /// Waits for the answers that are drained after their clients left, up to `within`. Call it at shutdown.
    pub async fn settle(&self, within: Duration) {
        let state = self.state.load_full();
        if let Some(drain) = &state.drain {
            drain.settle(within).await;
        }
        state.budgets.settle(within).await;
        self.log.flush();
    }

    /// Answers a request.
    pub(crate) async fn handle(&self, incoming: Incoming, listener: &Listener) -> Response<Body> {
        let Incoming {
            request,
            request_id,
            held,
        } = incoming;
        let state = self.state.load_full();
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let api = Api::of(&parts.method, parts.uri.path(), &parts.headers);
        let format = error_format(api, parts.uri.path());
        let mut exchange = self
            .log
            .is_on()
            .then(|| Exchange::new(&parts, api, &request_id, started));
        let call = Call {
            state: &state,
            listener,
            api,
            request_id: &request_id,
        };
        let answer = call.forward(parts, body, &mut exchange).await;
        let (response, reserved) = match answer {
            Ok(answer) => answer,
            Err(refusal) => {
                if let Some(exchange) = &mut exchange {
                    exchange.refused(&refusal);
                }
                let response = refusal.response(format, &request_id);
                (response.map(Body::full), None)
            }
        };
        if let Some(exchange) = &mut exchange {
            exchange.answered(response.status());
        }
        let log = exchange.map(|exchange| (self.log.clone(), exchange));
        response.map(|body| Body::new(ExchangeBody::new(body, log, reserved, held)))
    }
}

impl State {
    fn new(config: &Config, environment: &Environment, previous: Option<&Self>) -> Result<Self, ConfigError> {
        let routes = Routes::new(config, environment)?;
        let layers = layers::build(config, environment)?;
        let drain = layers.settings.drain.clone();
        Ok(Self {
            callers: Callers::new(config, environment)?,
            budgets: Budgets::new(
                config,
                layers.prices,
                environment,
                previous.map(|previous| &previous.budgets),
            )?,
            stack: Stack::new(&connectors(config)?, layers.settings),
            drain,
            routes,
            config: config.clone(),
        })
    }
}

/// A request that is being forwarded.
struct Call<'a> {
    state: &'a State,
    listener: &'a Listener,
    api: Api,
    request_id: &'a str,
}

/// A body that was read, or is passed on as it arrives.
enum RequestBody {
    Held { bytes: Bytes, field: Option<ModelField> },
    Streamed(Body),
}

impl RequestBody {
    /// Returns the length of the body, and the most output tokens that it asks for.
    fn expected(&self) -> (u64, Option<u64>) {
        match self {
            Self::Held { bytes, field } => (
                bytes.len() as u64,
                field.as_ref().and_then(|field| field.max_output),
            ),
            Self::Streamed(body) => (body.size_hint().lower(), None),
        }
    }
}

type Answer = (Response<Body>, Option<Reserved>);

impl Call<'_> {
    async fn forward(
        &self,
        parts: Parts,
        body: Body,
        exchange: &mut Option<Exchange>,
    ) -> Result<Answer, Refusal> {
        if parts.method == Method::CONNECT || parts.method == Method::TRACE {
            return Err(Refusal::new(
                RefusalKind::Method,
                format!("the gateway does not forward {}", parts.method),
            ));
        }
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        let caller = self.state.callers.find(&parts.headers, parts.uri.query())?;
        if let (Some(exchange), Some(caller)) = (exchange.as_mut(), &caller) {
            exchange.caller(caller);
        }
        let body = self.read_body(&parts, body).await?;
        let model_in_path = target_path::model(&path).is_some();
        let model = target_path::model(&path)
            .map(str::to_owned)
            .or_else(|| match &body {
                RequestBody::Held {
                    field: Some(field), ..
                } => field.name.clone(),
                _ => None,
            });
        let route = self.route(model.as_deref())?;
        if let Some(exchange) = exchange {
            exchange.routed(model.as_deref(), &route.first.provider.name);
        }
        let reserved = match self.state.budgets.is_empty() || parts.method != Method::POST || is_free(&path) {
            true => None,
            false => {
                let (request_bytes, max_output) = body.expected();
                let usage = Usage {
                    caller: caller.as_ref().map(CallerName::as_str),
                    credential: credential_of_caller(&parts.headers, parts.uri.query()),
                    model: model.as_deref(),
                    headers: &parts.headers,
                    provider: self.api,
                    request_bytes,
                    max_output,
                };
                self.state.budgets.reserve(&usage).await?
            }
        };
        let request = self.request(parts, path, body, route, model_in_path, reserved.as_ref())?;
        let idle = self.listener.timeouts.idle.duration();
        let sent = self.state.stack.send(request, idle).await;
        let response = sent.map_err(|error| refusal(&error))?;
        if let Some(reserved) = &reserved {
            reserved.answered(response.status());
        }
        Ok((forward_response(response), reserved))
    }

    /// Reads the body if the model, a retry or a budget needs it.
    async fn read_body(&self, parts: &Parts, body: Body) -> Result<RequestBody, Refusal> {
        let max = self.listener.max_body_bytes;
        let length = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(too_large(max));
        }
        if body.is_end_stream() {
            return Ok(RequestBody::Held {
                bytes: Bytes::new(),
                field: None,
            });
        }
        let is_read = self.state.routes.need_model()
            || self.state.config.retries.attempts > 1
            || !self.state.budgets.is_empty();
        if !is_read || parts.method != Method::POST || !is_json(parts) {
            return Ok(RequestBody::Streamed(body));
        }
        let timeout = self.listener.timeouts.body.duration();
        let limit = usize::try_from(max).unwrap_or(usize::MAX);
        let timed = ForwardedBody::streamed(Limited::new(body, limit), u64::MAX, timeout);
        let bytes = match timed.collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) => return Err(body_refusal(&error, max)),
        };
        let is_encoded = parts
            .headers
            .get(CONTENT_ENCODING)
            .is_some_and(|value| value != "identity");
        let is_needed = self.state.routes.need_model() || !self.state.budgets.is_empty();
        let field = match is_encoded {
            true if is_needed => Err(
                "the body is encoded; the gateway reads the model from bodies without content-encoding"
                    .to_owned(),
            ),
            true => Ok(None),
            false => ModelField::read(&bytes).map(Some),
        };
        match field {
            Ok(field) => Ok(RequestBody::Held { bytes, field }),
            Err(message) if is_needed => Err(Refusal::new(RefusalKind::Invalid, message)),
            // The provider says what is wrong.
            Err(_) => Ok(RequestBody::Held { bytes, field: None }),
        }
    }

    fn route(&self, model: Option<&str>) -> Result<Route, Refusal> {
        let requested = model.map_or(RequestedModel::None, RequestedModel::Named);
        self.state.routes.find(self.api, requested).map_err(|error| {
            let name = model.unwrap_or_default();
            match error {
                RouteError::UnknownModel => {
                    Refusal::new(RefusalKind::UnknownModel, format!("the model {name:?} does not exist in this gateway"))
                }
                RouteError::OtherApi(other) => Refusal::new(
                    RefusalKind::Invalid,
                    format!(
                        "the model {name:?} is served by the API of {other}, and the request is one of {}; the gateway does \
                         not translate between them",
                        self.api
                    ),
                ),
                RouteError::NoProvider => {
                    Refusal::new(RefusalKind::NotFound, format!("this gateway has no provider for the API of {}", self.api))
                }
            }
        })
    }

    /// Returns the request to the first provider of the route.
    fn request(
        &self,
        parts: Parts,
        mut path: String,
        body: RequestBody,
        route: Route,
        model_in_path: bool,
        reserved: Option<&Reserved>,
    ) -> Result<Request<ForwardedBody<Body>>, Refusal> {
        let sent_path = path.clone();
        let first = &route.first;
        if let Some(model) = first.model.as_deref().filter(|_| model_in_path) {
            path = target_path::with_model(&path, model);
        }
        let uri = first
            .provider
            .uri(&path)
            .map_err(|error| Refusal::new(RefusalKind::Invalid, error.to_string()))?;
        let mut request = forward_request(Request::from_parts(parts, ()), uri);
        first.provider.set_headers(request.headers_mut());
        let is_held = matches!(body, RequestBody::Held { .. });
        let body = match body {
            RequestBody::Held { bytes, field } => {
                let replaced = first.model.as_deref().filter(|_| !model_in_path);
                let bytes = match (replaced, field) {
                    (Some(model), Some(field)) => field.replace(&bytes, model),
                    _ => bytes,
                };
                if request.headers().contains_key(CONTENT_LENGTH) {
                    request.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
                }
                ForwardedBody::held(bytes)
            }
            RequestBody::Streamed(body) => ForwardedBody::streamed(
                body,
                self.listener.max_body_bytes,
                self.listener.timeouts.body.duration(),
            ),
        };
        self.add_headers(request.headers_mut());
        let first_byte = self.listener.timeouts.first_byte.duration();
        let retries = &self.state.config.retries;
        let plan = Plan::new(route, sent_path, model_in_path, retries, is_held, first_byte);
        request.extensions_mut().insert(plan);
        if let Some(reserved) = reserved {
            request.extensions_mut().insert(reserved.usage_hook());
        }
        Ok(request.map(|()| body))
    }

    fn add_headers(&self, headers: &mut http::HeaderMap) {
        headers.append(VIA, HeaderValue::from_static("1.1 throughline"));
        let id = HeaderValue::from_str(self.request_id);
        if let (Ok(id), http::header::Entry::Vacant(entry)) = (id, headers.entry(X_REQUEST_ID)) {
            entry.insert(id);
        }
        trace_id::mint_if_untraced(headers);
        if self.state.stack.edits_streams() {
            headers.remove(ACCEPT_ENCODING);
        }
    }
}

/// Whether a request may be JSON. Some clients set no content type.
fn is_json(parts: &Parts) -> bool {
    parts.headers.get(CONTENT_TYPE).is_none_or(|kind| {
        let kind = kind.as_bytes();
        let kind = kind
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        kind.eq_ignore_ascii_case(b"application/json")
            || kind.ends_with(b"+json")
            || kind.eq_ignore_ascii_case(b"text/plain")
    })
}

/// Whether a path uses no tokens.
fn is_free(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    [
        "/count_tokens",
        ":countTokens",
        "/input_tokens",
        "/cancel",
        "/files",
        "/batches",
    ]
    .iter()
    .any(|end| path.ends_with(end))
}

fn too_large(max: u64) -> Refusal {
    Refusal::new(
        RefusalKind::TooLarge,
        format!("the body is longer than {max} bytes, which this gateway allows"),
    )
}

/// Returns the refusal of a body that could not be read.
fn body_refusal(error: &(dyn std::error::Error + 'static), max: u64) -> Refusal {
    let mut chain = chain(error);
    let is = |error: &(dyn std::error::Error + 'static)| {
        error.is::<TooLarge>() || error.is::<http_body_util::LengthLimitError>()
    };
    if chain.clone().any(is) {
        return too_large(max);
    }
    let is_late = chain.any(|error| {
        error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
    });
    match is_late {
        true => Refusal::new(
            RefusalKind::Slow,
            "the body of the request did not arrive in time",
        ),
        false => Refusal::new(RefusalKind::Invalid, "the body of the request could not be read"),
    }
}

/// Iterates over an error and what it wraps. An [`std::io::Error`] hides the error that it wraps from `source`.
fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> + Clone {
    std::iter::successors(Some(error), |error| {
        match error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped as _),
            None => error.source(),
        }
    })
}

/// Returns the refusal for a provider that gave no answer.
fn refusal(error: &UpstreamError) -> Refusal {
    let message = error.to_string();
    let source = std::error::Error::source(error);
    match error {
        UpstreamError::Connect(_) | UpstreamError::Transport(_) => {
            // The last source has the system's reason and no address.
            let last = std::iter::successors(source, |error| error.source()).last();
            let reason = last.map(|last| format!(": {last}")).unwrap_or_default();
            Refusal::new(RefusalKind::Unreachable, format!("{message}{reason}"))
        }
        UpstreamError::Timeout(_) => Refusal::new(RefusalKind::Timeout, message),
        UpstreamError::RequestBody(error) => body_refusal(error, u64::MAX),
        UpstreamError::CircuitOpen(wait) => {
            Refusal::new(RefusalKind::CircuitOpen, message).with_retry_after(*wait)
        }
        UpstreamError::Target => Refusal::new(RefusalKind::Invalid, message),
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
