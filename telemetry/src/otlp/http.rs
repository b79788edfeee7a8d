//! OTLP over HTTP, with a blocking client on the exporting thread.

use std::io::Read;
use std::thread;
use std::time::{Duration, SystemTime};

use reqwest::blocking::{self, Response};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::answer::partial;
use super::refusal::message;
use super::{CollectorReply, MAX_ANSWER_BYTES, OtlpRequest, PartialSuccess};
use crate::config::OtlpTarget;
use crate::config::Protocol;
use crate::error::{InitError, chain};

/// A client and its URL.
#[derive(Debug)]
pub(crate) struct Http {
    client: blocking::Client,
    url: String,
    content_type: HeaderValue,
}

impl Http {
    pub(super) fn new(target: &OtlpTarget) -> Result<Self, InitError> {
        // A redirected POST can become a GET without a body, which may be answered with 200.
        let builder = blocking::Client::builder().timeout(None).redirect(Policy::none());
        #[cfg(feature = "tls")]
        let builder = super::http_tls::secure(builder, target)?;
        let failed = || InitError::exporter(format!("{target} cannot be set up"));
        // A blocking client creates a runtime, which must not happen on a thread of another runtime.
        let client = thread::spawn(move || builder.build())
            .join()
            .map_err(|_| failed())?;
        Ok(Self {
            client: client.map_err(|error| failed().caused_by(error))?,
            url: target.url.clone(),
            content_type: HeaderValue::from_static(match target.protocol {
                Protocol::HttpJson => JSON,
                Protocol::Grpc | Protocol::HttpProtobuf => PROTOBUF,
            }),
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
        match request.body(post.body).send() {
            Ok(response) => self.reply(response),
            // The error itself repeats the URL, which the report already contains.
            Err(error) => CollectorReply::None(
                std::error::Error::source(&error).map_or_else(|| error.to_string(), chain),
            ),
        }
    }

    /// Reads a response. The status decides; a body that is incomplete or too long is ignored.
    fn reply(&self, response: Response) -> CollectorReply {
        let status = response.status();
        let header = |name| response.headers().get(name);
        let kind = header(CONTENT_TYPE)
            .unwrap_or(&self.content_type)
            .as_bytes()
            .to_owned();
        let retry_after = header(RETRY_AFTER).and_then(retry_after);
        let mut body = Vec::new();
        let limit = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX);
        let is_whole =
            response.take(limit + 1).read_to_end(&mut body).is_ok() && body.len() <= MAX_ANSWER_BYTES;
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
