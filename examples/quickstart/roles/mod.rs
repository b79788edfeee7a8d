//! The roles, as in `TaskWeaver`. Each is an agent, whose span records its tokens.

pub(crate) mod code_generator;
pub(crate) mod code_interpreter;
pub(crate) mod executor;
pub(crate) mod planner;

use serde_json::json;
use throughline::span::set_span_attribute;

use crate::model::Model;

/// The error of a role: a message for the user.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Records the post that a role receives on its span, if capture is on.
fn record_post(model: &Model, from: &str, post: &str) {
    if model.is_captured() {
        let message =
            json!([{ "role": "user", "name": from, "parts": [{ "type": "text", "content": post }] }]);
        set_span_attribute("gen_ai.input.messages", message.to_string());
    }
}

/// Records the answer of a role on its span, if capture is on.
fn record_answer(model: &Model, post: &str) {
    if model.is_captured() {
        let parts = json!([{ "type": "text", "content": post }]);
        let message = json!([{ "role": "assistant", "parts": parts, "finish_reason": "stop" }]);
        set_span_attribute("gen_ai.output.messages", message.to_string());
    }
}
