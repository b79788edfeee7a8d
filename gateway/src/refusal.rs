//! Responses that the gateway gives in the place of a provider, in the format of the provider's API.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::api::Api;

/// A reason why the gateway answers in the place of a provider.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) kind: RefusalKind,
    /// What happened, for the caller. It has no secrets and no addresses of providers.
    pub(crate) message: String,
    /// The time after which another try can succeed.
    pub(crate) retry_after: Option<Duration>,
}

/// The class of a refusal, which determines its status and its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// The request is invalid.
    Invalid,
    /// The caller has no valid key.
    Unauthenticated,
    /// No such path.
    NotFound,
    /// No such model.
    UnknownModel,
    /// The method is not supported.
    Method,
    /// The body did not come in time.
    Slow,
    /// The body is too large.
    TooLarge,
    /// A rate or a budget of tokens is used up. A later try succeeds.
    RateLimit,
    /// A budget of money is used up. A later try succeeds.
    Quota,
    /// The gateway has too many requests.
    Overloaded,
    /// The provider cannot be reached, or its answer is broken.
    Unreachable,
    /// The provider does not answer in time.
    Timeout,
    /// The provider failed repeatedly and gets no requests for a while.
    CircuitOpen,
}

/// The status and the codes of a refusal in each API.
struct Row {
    status: StatusCode,
    /// `type` and `code` of OpenAI.
    openai: (&'static str, &'static str),
    /// `type` of Anthropic.
    anthropic: &'static str,
    /// `status` of Google.
    gemini: &'static str,
}

const fn row(
    status: StatusCode,
    openai: (&'static str, &'static str),
    anthropic: &'static str,
    gemini: &'static str,
) -> Row {
    Row {
        status,
        openai,
        anthropic,
        gemini,
    }
}

impl RefusalKind {
    fn row(self) -> Row {
        const INVALID: &str = "invalid_request_error";
        match self {
            Self::Invalid => row(
                StatusCode::BAD_REQUEST,
                (INVALID, "invalid_request"),
                INVALID,
                "INVALID_ARGUMENT",
            ),
            Self::Unauthenticated => row(
                StatusCode::UNAUTHORIZED,
                (INVALID, "invalid_api_key"),
                "authentication_error",
                "UNAUTHENTICATED",
            ),
            Self::NotFound => row(
                StatusCode::NOT_FOUND,
                (INVALID, "unknown_url"),
                "not_found_error",
                "NOT_FOUND",
            ),
            Self::UnknownModel => row(
                StatusCode::NOT_FOUND,
                (INVALID, "model_not_found"),
                "not_found_error",
                "NOT_FOUND",
            ),
            Self::Method => row(
                StatusCode::METHOD_NOT_ALLOWED,
                (INVALID, "method_not_allowed"),
                INVALID,
                "INVALID_ARGUMENT",
            ),
            Self::Slow => row(
                StatusCode::REQUEST_TIMEOUT,
                (INVALID, "request_timeout"),
                "timeout_error",
                "DEADLINE_EXCEEDED",
            ),
            Self::TooLarge => row(
                StatusCode::PAYLOAD_TOO_LARGE,
                (INVALID, "request_too_large"),
                "request_too_large",
                "INVALID_ARGUMENT",
            ),
            Self::RateLimit => row(
                StatusCode::TOO_MANY_REQUESTS,
                ("rate_limit_error", "rate_limit_exceeded"),
                "rate_limit_error",
                "RESOURCE_EXHAUSTED",
            ),
            Self::Quota => row(
                StatusCode::TOO_MANY_REQUESTS,
                ("insufficient_quota", "insufficient_quota"),
                "rate_limit_error",
                "RESOURCE_EXHAUSTED",
            ),
            Self::Overloaded => row(
                StatusCode::SERVICE_UNAVAILABLE,
                ("service_unavailable_error", "gateway_overloaded"),
                "overloaded_error",
                "UNAVAILABLE",
            ),
            Self::Unreachable => row(
                StatusCode::BAD_GATEWAY,
                ("server_error", "provider_unreachable"),
                "api_error",
                "UNAVAILABLE",
            ),
            Self::Timeout => row(
                StatusCode::GATEWAY_TIMEOUT,
                ("server_error", "provider_timeout"),
                "timeout_error",
                "DEADLINE_EXCEEDED",
            ),
            Self::CircuitOpen => row(
                StatusCode::SERVICE_UNAVAILABLE,
                ("service_unavailable_error", "provider_unavailable"),
                "api_error",
                "UNAVAILABLE",
            ),
        }
    }

    /// Whether a client that tries again at once, or after the SDK's own delay, only makes it worse.
    fn is_final(self) -> bool {
        match self {
            Self::Slow | Self::Overloaded | Self::Unreachable | Self::Timeout | Self::CircuitOpen => false,
            Self::Invalid
            | Self::Unauthenticated
            | Self::NotFound
            | Self::UnknownModel
            | Self::Method
            | Self::TooLarge
            | Self::RateLimit
            | Self::Quota => true,
        }
    }

    /// The word for logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        self.row().openai.1
    }
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn with_retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    /// Returns the response in the format of an API.
    pub(crate) fn response(&self, api: Api, request_id: &str) -> Response<Bytes> {
        let row = self.kind.row();
        let seconds = self.retry_after.map(whole_seconds);
        let body = self.body(api, &row, seconds, request_id);
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = row.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.kind == RefusalKind::Method {
            headers.insert(
                ALLOW,
                HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
            );
        }
        if let Some(seconds) = seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // A short wait for other requests to settle is worth a retry, an exhausted window is not.
        let is_final = self.kind.is_final() && self.retry_after.is_none_or(|time| time > SHORT_WAIT);
        headers.insert(
            X_SHOULD_RETRY,
            HeaderValue::from_static(if is_final { "false" } else { "true" }),
        );
        if let Ok(id) = HeaderValue::from_str(request_id) {
            let name = match api {
                Api::Anthropic => HeaderName::from_static("request-id"),
                Api::OpenAi | Api::Gemini => HeaderName::from_static("x-request-id"),
            };
            headers.insert(name, id);
        }
        response
    }

    fn body(&self, api: Api, row: &Row, seconds: Option<u64>, request_id: &str) -> Value {
        let message = &self.message;
        match api {
            Api::OpenAi => {
                let (kind, code) = row.openai;
                json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
            }
            Api::Anthropic => json!({
                "type": "error",
                "error": {"type": row.anthropic, "message": message},
                "request_id": request_id,
            }),
            Api::Gemini => {
                let details: Vec<Value> = seconds
                    .map(|seconds| json!({"@type": RETRY_INFO, "retryDelay": format!("{seconds}s")}))
                    .into_iter()
                    .collect();
                let code = row.status.as_u16();
                json!({"error": {"code": code, "message": message, "status": row.gemini, "details": details}})
            }
        }
    }
}

/// Whole seconds, rounded up, since a client that comes earlier is refused again.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
/// The longest wait that the SDKs of the providers should sit out.
const SHORT_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(refusal: &Refusal, api: Api) -> String {
        let response = refusal.response(api, "r1");
        let header = |name: &str| {
            response.headers().get(name).map_or_else(
                || "-".to_owned(),
                |value| value.to_str().expect("text").to_owned(),
            )
        };
        format!(
            "{} {} {} {}",
            response.status().as_u16(),
            header("retry-after"),
            header("x-should-retry"),
            String::from_utf8_lossy(response.body())
        )
    }

    #[test]
    fn refusals_have_the_format_of_each_provider() {
        let refusal =
            Refusal::new(RefusalKind::RateLimit, "spent").with_retry_after(Duration::from_millis(45_001));
        assert_eq!(
            shown(&refusal, Api::OpenAi),
            r#"429 46 false {"error":{"code":"rate_limit_exceeded","message":"spent","param":null,"type":"rate_limit_error"}}"#
        );
        assert_eq!(
            shown(&refusal, Api::Anthropic),
            r#"429 46 false {"error":{"message":"spent","type":"rate_limit_error"},"request_id":"r1","type":"error"}"#
        );
        assert_eq!(
            shown(&refusal, Api::Gemini),
            r#"429 46 false {"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"46s"}],"message":"spent","status":"RESOURCE_EXHAUSTED"}}"#
        );
    }

    #[test]
    fn short_waits_are_worth_a_retry() {
        let short = Refusal::new(RefusalKind::RateLimit, "busy").with_retry_after(Duration::from_secs(1));
        assert!(
            shown(&short, Api::OpenAi).starts_with("429 1 true "),
            "{}",
            shown(&short, Api::OpenAi)
        );
        let down = Refusal::new(RefusalKind::Unreachable, "down");
        assert!(
            shown(&down, Api::OpenAi).starts_with("502 - true "),
            "{}",
            shown(&down, Api::OpenAi)
        );
        let unknown = Refusal::new(RefusalKind::UnknownModel, "no such model");
        assert!(
            shown(&unknown, Api::Gemini).starts_with("404 - false "),
            "{}",
            shown(&unknown, Api::Gemini)
        );
    }
}
