//! What the attempts at one request need to know. It is a value of the request's extensions.

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;

use crate::config;
use crate::routing::{Route, Target};

/// The providers of a request, and the rules for its attempts.
#[derive(Debug, Clone)]
pub(crate) struct Plan(pub(crate) Arc<PlanParts>);

#[derive(Debug)]
pub(crate) struct PlanParts {
    pub(crate) route: Route,
    /// Path and query as the client sent them.
    pub(crate) path: PathAndQuery,
    /// The model that the client named in the body.
    pub(crate) model: Option<String>,
    /// Whether the model is in the path, as in Gemini's API.
    pub(crate) model_in_path: bool,
    /// How often the request may be sent to each provider.
    pub(crate) attempts: u32,
    pub(crate) backoff: Duration,
    pub(crate) max_backoff: Duration,
    /// For the head of each answer.
    pub(crate) first_byte: Duration,
}

impl Plan {
    pub(crate) fn new(
        route: Route,
        path: PathAndQuery,
        model: Option<String>,
        model_in_path: bool,
        retries: &config::Retries,
        can_resend: bool,
        first_byte: Duration,
    ) -> Self {
        let mut route = route;
        if !can_resend {
            route.fallbacks.clear();
        }
        Self(Arc::new(PlanParts {
            route,
            path,
            model,
            model_in_path,
            attempts: if can_resend { retries.attempts } else { 1 },
            backoff: retries.backoff.duration(),
            max_backoff: retries.max_backoff.duration(),
            first_byte,
        }))
    }
}

impl PlanParts {
    /// Whether the request may be sent more than once.
    pub(crate) fn resends(&self) -> bool {
        self.attempts > 1 || !self.route.fallbacks.is_empty()
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        std::iter::once(&self.route.first).chain(&self.route.fallbacks)
    }
}
