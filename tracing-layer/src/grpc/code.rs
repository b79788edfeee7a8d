//! The status codes of gRPC.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// A [status code](https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

impl Code {
    /// Returns the code in the headers or trailers of a response, if they have one.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        headers.get(&GRPC_STATUS).map(Self::from_value)
    }

    /// Parses a `grpc-status`. A value that is not a known code is [`Code::Unknown`], as for clients.
    fn from_value(value: &HeaderValue) -> Self {
        Self::from_bytes(value.as_bytes())
    }

    pub(super) fn from_bytes(value: &[u8]) -> Self {
        let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        number.and_then(Self::from_number).unwrap_or(Self::Unknown)
    }

    pub(super) fn from_number(number: usize) -> Option<Self> {
        ALL.get(number).map(|(code, _)| *code)
    }

    /// Returns the code that a client reports for a response without a `grpc-status`, by the
    /// [mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md) of gRPC.
    pub(super) fn from_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 | 431 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// Returns the name, as recorded in telemetry.
    pub(crate) fn as_str(self) -> &'static str {
        ALL.get(self as usize).map_or("UNKNOWN", |(_, name)| *name)
    }
}

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// All codes with their names, in the order of their numbers.
const ALL: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_numbers() {
        for (number, (code, name)) in ALL.iter().enumerate() {
            assert_eq!(*code as usize, number, "{name}");
            assert_eq!(code.as_str(), *name, "the name of {number}");
            assert_eq!(Code::from_number(number), Some(*code), "the code of {number}");
        }
    }

    #[test]
    fn codes_of_headers() {
        let cases: [(&[u8], Code); 8] = [
            (b"0", Code::Ok),
            (b"5", Code::NotFound),
            (b"16", Code::Unauthenticated),
            (b"17", Code::Unknown),
            (b"-1", Code::Unknown),
            (b"99999999999999999999999", Code::Unknown),
            (b"", Code::Unknown),
            (b"\xff", Code::Unknown),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", HeaderValue::from_bytes(text).expect("a value"));
            assert_eq!(Code::from_headers(&headers), Some(expected), "{text:?}");
        }
        assert_eq!(Code::from_headers(&HeaderMap::new()), None, "no status");
    }

    #[test]
    fn codes_of_http() {
        let cases = [
            (200, Code::Unknown),
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (500, Code::Unknown),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ];
        for (status, expected) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Code::from_http(status), expected, "{status}");
        }
    }
}
