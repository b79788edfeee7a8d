//! The meaning of a reply for its request, as one table for both protocols.

use std::time::Duration;

use crate::otlp::{CollectorReply, PartialSuccess};

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The collector accepted the request, except for the rejected items.
    Taken(PartialSuccess),
    /// The destination does not support the signal.
    NotImplemented(String),
    Failed {
        why: String,
        retry: Retry,
    },
}

/// Whether the same request may be sent again (<https://opentelemetry.io/docs/specs/otlp/#failures>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    Never,
    /// After the delay of the exponential backoff.
    Backoff,
    /// After at least this delay.
    After(Duration),
}

pub(super) fn verdict(reply: CollectorReply, is_grpc: bool) -> Verdict {
    match reply {
        CollectorReply::Http {
            status: 200..=299,
            is_page: false,
            partial,
            ..
        } => Verdict::Taken(partial),
        CollectorReply::Http {
            status: 200..=299, ..
        } => failed(PAGE.to_owned(), Retry::Never),
        CollectorReply::Http {
            status: status @ (404 | 405 | 501),
            reason,
            message,
            ..
        } => Verdict::NotImplemented(explained(format!("{status} {reason}").trim_end(), &message)),
        CollectorReply::Http {
            status,
            retry_after,
            message,
            ..
        } => {
            let retry = match (status, retry_after) {
                (429 | 503, Some(wait)) => Retry::After(wait),
                (429 | 502..=504, _) => Retry::Backoff,
                _ => Retry::Never,
            };
            let why = format!("HTTP export failed with status code: {status}");
            failed(explained(&why, &message), retry)
        }
        CollectorReply::Grpc {
            code,
            retry_after,
            message,
            partial,
        } => match (code.as_str(), retry_after) {
            ("OK", _) => Verdict::Taken(partial),
            ("Unimplemented", _) => Verdict::NotImplemented(explained(&code, &message)),
            (_, retry_after) => {
                let retry = match (code.as_str(), retry_after) {
                    ("ResourceExhausted" | "Unavailable", Some(wait)) => Retry::After(wait),
                    (
                        "Cancelled" | "DeadlineExceeded" | "Aborted" | "OutOfRange" | "Unavailable"
                        | "DataLoss",
                        _,
                    ) => Retry::Backoff,
                    _ => Retry::Never,
                };
                failed(explained(&format!("gRPC {code}"), &message), retry)
            }
        },
        CollectorReply::None(why) if is_grpc => failed(format!("gRPC Unavailable: {why}"), Retry::Backoff),
        CollectorReply::None(why) => failed(format!("HTTP export failed: {why}"), Retry::Backoff),
    }
}

fn failed(why: String, retry: Retry) -> Verdict {
    Verdict::Failed { why, retry }
}

/// Formats a code with the collector's message, if it has one.
fn explained(code: &str, message: &str) -> String {
    if message.contains(char::is_alphabetic) {
        format!("{code}: {message}")
    } else {
        code.to_owned()
    }
}

const PAGE: &str = "it answers with an HTML page, so it is not an OTLP receiver";

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, wait: Option<u64>, message: &str) -> Verdict {
        let reply = CollectorReply::Http {
            status,
            reason: "Reason",
            is_page: false,
            retry_after: wait.map(Duration::from_secs),
            message: message.to_owned(),
            partial: PartialSuccess::default(),
        };
        verdict(reply, false)
    }

    fn grpc(code: &str, wait: Option<u64>, message: &str) -> Verdict {
        let reply = CollectorReply::Grpc {
            code: code.to_owned(),
            retry_after: wait.map(Duration::from_secs),
            message: message.to_owned(),
            partial: PartialSuccess::default(),
        };
        verdict(reply, true)
    }

    fn status(status: u16) -> String {
        format!("HTTP export failed with status code: {status}")
    }

    #[test]
    fn http_statuses() {
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        for (code, wait, retry) in [
            (400, Some(1), Retry::Never),
            (401, None, Retry::Never),
            (413, None, Retry::Never),
            (500, Some(1), Retry::Never),
            (302, None, Retry::Never),
            (429, None, Retry::Backoff),
            (429, Some(3), after(3)),
            (502, Some(3), Retry::Backoff),
            (503, None, Retry::Backoff),
            (503, Some(0), after(0)),
            (504, None, Retry::Backoff),
        ] {
            assert_eq!(
                http(code, wait, ""),
                failed(status(code), retry),
                "{code} {wait:?}"
            );
        }
        assert_eq!(
            http(200, None, ""),
            Verdict::Taken(PartialSuccess::default()),
            "200"
        );
        assert_eq!(
            http(202, None, ""),
            Verdict::Taken(PartialSuccess::default()),
            "202"
        );
        for code in [404, 405, 501] {
            let expected = Verdict::NotImplemented(format!("{code} Reason: no route"));
            assert_eq!(http(code, None, "no route"), expected, "{code}");
        }
        let expected = failed(format!("{}: body too large", status(413)), Retry::Never);
        assert_eq!(
            http(413, None, "body too large"),
            expected,
            "in the collector's words"
        );
        assert_eq!(
            http(400, None, "{}"),
            failed(status(400), Retry::Never),
            "which are words"
        );
    }

    #[test]
    fn grpc_codes() {
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        for (code, wait, retry) in [
            ("Cancelled", None, Retry::Backoff),
            ("DeadlineExceeded", None, Retry::Backoff),
            ("Aborted", None, Retry::Backoff),
            ("OutOfRange", None, Retry::Backoff),
            ("DataLoss", None, Retry::Backoff),
            ("Unavailable", None, Retry::Backoff),
            ("Unavailable", Some(2), after(2)),
            ("ResourceExhausted", None, Retry::Never),
            ("ResourceExhausted", Some(2), after(2)),
            ("InvalidArgument", Some(2), Retry::Never),
            ("Unauthenticated", None, Retry::Never),
            ("Internal", None, Retry::Never),
            ("Unknown", None, Retry::Never),
        ] {
            let expected = failed(format!("gRPC {code}: why"), retry);
            assert_eq!(grpc(code, wait, "why"), expected, "{code} {wait:?}");
        }
        assert_eq!(
            grpc("OK", None, ""),
            Verdict::Taken(PartialSuccess::default()),
            "OK"
        );
        let expected = Verdict::NotImplemented("Unimplemented: unknown service".to_owned());
        assert_eq!(
            grpc("Unimplemented", None, "unknown service"),
            expected,
            "another service"
        );
    }

    #[test]
    fn requests_without_a_reply_are_retried() {
        for (is_grpc, expected) in [
            (true, "gRPC Unavailable: refused"),
            (false, "HTTP export failed: refused"),
        ] {
            let verdict = verdict(CollectorReply::None("refused".to_owned()), is_grpc);
            assert_eq!(
                verdict,
                failed(expected.to_owned(), Retry::Backoff),
                "gRPC: {is_grpc}"
            );
        }
    }
}
