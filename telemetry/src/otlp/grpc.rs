//! OTLP over gRPC.
//!
//! This module makes the unary call on tonic's channel instead of using tonic's client. That client reports a
//! response that is too long like a rejection by the collector (`OutOfRange`, which is retried), so it is
//! unclear whether the request was accepted. It also panics on status details that are not base64.

use std::future::poll_fn;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use percent_encoding::percent_decode;
use tonic::Code;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::answer::{line, partial};
use super::retry_info::retry_delay;
use super::runtime::RuntimeHandle;
use super::{CollectorReply, MAX_ANSWER_BYTES, OtlpRequest, PartialSuccess};
use crate::config::OtlpTarget;
use crate::error::{InitError, chain};
use crate::signal::Signal;

/// A channel and the method to call.
#[derive(Debug)]
pub(crate) struct Grpc {
    channel: Channel,
    method: &'static str,
    runtime: RuntimeHandle,
}

impl Grpc {
    /// Creates a channel. The exporter's own channel is not used, because with it, the feature `tls` would
    /// add tonic to programs that export over HTTP.
    pub(super) fn new(target: &OtlpTarget, runtime: RuntimeHandle) -> Result<Self, InitError> {
        let endpoint = Endpoint::from_shared(target.url.clone());
        let endpoint = endpoint
            .map_err(|error| InitError::exporter(format!("{target} cannot be set up")).caused_by(error))?;
        #[cfg(feature = "tls")]
        let endpoint = super::grpc_tls::secure(endpoint, target)?;
        let channel = runtime.enter(|| endpoint.connect_lazy());
        Ok(Self {
            channel,
            method: match target.signal {
                Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            },
            runtime,
        })
    }

    pub(super) fn send(&self, post: OtlpRequest<'_>) -> CollectorReply {
        let (channel, timeout) = (self.channel.clone(), post.timeout);
        let request = self.request(post);
        self.runtime.run(async move {
            let exchange = tokio::time::timeout(timeout, exchange(channel, request));
            let late = |_| CollectorReply::None(format!("timed out after {:.1} s", timeout.as_secs_f64()));
            exchange.await.unwrap_or_else(late)
        })
    }

    fn request(&self, post: OtlpRequest<'_>) -> Request<Body> {
        let mut request = Request::new(Body::new(Full::new(framed(&post.body, post.is_gzip))));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = http::Uri::from_static(self.method);
        let headers = request.headers_mut();
        *headers = post.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if post.is_gzip {
            headers.insert(
                HeaderName::from_static("grpc-encoding"),
                HeaderValue::from_static("gzip"),
            );
        }
        if let Ok(timeout) = HeaderValue::from_str(&grpc_timeout(post.timeout)) {
            headers.insert(HeaderName::from_static("grpc-timeout"), timeout);
        }
        request
    }
}

/// Prefixes a message with its length, as required by gRPC
/// (<https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html>).
fn framed(message: &[u8], is_gzip: bool) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let head = [&[u8::from(is_gzip)][..], &length.to_be_bytes()].concat();
    [&head, message].concat().into()
}

/// Formats a timeout with at most eight digits and a unit.
fn grpc_timeout(timeout: Duration) -> String {
    match timeout.as_millis() {
        millis @ ..=99_999_999 => format!("{millis}m"),
        _ => format!("{}S", timeout.as_secs().min(99_999_999)),
    }
}

async fn exchange(mut channel: Channel, request: Request<Body>) -> CollectorReply {
    if let Err(error) = poll_fn(|cx| channel.poll_ready(cx)).await {
        return CollectorReply::None(chain(&error));
    }
    match channel.call(request).await {
        Ok(response) => read(response).await,
        Err(error) => CollectorReply::None(chain(&error)),
    }
}

async fn read(response: Response<Body>) -> CollectorReply {
    let (head, mut body) = response.into_parts();
    if let Some(status) = status(&head.headers, PartialSuccess::default()) {
        return status;
    }
    if head.status != StatusCode::OK {
        return plain(head.status);
    }
    let mut data = Vec::new();
    let mut broken = "it answers without a status".to_owned();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(status) => {
                broken = chain(&status);
                break;
            }
        };
        match frame.into_data() {
            Ok(more) if data.len() + more.len() > MAX_ANSWER_BYTES => return accepted(&[]),
            Ok(more) => data.extend_from_slice(&more),
            Err(frame) => {
                let found = frame.into_trailers().ok();
                let answered =
                    found.and_then(|trailers| status(&trailers, message_in(&data).unwrap_or_default()));
                return answered.unwrap_or(CollectorReply::None(broken));
            }
        }
    }
    // A response means that the server accepted the request, even if the end of the response is missing.
    if data.is_empty() {
        CollectorReply::None(broken)
    } else {
        accepted(&data)
    }
}

fn accepted(data: &[u8]) -> CollectorReply {
    CollectorReply::Grpc {
        code: "OK".into(),
        retry_after: None,
        message: String::new(),
        partial: message_in(data).unwrap_or_default(),
    }
}

/// Reads the message of the first frame, if it is complete and not compressed.
fn message_in(data: &[u8]) -> Option<PartialSuccess> {
    let (&[compressed, a, b, c, d], rest) = data.split_first_chunk::<5>()?;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
    let message = rest.get(..length).filter(|_| compressed == 0)?;
    Some(partial(message, false))
}

/// Returns the status in headers or trailers, if there is one.
fn status(headers: &HeaderMap, partial: PartialSuccess) -> Option<CollectorReply> {
    let code = Code::from_bytes(headers.get("grpc-status")?.as_bytes());
    let message = headers.get("grpc-message").map_or(&[][..], HeaderValue::as_bytes);
    let message = percent_decode(message).decode_utf8_lossy();
    let details = headers.get("grpc-status-details-bin").and_then(|details| {
        let text = details.to_str().ok()?.trim_end_matches('=');
        STANDARD_NO_PAD.decode(text).ok()
    });
    Some(CollectorReply::Grpc {
        code: code_name(code),
        retry_after: details.and_then(|details| retry_delay(&details)),
        message: line(&message),
        partial,
    })
}

/// Maps a plain HTTP response to a gRPC code
fn plain(status: StatusCode) -> CollectorReply {
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    CollectorReply::Grpc {
        code: code_name(code),
        retry_after: None,
        message: format!("HTTP {status}"),
        partial: PartialSuccess::default(),
    }
}

fn code_name(code: Code) -> String {
    match code {
        Code::Ok => "OK".into(),
        code => format!("{code:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        for (timeout, expected) in [
            (Duration::from_millis(1), "1m"),
            (Duration::from_secs(10), "10000m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::from_millis(100_000_000), "100000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(grpc_timeout(timeout), expected, "{timeout:?}");
        }
    }

    /// tonic's own reader panics on details that are not base64.
    #[test]
    fn a_status_is_read_whatever_stands_in_it() {
        for (details, message, expected) in [
            ("!!not base64!!", "quota%20exceeded", "quota exceeded"),
            ("", "%FF%", "\u{fffd}%"),
            ("AAAA=", "one%0Atwo", "one"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", HeaderValue::from_static("8"));
            headers.insert("grpc-message", HeaderValue::from_static(message));
            headers.insert("grpc-status-details-bin", HeaderValue::from_static(details));
            let expected = CollectorReply::Grpc {
                code: "ResourceExhausted".into(),
                retry_after: None,
                message: expected.into(),
                partial: PartialSuccess::default(),
            };
            assert_eq!(
                status(&headers, PartialSuccess::default()),
                Some(expected),
                "{message}"
            );
        }
        assert_eq!(
            status(&HeaderMap::new(), PartialSuccess::default()),
            None,
            "no status"
        );
    }
}
