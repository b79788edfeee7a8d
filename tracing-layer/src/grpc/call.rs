//! One gRPC call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::{HeaderMap, Method, StatusCode};
use http_body::Frame;
use opentelemetry::KeyValue;

use super::code::Code;
use super::content_type::{Framing, framing};
use super::deadline::deadline;
use super::failure::code_of;
use super::side::Side;
use super::web_status::WebStatus;
use crate::error_type::error_type;
use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_SPAN_NAME_BYTES, truncate};
use crate::observe::{End, peek};
use crate::{recent, semconv};

/// A request that is a gRPC call, and the status of the call.
#[derive(Debug)]
pub(crate) struct Call {
    /// The method, as `package.Service/Method`. `None` if the path has another form.
    method: Option<Arc<str>>,
    /// How long the caller waits.
    deadline: Option<Duration>,
    framing: Framing,
    /// The end of a gRPC-Web body, once there is one.
    web: Option<Box<WebStatus>>,
    /// The status, once it is known.
    code: Option<Code>,
    /// Whether the observation ends before the status.
    ends_with_head: bool,
}

impl Call {
    /// Returns the call that a request makes, if it is one.
    #[inline]
    pub(crate) fn from_request(method: &Method, headers: &HeaderMap, path: &str) -> Option<Self> {
        if *method != Method::POST {
            return None;
        }
        let framing = framing(headers)?;
        Some(Self::new(framing, headers, path))
    }

    // Separate from the check that all other requests pass.
    #[inline(never)]
    fn new(framing: Framing, headers: &HeaderMap, path: &str) -> Self {
        Self {
            method: method_of(path).map(recent::text),
            deadline: deadline(headers),
            framing,
            web: None,
            code: None,
            ends_with_head: false,
        }
    }

    /// Returns the method, or `_OTHER`.
    pub(crate) fn method(&self) -> Arc<str> {
        match &self.method {
            Some(method) => Arc::clone(method),
            None => recent::text(semconv::OTHER),
        }
    }

    /// Returns the method, unless the path has the form of none.
    pub(crate) fn known_method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Returns the name of the span.
    pub(crate) fn span_name(&self) -> String {
        self.method.as_deref().unwrap_or(semconv::GRPC).to_owned()
    }

    /// Returns the name of the status, once it is known.
    pub(crate) fn status(&self) -> Option<&'static str> {
        self.code.map(Code::as_str)
    }

    /// Returns whether the server has no such method, as far as it says.
    pub(crate) fn is_unimplemented(&self) -> bool {
        self.code == Some(Code::Unimplemented)
    }

    /// Adds the attributes that a sampler can see.
    pub(crate) fn add_to(&self, attributes: &mut Vec<KeyValue>, path: &str) {
        attributes.push(KeyValue::new(semconv::RPC_SYSTEM_NAME, semconv::GRPC));
        attributes.push(KeyValue::new(semconv::RPC_METHOD, self.method()));
        if self.method.is_none() {
            let sent = truncate(path, MAX_ATTRIBUTE_BYTES).to_owned();
            attributes.push(KeyValue::new(semconv::RPC_METHOD_ORIGINAL, sent));
        }
    }

    /// Reads the head of the response, which may have the status.
    pub(crate) fn read_head(&mut self, headers: &HeaderMap) {
        self.read_status(headers);
        // A gateway in between may have answered otherwise.
        self.web = match framing(headers) {
            Some(Framing::Web) if self.code.is_none() => Some(Box::new(WebStatus::new(false))),
            Some(Framing::WebText) if self.code.is_none() => Some(Box::new(WebStatus::new(true))),
            _ => None,
        };
    }

    /// Reads a frame of the response's body. gRPC has the status in the trailers, gRPC-Web in the data.
    pub(crate) fn read_frame<D: Buf>(&mut self, frame: &Frame<D>) {
        if let Some(trailers) = frame.trailers_ref() {
            self.read_status(trailers);
        }
        if let (Some(web), Some(data)) = (&mut self.web, frame.data_ref()) {
            if !peek(data, |bytes| web.read(bytes)) {
                web.give_up();
            }
            self.code = web.code().or(self.code);
        }
    }

    /// Reads the status from the head or the trailers of the response, if it is there.
    fn read_status(&mut self, headers: &HeaderMap) {
        self.code = Code::from_headers(headers).or(self.code);
    }

    /// Notes that the observation ends with the head of the response.
    pub(crate) fn end_with_head(&mut self) {
        self.ends_with_head = true;
    }

    /// Decides the status of the call. Returns the class of its error, if it has failed.
    ///
    /// If the peer sent no status, it is the one that gRPC defines for the head or for the ending. `drops_fail`
    /// says whether it is an error that the caller left.
    pub(crate) fn conclude(
        &mut self,
        end: End<'_>,
        head: Option<StatusCode>,
        lasted: Duration,
        side: Side,
        drops_fail: bool,
    ) -> Option<&'static str> {
        // Calls are answered with `200`. Any other head is from something that knows nothing of gRPC, and no
        // status follows it.
        let foreign = head.filter(|head| *head != StatusCode::OK);
        let code = match (self.code.or_else(|| foreign.map(Code::from_http)), end) {
            (Some(code), _) => Some(code),
            (None, End::Complete | End::Trailers) => head
                .filter(|_| !self.ends_with_head && self.is_read())
                .map(Code::from_http),
            (None, End::BodyError(cause) | End::ServiceError(cause)) => {
                let (code, class) = code_of(cause, side);
                self.code = Some(code);
                return class.or_else(|| Some(error_type(cause)));
            }
            (None, End::Dropped) => {
                let is_late = self.deadline.is_some_and(|deadline| lasted >= deadline);
                if !is_late {
                    self.code = Some(Code::Cancelled);
                    return drops_fail.then_some(Code::Cancelled.as_str());
                }
                Some(Code::DeadlineExceeded)
            }
            (None, End::Panicked) => {
                self.code = Some(Code::Unknown);
                return Some(semconv::PANIC);
            }
        };
        self.code = code;
        code.filter(|code| side.is_failure(*code)).map(Code::as_str)
    }

    /// Returns whether a status that was not found is not there.
    fn is_read(&self) -> bool {
        match &self.web {
            Some(web) => web.is_readable(),
            None => self.framing == Framing::Http2,
        }
    }
}

/// Returns the method that a path names: `package.Service/Method`.
fn method_of(path: &str) -> Option<&str> {
    let method = path.strip_prefix('/')?;
    let (service, name) = method.split_once('/')?;
    let is_name = |text: &str, others: &[u8]| {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        !text.is_empty() && text.bytes().all(is_of_name)
    };
    let is_method = method.len() <= MAX_SPAN_NAME_BYTES && is_name(service, b"_.-") && is_name(name, b"_-");
    is_method.then_some(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_paths() {
        let long = format!("/shop.Orders/{}", "x".repeat(MAX_SPAN_NAME_BYTES));
        let cases = [
            ("/shop.v1.Orders/Get", Some("shop.v1.Orders/Get")),
            ("/Orders/Get_2", Some("Orders/Get_2")),
            ("/Orders", None),
            ("/Orders/", None),
            ("//Get", None),
            ("/api/shop.Orders/Get", None),
            ("/Orders/Get%20", None),
            ("/\u{e9}/Get", None),
            ("Orders/Get", None),
            ("*", None),
            ("", None),
            (&long, None),
        ];
        for (path, expected) in cases {
            assert_eq!(method_of(path), expected, "{path:?}");
        }
    }
}
