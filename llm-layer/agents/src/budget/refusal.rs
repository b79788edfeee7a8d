//! A refusal, and the response that says so.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Extensions, Response, StatusCode};
use opentelemetry::{Context, otel_warn};
#[cfg(feature = "reqwest")]
use reqwest::ResponseBuilderExt;
use serde_json::json;

use super::BudgetBody;
use crate::model_call::{is_model_call, refuse};
use crate::scope::{ExhaustedBudget, ScopeHandle};

/// A call that is not sent, since the budget of a scope is exhausted.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only this crate makes one")]
pub struct Refusal {
    pub(super) budget: ExhaustedBudget,
    /// What else the response has, such as the URL of its request.
    pub(super) extensions: Extensions,
}

impl Refusal {
    /// Returns the refusal of the model call that a context belongs to, if it is one and the budget of a scope above it is
    /// exhausted. The observer of the call learns of it, whether or not the response is read.
    pub(super) fn for_call(cx: &Context) -> Option<ExhaustedBudget> {
        let budget = ScopeHandle::in_context(cx)
            .filter(|_| is_model_call(cx))?
            .exhausted()?;
        refuse(cx, &budget);
        Some(budget)
    }

    fn response<B>(self, body: impl FnOnce(Bytes) -> B) -> Response<B> {
        let error = json!({
            "message": self.budget.to_string(),
            "type": "insufficient_quota",
            "param": null,
            "code": TOKEN_BUDGET_EXCEEDED,
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
        extensions.extend(self.extensions);
        extensions.insert(self.budget);
        response
    }
}

/// Warns, once, that a model call was sent although a budget is exhausted, since no layer refuses it.
pub fn warn_not_enforced() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        otel_warn!(
            name: "throughline.budget_not_enforced",
            message = "A model call was sent although a scope above it has spent its token budget. A TokenBudgetLayer \
                       beneath the LlmLayer refuses such calls: LlmLayer, TokenBudgetLayer, ClientLayer, client."
        );
    }
}

/// The code of a refusal: `error.type` and the `code` of the error.
pub const TOKEN_BUDGET_EXCEEDED: &str = "token_budget_exceeded";

/// A response that a [`TokenBudgetService`](super::TokenBudgetService) can replace by a refusal: `http::Response`, and
/// `reqwest::Response` with the feature `reqwest`. It is sealed.
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
        /// The extensions that a response to this request has and a refusal needs.
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
