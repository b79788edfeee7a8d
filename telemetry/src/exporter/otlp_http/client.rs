//! The blocking client under the exporters, and what it tells of each request.

use std::fmt;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::blocking;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::redirect::Policy;

use crate::error::{InitError, chain};
use crate::probe::Heard;
use crate::target::Target;

use super::tls;

/// A client that tells someone what came of each request.
pub(super) struct Client {
    inner: blocking::Client,
    headers: Vec<(HeaderName, HeaderValue)>,
    tell: Box<dyn Fn(Told<'_>) + Send + Sync>,
}

/// What came of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'a> {
    Answer(&'a Response<Bytes>),
    Failure(&'a HttpError),
}

impl Client {
    pub(super) fn new(
        target: &Target,
        timeout: Duration,
        tell: impl Fn(Told<'_>) + Send + Sync + 'static,
    ) -> Result<Self, InitError> {
        // A redirected POST may arrive as a GET that carries nothing, and be answered 200 all the same.
        let builder = blocking::Client::builder()
            .timeout(timeout)
            .redirect(Policy::none());
        let builder = tls::secure(builder, target)?;
        let failed = || InitError::exporter(format!("{target} cannot be set up"));
        // A blocking client makes a runtime, which must not happen on a thread of another one.
        let inner = thread::spawn(move || builder.build())
            .join()
            .map_err(|_| failed())?;
        Ok(Self {
            inner: inner.map_err(|error| failed().caused_by(error))?,
            headers: target.headers.parsed()?,
            tell: Box::new(tell),
        })
    }
}

impl Client {
    /// The SDK adds the headers of the environment, also those that were ignored and those of another signal.
    fn only_ours(&self, headers: &HeaderMap) -> HeaderMap {
        let mut ours = HeaderMap::with_capacity(self.headers.len() + 3);
        for name in [CONTENT_TYPE, CONTENT_ENCODING, USER_AGENT] {
            if let Some(value) = headers.get(&name) {
                ours.insert(name, value.clone());
            }
        }
        for (name, value) in &self.headers {
            ours.insert(name.clone(), value.clone());
        }
        ours
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        *request.headers_mut() = self.only_ours(request.headers());
        let result = self.inner.send_bytes(request).await;
        (self.tell)(match &result {
            Ok(response) => Told::Answer(response),
            Err(error) => Told::Failure(error),
        });
        match result {
            // The SDK would take it for a delivery.
            Ok(response) if response.status().is_success() && is_page(&response) => Err(PAGE.into()),
            result => result,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Told<'_> {
    pub(super) fn heard(self) -> Heard {
        let response = match self {
            Self::Failure(error) => return Heard::Nothing(why(error)),
            Self::Answer(response) => response,
        };
        let status = response.status();
        Heard::Http {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            is_page: is_page(response),
            words: words(response.body()),
        }
    }
}

/// Whether an answer is meant for people.
pub(super) fn is_page(response: &Response<Bytes>) -> bool {
    let content_type = response.headers().get("content-type");
    content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// The causes of a failure; the failure itself says the URL, which whoever reads this knows.
pub(super) fn why(error: &HttpError) -> String {
    chain(error.source().unwrap_or_else(|| error.as_ref()))
}

/// What an answer says to people: its first line, if it is text.
fn words(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let line = text.trim().lines().next().unwrap_or_default();
    if line.starts_with('<') || line.chars().any(char::is_control) {
        return String::new();
    }
    line.chars().take(LONGEST).collect()
}

pub(super) const PAGE: &str = "it answers with a page for people: this is no OTLP receiver";
const LONGEST: usize = 160;
