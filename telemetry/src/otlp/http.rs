//! OTLP over HTTP.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};

use super::answer::partial;
use super::refusal::message;
use super::runtime::RuntimeHandle;
use super::{CollectorReply, MAX_ANSWER_BYTES, OtlpRequest, PartialSuccess};
use crate::config::{OtlpTarget, Protocol};
use crate::error::{InitError, chain};

/// A client and its URL.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    url: String,
    content_type: HeaderValue,
    runtime: RuntimeHandle,
}

impl Http {
    pub(super) fn new(target: &OtlpTarget, runtime: RuntimeHandle) -> Result<Self, InitError> {
        // A redirected POST can become a GET without a body, which may be answered with 200.
        let builder = Client::builder().redirect(Policy::none());
        #[cfg(feature = "tls")]
        let builder = super::http_tls::secure(builder, target)?;
        let failed = |error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error);
        Ok(Self {
            client: builder.build().map_err(failed)?,
            url: target.url.clone(),
            content_type: HeaderValue::from_static(match target.protocol {
                Protocol::HttpJson => JSON,
                Protocol::Grpc | Protocol::HttpProtobuf => PROTOBUF,
            }),
            runtime,
        })
    }

    pub(super) fn send(&self, post: OtlpRequest<'_>) -> CollectorReply {
        let request = self
            .client
            .post(&self.url)
            .timeout(post.timeout)
            .headers(post.headers.clone());
        let request = request.header(CONTENT_TYPE, &self.content_type);
        let request = if post.is_gzip {
            request.header(CONTENT_ENCODING, "gzip")
        } else {
            request
        };
        let exchange = exchange(request.body(post.body), self.content_type.clone());
        self.runtime.run(exchange)
    }
}

async fn exchange(request: RequestBuilder, sent_type: HeaderValue) -> CollectorReply {
    match request.send().await {
        Ok(response) => read(response, sent_type).await,
        // The error itself repeats the URL, which the report already contains.
        Err(error) => {
            CollectorReply::None(std::error::Error::source(&error).map_or_else(|| error.to_string(), chain))
        }
    }
}

/// Reads a response. The status decides; a body that is incomplete or too long is ignored.
async fn read(mut response: Response, sent_type: HeaderValue) -> CollectorReply {
    let status = response.status();
    let header = |name| response.headers().get(name);
    let kind = header(CONTENT_TYPE).unwrap_or(&sent_type).as_bytes().to_owned();
    let retry_after = header(RETRY_AFTER).and_then(retry_after);
    let mut body = Vec::new();
    let is_whole = loop {
        match response.chunk().await {
            Ok(Some(more)) if body.len() + more.len() > MAX_ANSWER_BYTES => break false,
            Ok(Some(more)) => body.extend_from_slice(&more),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    let partial = if status.is_success() && is_whole {
        partial(&body, kind.starts_with(JSON.as_bytes()))
    } else {
        PartialSuccess::default()
    };
    CollectorReply::Http {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default(),
        is_page: kind.starts_with(b"text/html"),
        retry_after,
        message: message(&body, kind.starts_with(PROTOBUF.as_bytes())),
        partial,
    }
}

/// Parses seconds or a date (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>).
fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let wait = |text: &str| retry_after(&HeaderValue::from_str(text).expect("a header"));
        assert_eq!(wait(" 120 "), Some(Duration::from_secs(120)), "seconds");
        assert_eq!(
            wait("Fri, 31 Dec 1999 23:59:59 GMT"),
            Some(Duration::ZERO),
            "a date that is past"
        );
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let until = wait(&soon).expect("a date");
        assert!((1..=100).contains(&until.as_secs()), "{until:?} until {soon}");
        for text in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(text), None, "{text:?}");
        }
    }
}
