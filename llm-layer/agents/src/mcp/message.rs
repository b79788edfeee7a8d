//! Reads the attributes of a JSON-RPC message.

use std::borrow::Cow;

use opentelemetry::{Key, KeyValue};
use serde_json::{Map, Value};
use throughline_tracing_layer::limits::{MAX_SPAN_NAME_BYTES, truncate, truncate_string};
use throughline_tracing_layer::redaction::redact_url;

use crate::content::ContentSettings;
use crate::semconv::{self, mcp};

/// A request or a notification.
#[derive(Debug)]
pub(super) struct Message<'a> {
    message: &'a Map<String, Value>,
    method: &'a str,
}

impl<'a> Message<'a> {
    pub(super) fn parse(message: &'a Value) -> Option<Self> {
        let message = message.as_object()?;
        let method = short(message.get("method")?.as_str()?);
        Some(Self { message, method })
    }

    pub(super) fn span_name(&self) -> Cow<'static, str> {
        let mut name = self.method.to_owned();
        if let Some(target) = self.target() {
            name.extend([" ", &target.value.as_str()]);
        }
        truncate_string(&mut name, MAX_SPAN_NAME_BYTES);
        name.into()
    }

    /// The attributes of spans and metrics, the method first.
    pub(super) fn dimensions(&self) -> Vec<KeyValue> {
        let mut attributes = vec![KeyValue::new(mcp::METHOD_NAME, self.method.to_owned())];
        if self.is_tool_call() {
            attributes.push(KeyValue::new(semconv::OPERATION_NAME, "execute_tool"));
        }
        attributes.extend(self.target());
        let version = self.message.get("jsonrpc").and_then(Value::as_str);
        let version = version.filter(|version| *version != "2.0").map(short);
        attributes.extend(version.map(|version| KeyValue::new(mcp::JSONRPC_VERSION, version.to_owned())));
        attributes
    }

    /// The attributes of spans only.
    pub(super) fn details(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let id = match self.message.get("id") {
            Some(Value::String(id)) => Some(short(id).to_owned()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let uri = self
            .param("uri")
            .filter(|_| ABOUT_A_RESOURCE.contains(&self.method));
        [
            id.map(|id| KeyValue::new(mcp::JSONRPC_REQUEST_ID, id)),
            uri.map(|uri| KeyValue::new(mcp::RESOURCE_URI, redact_url(uri).into_owned())),
        ]
        .into_iter()
        .flatten()
    }

    /// The arguments of a tool or a prompt as attributes.
    pub(super) fn arguments(&self, content: &ContentSettings) -> Vec<KeyValue> {
        let params = self.message.get("params");
        let Some(arguments) = params.and_then(|params| params.get("arguments")) else {
            return Vec::new();
        };
        let attribute =
            |name: Key, value: &Value| Some(KeyValue::new(name, content.attribute(value.clone())?));
        match self.method {
            TOOLS_CALL => attribute(semconv::TOOL_CALL_ARGUMENTS.into(), arguments)
                .into_iter()
                .collect(),
            PROMPTS_GET => {
                let variables = arguments.as_object().into_iter().flatten();
                let variables = variables.take(MAX_PROMPT_VARIABLES);
                let name = |name: &str| format!("{}{}", semconv::PROMPT_VARIABLE, short(name)).into();
                variables
                    .filter_map(|(variable, value)| attribute(name(variable), value))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// The version of MCP, if the message has it.
    pub(super) fn protocol_version(&self) -> Option<KeyValue> {
        let version = short(self.meta()?.get(META_PROTOCOL_VERSION)?.as_str()?);
        Some(KeyValue::new(mcp::PROTOCOL_VERSION, version.to_owned()))
    }

    pub(super) fn is_tool_call(&self) -> bool {
        self.method == TOOLS_CALL
    }

    /// Whether the other side answers. The id is not checked, since the sender may set it later.
    pub(super) fn is_request(&self) -> bool {
        !self.method.starts_with("notifications/")
    }

    pub(super) fn meta(&self) -> Option<&'a Map<String, Value>> {
        self.message.get("params")?.get("_meta")?.as_object()
    }

    /// The tool or the prompt.
    fn target(&self) -> Option<KeyValue> {
        let key = match self.method {
            TOOLS_CALL => semconv::TOOL_NAME,
            PROMPTS_GET => semconv::PROMPT_NAME,
            _ => return None,
        };
        Some(KeyValue::new(key, self.param("name")?.to_owned()))
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        Some(short(self.message.get("params")?.get(name)?.as_str()?))
    }
}

/// Returns the message's `params._meta`. Creates it if it is absent; returns `None` if it is not an object.
pub(super) fn meta_mut(message: &mut Value) -> Option<&mut Map<String, Value>> {
    let message = message.as_object_mut()?;
    if message.get("params").is_some_and(|params| !params.is_object()) {
        return None;
    }
    let params = message.entry("params").or_insert_with(|| Map::new().into());
    params
        .as_object_mut()?
        .entry("_meta")
        .or_insert_with(|| Map::new().into())
        .as_object_mut()
}

/// The start of a text.
pub(super) fn short(text: &str) -> &str {
    truncate(text, MAX_TEXT)
}

const TOOLS_CALL: &str = "tools/call";
const PROMPTS_GET: &str = "prompts/get";

const ABOUT_A_RESOURCE: &[&str] = &[
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "notifications/resources/updated",
];

/// <https://github.com/modelcontextprotocol/modelcontextprotocol/pull/2575>
const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The most arguments of a prompt that are recorded.
const MAX_PROMPT_VARIABLES: usize = 32;

/// The longest text of a message that is recorded, in bytes. It comes from another process.
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn uris_are_recorded_without_what_may_be_secret() {
        for (uri, expected) in [
            ("file:///home/user/a.pdf", "file:///home/user/a.pdf"),
            (
                "postgres://user:p@ss@db:5432/customers?sslkey=x#f",
                "postgres://REDACTED@db:5432/customers?REDACTED",
            ),
            ("https://host?token=1", "https://host?REDACTED"),
            ("https://u:a?/b@host/p", "https://REDACTED"),
            ("urn:isbn:1#x", "urn:isbn:1#REDACTED"),
            ("note://@/a@b", "note://REDACTED@b"),
            ("", ""),
        ] {
            assert_eq!(redact_url(uri), expected, "{uri}");
        }
    }

    #[test]
    fn meta_is_made_only_where_nothing_else_is_in_its_place() {
        for (mut message, expected) in [
            (
                json!({"method": "ping"}),
                Some(json!({"method": "ping", "params": {"_meta": {}}})),
            ),
            (
                json!({"params": {"a": 1}}),
                Some(json!({"params": {"a": 1, "_meta": {}}})),
            ),
            (
                json!({"params": {"_meta": {"progressToken": 7}}}),
                Some(json!({"params": {"_meta": {"progressToken": 7}}})),
            ),
            (json!({"params": [1]}), None),
            (json!({"params": null}), None),
            (json!({"params": {"_meta": "x"}}), None),
            (json!({"params": {"_meta": null}}), None),
            (json!([{"method": "ping"}]), None),
            (json!("ping"), None),
        ] {
            let before = message.clone();
            let made = meta_mut(&mut message).is_some();
            assert_eq!(made, expected.is_some(), "{before}");
            assert_eq!(message, expected.unwrap_or_else(|| before.clone()), "{before}");
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, bytes) in [
            ("", 0),
            ("abc", 3),
            (&*"x".repeat(300), 256),
            (&*"€".repeat(100), 255),
        ] {
            assert_eq!(short(text).len(), bytes, "{text}");
        }
    }
}
