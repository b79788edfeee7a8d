//! The roles, after `TaskWeaver`: each is an agent with a span of its own, and knows what it spent.

pub(crate) mod code_generator;
pub(crate) mod code_interpreter;
pub(crate) mod executor;
pub(crate) mod planner;

use serde_json::json;
use throughline::span::set_span_attribute;

use crate::model::Model;

/// What a role fails with: a message for the user.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Puts the post that a role received on its span, if content is captured.
fn received(model: &Model, from: &str, post: &str) {
    if model.is_captured() {
        let message =
            json!([{ "role": "user", "name": from, "parts": [{ "type": "text", "content": post }] }]);
        set_span_attribute("gen_ai.input.messages", message.to_string());
    }
}

/// Puts the post that a role answers with on its span, if content is captured.
fn answered(model: &Model, post: &str) {
    if model.is_captured() {
        let parts = json!([{ "type": "text", "content": post }]);
        let message = json!([{ "role": "assistant", "parts": parts, "finish_reason": "stop" }]);
        set_span_attribute("gen_ai.output.messages", message.to_string());
    }
}
