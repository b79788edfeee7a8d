//! Errors under status 200, in the forms that several APIs share. What is `error` in the answer, each format
//! reads.

use crate::json::Scalar;
use crate::reply::Reply;

/// An event begins: one of this name is an error, whatever else it says.
pub(super) fn begin_event(name: &str, reply: &mut Reply) {
    if name == "error" {
        reply.note_error();
    }
}

/// Takes a value whose path may be that of an error.
#[inline]
pub(super) fn read(path: &str, value: Scalar<'_>, reply: &mut Reply) {
    // Most values end here.
    if path.len() <= LONGEST_PATH.len() {
        read_short(path, value, reply);
    }
}

fn read_short(path: &str, value: Scalar<'_>, reply: &mut Reply) {
    match (path, value) {
        // vLLM's errors are objects of their own.
        ("object", Scalar::Text("error")) => reply.note_error(),
        // Cloudflare's and Zhipu's.
        ("success", Scalar::Bool(false)) => reply.read_error("error", Scalar::Text("")),
        ("errors[].code", _) => reply.read_error("error.code", value),
        // Google's: the name of a status of gRPC, beside the code of HTTP.
        ("error.status", Scalar::Text(status)) if is_grpc_status(status) => reply.fail(status),
        // DeepInfra's, in a chunk of a stream.
        ("error_type", Scalar::Text(_)) => reply.read_error("error.type", value),
        ("error_message", Scalar::Text(message)) if !message.is_empty() => reply.read_error("error", value),
        // MiniMax's and Baidu's: 0 is success.
        (LONGEST_PATH | "error_code", Scalar::Number(code)) if code != "0" => reply.fail(code),
        // The members of an error may be those of its event.
        ("code", _) if reply.is_error_document() => reply.read_error("error.code", value),
        ("code", Scalar::Number(code) | Scalar::Text(code)) => reply.note_code(code),
        ("type", Scalar::Text(class)) if class != "error" && reply.is_error_document() => {
            reply.read_error("error.type", value);
        }
        _ => {}
    }
}

/// Such as `RESOURCE_EXHAUSTED`.
fn is_grpc_status(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The longest of the paths.
const LONGEST_PATH: &str = "base_resp.status_code";
