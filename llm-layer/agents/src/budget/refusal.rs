//! A refusal, and the response that says so.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Extensions, Response, StatusCode};
use opentelemetry::{Context, otel_warn};
use serde_json::json;

use crate::model_call::{is_refusable, refuse};
use crate::scope::{ExhaustedBudget, ScopeHandle};

/// A call that is not sent, since the budget of a scope is exhausted.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) budget: ExhaustedBudget,
    /// What else the response has, such as the URL of its request.
    pub(super) extensions: Extensions,
}

impl Refusal {
    /// Returns the refusal of the model call that a context belongs to, if it is one and the budget of a
    /// scope above it is exhausted. The observer of the call learns of it, whether or not the response is
    /// read.
    pub(super) fn for_call(cx: &Context) -> Option<ExhaustedBudget> {
        let budget = ScopeHandle::in_context(cx)
            .filter(|_| is_refusable(cx))?
            .exhausted()?;
        refuse(cx, &budget);
        Some(budget)
    }

    pub(super) fn response(self) -> Response<Bytes> {
        let error = json!({
            "message": self.budget.to_string(),
            "type": "insufficient_quota",
            "param": null,
            "code": TOKEN_BUDGET_EXCEEDED,
        });
        let text = Bytes::from(json!({"type": "error", "error": error}).to_string());
        let length = text.len();
        let mut response = Response::new(text);
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
