//! A refusal, and the response that says so.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Extensions, Response, StatusCode};
use opentelemetry::{Context, otel_warn};
#[cfg(feature = "reqwest")]
use reqwest::ResponseBuilderExt;
use serde_json::json;

use super::BudgetBody;
use crate::call::{is_model_call, refuse};
use crate::scope::Scoped;

/// A scope has spent its budget.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Refusal {
    /// The scope, as `agent "Planner"`.
    pub(crate) scope: String,
    pub(crate) limit: u64,
    pub(crate) spent: u64,
    /// What the response has besides, such as the URL of its request.
    pub(crate) extensions: Extensions,
}

impl Refusal {
    /// The refusal of the model call that a context is of, if it is one and some scope above it has nothing left. The
    /// call's observer is told, whether or not anybody waits for the response.
    pub(super) fn of_call(cx: &Context) -> Option<Self> {
        let refusal = cx.get::<Scoped>().filter(|_| is_model_call(cx))?.exhausted()?;
        refuse(cx, &refusal);
        Some(refusal)
    }

    fn response<B>(self, body: impl FnOnce(Bytes) -> B) -> Response<B> {
        let error = json!({
            "message": self.to_string(),
            "type": "insufficient_quota",
            "param": null,
            "code": CODE,
        });
        let text = Bytes::from(json!({"type": "error", "error": error}).to_string());
        let length = text.len();
        let mut response = Response::new(body(text));
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
        let extensions = response.extensions_mut();
        extensions.extend(self.extensions.clone());
        extensions.insert(self);
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scope, limit, spent, ..
        } = self;
        write!(
            f,
            "{scope} has spent {spent} of its {limit} tokens; this call was not sent"
        )
    }
}

/// Tells, once, that calls are sent although a budget is spent: no layer refuses them.
pub(crate) fn was_not_kept() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::Relaxed) {
        otel_warn!(
            name: "throughline.budget_not_kept",
            message = "A model call was sent although a scope above it has spent its token budget. A TokenBudgetLayer \
                       beneath the LlmLayer refuses such calls: LlmLayer, TokenBudgetLayer, ClientLayer, client."
        );
    }
}

/// What went wrong, for `error.type` and for programs.
pub(crate) const CODE: &str = "token_budget_exceeded";

/// A response that a [`TokenBudget`](super::TokenBudget) can put a refusal in the place of: `http::Response`, and
/// `reqwest::Response` with the feature `reqwest`. It cannot be implemented outside this crate.
pub trait Refusable: sealed::Answer {}

pub(super) mod sealed {
    #[expect(unnameable_types, reason = "it seals Refusable")]
    pub trait Answer {
        /// The response, or a refusal of its kind.
        type Output;

        fn passed(self) -> Self::Output;
        fn refused(refusal: super::Refusal) -> Self::Output;
    }

    #[expect(unnameable_types, reason = "as above")]
    pub trait AnswerTo<Q> {
        /// What a response to this request has that a refusal needs too.
        fn extensions(_: &Q) -> http::Extensions {
            http::Extensions::new()
        }
    }
}

impl<B> Refusable for Response<B> {}

impl<B> sealed::Answer for Response<B> {
    type Output = Response<BudgetBody<B>>;

    fn passed(self) -> Self::Output {
        self.map(BudgetBody::passed)
    }

    fn refused(refusal: Refusal) -> Self::Output {
        refusal.response(BudgetBody::refused)
    }
}

impl<B, Q> sealed::AnswerTo<Q> for Response<B> {}

#[cfg(feature = "reqwest")]
impl Refusable for reqwest::Response {}

#[cfg(feature = "reqwest")]
impl sealed::AnswerTo<reqwest::Request> for reqwest::Response {
    fn extensions(request: &reqwest::Request) -> Extensions {
        let url = Response::builder().url(request.url().clone());
        url.body(())
            .map(|response| response.into_parts().0.extensions)
            .unwrap_or_default()
    }
}

#[cfg(feature = "reqwest")]
impl sealed::Answer for reqwest::Response {
    type Output = Self;

    fn passed(self) -> Self {
        self
    }

    fn refused(refusal: Refusal) -> Self {
        refusal.response(|text| text).into()
    }
}
