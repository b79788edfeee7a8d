//! Advice about the configuration, from the response to a probe.

use std::time::Duration;

use super::{ProbeReply, silent};
use crate::config::OtlpTarget;
use crate::otlp::{CollectorReply, HEADERS, NO_GRPC, connection_advice, is_late, speaks_http1, tls_advice};

pub(super) fn answer(
    reply: CollectorReply,
    target: &OtlpTarget,
    address: &str,
    timeout: Duration,
) -> ProbeReply {
    match reply {
        CollectorReply::Http {
            status,
            reason,
            is_page,
            message,
            ..
        } => {
            let response = format!("{status} {reason}").trim_end().to_owned();
            let advice = match status {
                200..=299 if !is_page => None,
                200..=299 => Some("with an HTML page, so it is not an OTLP receiver".to_owned()),
                _ => Some(status_advice(status, target)),
            };
            let message_text = if message.is_empty() {
                String::new()
            } else {
                format!(" ({message})")
            };
            ProbeReply {
                fault: advice.map(|advice| format!("it answers {response}{message_text}: {advice}")),
                response: Some(response),
            }
        }
        CollectorReply::Grpc { code, .. } => {
            let advice = match code.as_str() {
                // An HTTP port that also accepts HTTP/2 does not have the method.
                "Unimplemented" if speaks_http1(target, address, timeout) => Some(NO_GRPC.to_owned()),
                _ => code_advice(&code, target),
            };
            ProbeReply {
                fault: advice.map(|advice| format!("it answers {code}: {advice}")),
                response: Some(code),
            }
        }
        CollectorReply::None(why) if tls_advice(&why, target).is_none() && is_late(&why) => {
            ProbeReply::fault(silent(timeout))
        }
        CollectorReply::None(why) => {
            let advice = connection_advice(&why, target, address, timeout);
            ProbeReply::fault(advice.unwrap_or(why))
        }
    }
}

fn status_advice(status: u16, target: &OtlpTarget) -> String {
    match status {
        401 | 403 => HEADERS.to_owned(),
        404 | 405 => "it does not support OTLP at this path: check the endpoint".to_owned(),
        415 => "it does not accept this encoding: check the protocol and the compression".to_owned(),
        429 => "it limits the rate of requests".to_owned(),
        300..=399 => "exports are not redirected: set the new URL as the endpoint".to_owned(),
        500..=599 => "the error is on the server side".to_owned(),
        _ => format!("it does not accept {}", target.signal),
    }
}

fn code_advice(code: &str, target: &OtlpTarget) -> Option<String> {
    Some(match code {
        "OK" => return None,
        "Unauthenticated" | "PermissionDenied" => HEADERS.to_owned(),
        "Unimplemented" => format!("it supports gRPC, but not OTLP for {}", target.signal),
        "ResourceExhausted" => "it limits the rate of requests".to_owned(),
        "Internal" | "Unavailable" | "Unknown" => "the error is on the server side".to_owned(),
        _ => format!("it does not accept {}", target.signal),
    })
}
