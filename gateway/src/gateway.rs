//! The gateway: from a request of a client to the answer of a provider.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, SEC_WEBSOCKET_KEY, UPGRADE, VIA,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode};
use throughline_forward::{forward_request, forward_response};
use tokio::sync::OwnedSemaphorePermit;

use crate::access_log::{AccessLog, LoggedExchange};
use crate::api::{Api, error_format};
use crate::body::Body;
use crate::budget::{Budgets, Reserved, Usage};
use crate::callers::{CallerName, Callers};
use crate::config::{Config, ConfigError, Environment, Listener};
use crate::exchange_body::ExchangeBody;
use crate::received_body::{Needs, ReceivedBody};
use crate::refusal::{Refusal, RefusalKind};
use crate::routing::{RequestedModel, Route, RouteError, Routes, credential_of_caller};
use crate::upstream::{AnsweredBy, ForwardedBody, Plan, Stack, endpoints};
use crate::{layers, target_path, trace_id};

/// A gateway in front of model providers. Clones share everything.
///
/// [`Gateway::reload`] replaces its configuration while requests are in progress. They end by the
/// configuration with which they began.
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
    pub(crate) request_id: HeaderValue,
    /// What is kept until the answer has ended: the permit of the listener. `None`: it has too many requests
    /// in progress.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
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
        let state = State::new(config, environment, None).map_err(|error| config.locate(error))?;
        Ok(Self {
            state: Arc::new(ArcSwap::from_pointee(state)),
            log: AccessLog::new(config.access_log),
        })
    }

    /// Replaces the configuration. Requests in progress end by the previous one.
    ///
    /// The sections `listeners`, `access_log`, `shutdown_timeout` and `telemetry` stay as they were; see
    /// [`Config::restart_warnings`]. What budgets have counted is kept for budgets of the same name.
    ///
    /// # Errors
    ///
    /// Those of [`Gateway::new`]. The previous configuration then stays in force.
    pub fn reload(&self, config: &Config) -> Result<(), ConfigError> {
        let previous = self.state.load_full();
        let state = State::new(config, &Environment::process(), Some(&previous))
            .map_err(|error| config.locate(error))?;
        self.state.store(Arc::new(state));
        Ok(())
    }

    /// Waits for the answers that are drained after their clients left, up to `within`. Call it at shutdown.
    pub async fn wait_idle(&self, within: Duration) {
        let state = self.state.load_full();
        if let Some(drain) = &state.drain {
            drain.wait_idle(within).await;
        }
        state.budgets.wait_idle(within).await;
        self.log.flush();
    }

    /// The settings of the first listener of the configuration.
    pub(crate) fn first_listener(&self) -> Arc<Listener> {
        let state = self.state.load();
        Arc::new(state.config.listeners.first().cloned().unwrap_or_default())
    }

    /// Answers a request.
    pub(crate) async fn handle(&self, incoming: Incoming, listener: &Listener) -> Response<ExchangeBody> {
        let Incoming {
            request,
            request_id,
            permit,
        } = incoming;
        let request_id = request_id.to_str().unwrap_or_default();
        let state = self.state.load_full();
        let (parts, body) = request.into_parts();
        let api = Api::from_request(&parts.method, parts.uri.path(), &parts.headers);
        let format = error_format(api, parts.uri.path());
        let mut exchange = self.log.begin(&parts, api, request_id);
        let call = Call {
            state: &state,
            listener,
            api,
        };
        let answer = match &permit {
            Some(_) => call.forward(parts, body, &mut exchange).await,
            None => Err(Refusal::new(
                RefusalKind::Overloaded,
                "the gateway has too many requests in progress",
            )
            .with_retry_after(OVERLOAD_RETRY)),
        };
        let (response, reserved) = match answer {
            Ok(answer) => answer,
            Err(refusal) => {
                if let Some(exchange) = &mut exchange {
                    exchange.refused(&refusal);
                }
                let response = refusal.response(format, request_id);
                (response.map(Body::full), None)
            }
        };
        if let Some(exchange) = &mut exchange {
            exchange.answered(response.status());
        }
        response.map(|body| ExchangeBody::new(body, exchange, reserved, permit))
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
            stack: Stack::new(&endpoints(config, environment)?, layers.settings),
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
}

type Answer = (Response<Body>, Option<Reserved>);

impl Call<'_> {
    async fn forward(
        &self,
        parts: Parts,
        body: Body,
        exchange: &mut Option<LoggedExchange>,
    ) -> Result<Answer, Refusal> {
        if parts.method == Method::CONNECT || parts.method == Method::TRACE {
            return Err(Refusal::new(
                RefusalKind::Method,
                format!("the gateway does not forward {}", parts.method),
            ));
        }
        if is_websocket(&parts.headers) {
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "the gateway forwards no WebSocket connections; use the HTTP API, or connect to the provider itself",
            ));
        }
        let root = || PathAndQuery::from_static("/");
        let path = parts.uri.path_and_query().cloned().unwrap_or_else(root);
        let caller = self.state.callers.find(&parts.headers, parts.uri.query())?;
        if let (Some(exchange), Some(caller)) = (exchange.as_mut(), &caller) {
            exchange.caller(caller);
        }
        let needs = Needs {
            model: self.state.routes.need_model() || !self.state.budgets.is_empty(),
            retry: self.state.config.retries.attempts > 1,
        };
        let body = ReceivedBody::read(&parts, body, needs, self.listener).await?;
        let model_in_path = target_path::model(path.as_str());
        let model = model_in_path.or_else(|| body.model()).map(str::to_owned);
        let model_in_path = model_in_path.is_some();
        let route = self.route(model.as_deref())?;
        if let Some(exchange) = exchange.as_mut() {
            exchange.routed(model.as_deref(), &route.first.provider.name);
        }
        let reserved =
            match self.state.budgets.is_empty() || parts.method != Method::POST || is_free(path.as_str()) {
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
        let response = sent.map_err(|error| Refusal::from(&error))?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let message = "the provider switched to another protocol, which it was not asked for";
            return Err(Refusal::new(RefusalKind::Unreachable, message));
        }
        if let (Some(exchange), Some(AnsweredBy(provider))) = (exchange.as_mut(), response.extensions().get())
        {
            exchange.answered_by(&provider.name);
        }
        if let Some(reserved) = &reserved {
            reserved.answered(response.status());
        }
        Ok((forward_response(response), reserved))
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
        path: PathAndQuery,
        body: ReceivedBody,
        route: Route,
        model_in_path: bool,
        reserved: Option<&Reserved>,
    ) -> Result<Request<ForwardedBody<Body>>, Refusal> {
        let first = &route.first;
        let invalid = |message: String| Refusal::new(RefusalKind::Invalid, message);
        let target = match first.model.as_deref().filter(|_| model_in_path) {
            Some(model) => target_path::with_model(&path, model)
                .ok_or_else(|| invalid(format!("the model {model:?} cannot be a part of a path")))?,
            None => path.clone(),
        };
        let uri = first.provider.uri(&target);
        let uri = uri.map_err(|error| invalid(error.to_string()))?;
        let mut request = forward_request(Request::from_parts(parts, ()), uri);
        let is_held = matches!(body, ReceivedBody::Held { .. });
        let model = body.model().map(str::to_owned);
        let body = match body {
            ReceivedBody::Held { bytes, field } => {
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
            ReceivedBody::Streamed(body) => ForwardedBody::streamed(
                body,
                self.listener.max_body_bytes,
                self.listener.timeouts.body.duration(),
            ),
        };
        self.add_headers(request.headers_mut());
        let first_byte = self.listener.timeouts.first_byte.duration();
        let retries = &self.state.config.retries;
        let plan = Plan::new(route, path, model, model_in_path, retries, is_held, first_byte);
        request.extensions_mut().insert(plan);
        if let Some(reserved) = reserved {
            request.extensions_mut().insert(reserved.usage_hook());
        }
        Ok(request.map(|()| body))
    }

    fn add_headers(&self, headers: &mut HeaderMap) {
        headers.append(VIA, HeaderValue::from_static("1.1 throughline"));
        trace_id::mint_if_untraced(headers);
        if self.state.stack.edits_streams() {
            headers.remove(ACCEPT_ENCODING);
        }
    }
}

/// Returns whether a request opens a WebSocket. Forwarded without the upgrade, it would be a plain request, which the
/// client did not send.
fn is_websocket(headers: &HeaderMap) -> bool {
    headers.contains_key(SEC_WEBSOCKET_KEY) && headers.contains_key(UPGRADE)
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

const OVERLOAD_RETRY: Duration = Duration::from_secs(1);
