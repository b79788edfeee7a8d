//! What an answer means for who set this up, and what to do.

use std::time::Duration;

use crate::config::Protocol;
use crate::target::Target;

use super::spoken::{HTTP1, HTTP2, Spoken, spoken};
use super::{Answer, Heard, silent};

pub(super) fn answer(heard: Heard, target: &Target, address: &str, patience: Duration) -> Answer {
    match heard {
        Heard::Http {
            status,
            reason,
            is_page,
            words,
        } => {
            let said = format!("{status} {reason}").trim_end().to_owned();
            let advice = match status {
                200..=299 if !is_page => None,
                200..=299 => Some("with a page for people: this is no OTLP receiver".to_owned()),
                _ => Some(of_status(status, target)),
            };
            let said_by = if words.is_empty() {
                String::new()
            } else {
                format!(" ({words})")
            };
            Answer {
                fault: advice.map(|advice| format!("it answers {said}{said_by}: {advice}")),
                said: Some(said),
            }
        }
        Heard::Grpc(code) => {
            let advice = match code.as_str() {
                // A port for HTTP that takes HTTP/2 too knows no such method.
                "Unimplemented" if speaks_http1(target, address, patience) => Some(NO_GRPC.to_owned()),
                _ => of_code(&code, target),
            };
            Answer {
                fault: advice.map(|advice| format!("it answers {code}: {advice}")),
                said: Some(code),
            }
        }
        Heard::Nothing(why) => Answer::fault(of_silence(why, target, address, patience)),
    }
}

/// What to do about a failure of TLS; `None` for another failure.
pub(crate) fn of_tls(why: &str, target: &Target) -> Option<String> {
    if !target.is_https() {
        return None;
    }
    let is_refused = |kind: &str| why.contains("invalid peer certificate") && why.contains(kind);
    if is_refused("UnknownIssuer") || is_refused("BadSignature") {
        let roots = match &target.tls.certificate {
            Some(path) => format!("neither the system nor {path} knows who issued its certificate"),
            None => "the system does not know who issued its certificate".to_owned(),
        };
        return Some(format!(
            "{roots}: give the issuer's certificate as tls.certificate (OTEL_EXPORTER_OTLP_CERTIFICATE)"
        ));
    }
    if is_refused("NotValidForName") {
        return Some("its certificate is another host's: see the endpoint".to_owned());
    }
    if is_refused("Expired") {
        return Some("its certificate has expired".to_owned());
    }
    if why.contains("InvalidContentType") {
        return Some(NO_TLS.to_owned());
    }
    let is_closed = ["closed", "reset", "Broken pipe"]
        .iter()
        .any(|end| why.contains(end));
    if why.contains("CertificateRequired") || why.contains("UnknownCA") {
        Some(format!("it wants a client's certificate that it knows: {CLIENT}"))
    } else if is_closed && target.tls.client_certificate.is_none() {
        Some(format!(
            "it ends the connection: if it wants a client's certificate, {CLIENT}"
        ))
    } else {
        None
    }
}

fn of_status(status: u16, target: &Target) -> String {
    match status {
        401 | 403 => HEADERS.to_owned(),
        404 | 405 => "there is no OTLP at this path: see the endpoint".to_owned(),
        415 => "it does not take this encoding: see the protocol and the compression".to_owned(),
        429 => "it is asked more than it wants to be".to_owned(),
        300..=399 => "follow it in the endpoint: an export must not be redirected".to_owned(),
        500..=599 => "the fault is there".to_owned(),
        _ => format!("it does not take {}", target.signal),
    }
}

fn of_code(code: &str, target: &Target) -> Option<String> {
    Some(match code {
        "OK" => return None,
        "Unauthenticated" | "PermissionDenied" => HEADERS.to_owned(),
        "Unimplemented" => format!("it speaks gRPC, but no OTLP of {}", target.signal),
        "ResourceExhausted" => "it is asked more than it wants to be".to_owned(),
        "Internal" | "Unavailable" | "Unknown" => "the fault is there".to_owned(),
        _ => format!("it does not take {}", target.signal),
    })
}

/// Nothing was understood: asks what is spoken there, which needs no TLS.
fn of_silence(why: String, target: &Target, address: &str, patience: Duration) -> String {
    if let Some(advice) = of_tls(&why, target) {
        return advice;
    }
    if why.contains("timed out") || why.contains("Timeout") {
        return silent(patience);
    }
    let is_grpc = target.protocol == Protocol::Grpc;
    let patience = patience.mul_f32(QUICK);
    if target.is_https() {
        return match spoken(address, HTTP1, patience) {
            // What speaks TLS may say 400 without it.
            Spoken::Http1(status) if !status.starts_with("400") => NO_TLS.to_owned(),
            Spoken::Http2 => NO_TLS.to_owned(),
            _ => why,
        };
    }
    match spoken(address, if is_grpc { HTTP1 } else { HTTP2 }, patience) {
        Spoken::Http2 if !is_grpc => NO_HTTP1.to_owned(),
        Spoken::Http1(_) if is_grpc => NO_GRPC.to_owned(),
        Spoken::Tls => "TLS is spoken there: use https".to_owned(),
        Spoken::Other => "what answers there speaks no HTTP".to_owned(),
        Spoken::Nothing => format!("it connects and closes without an answer ({why})"),
        Spoken::Http1(_) | Spoken::Http2 => why,
    }
}

fn speaks_http1(target: &Target, address: &str, patience: Duration) -> bool {
    let spoken = || spoken(address, HTTP1, patience.mul_f32(QUICK));
    !target.is_https() && matches!(spoken(), Spoken::Http1(_))
}

const NO_GRPC: &str = "HTTP/1.1 is spoken there and not gRPC: use the collector's port for gRPC, usually 4317, or the \
                       protocol http/protobuf (OTEL_EXPORTER_OTLP_PROTOCOL)";
const NO_HTTP1: &str = "HTTP/2 is spoken there, as gRPC is, and not HTTP/1.1: use the collector's port for HTTP, \
                        usually 4318, or the protocol grpc (OTEL_EXPORTER_OTLP_PROTOCOL)";
const NO_TLS: &str = "TLS is not spoken there: use http";
const CLIENT: &str = "give it as tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE), and its key";
const HEADERS: &str = "it does not know who asks: see the headers (OTEL_EXPORTER_OTLP_HEADERS)";
/// The share of the patience for what is asked after that.
const QUICK: f32 = 0.4;
