//! Messages and their parts in the conventions' schema.
//!
//! A format names the members that hold messages ([`Members`]). The parts of a message are read by their
//! shape, whatever the format, since compatible APIs accept the parts of others, and gateways pass them on.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai>

use serde_json::{Value, json};

use super::arguments::{parsed, with_id, with_id_or_name};
use super::media::{blob, encoded, media, without_media};
use super::server_tool;
use super::{Content, Document};

/// Where the content of a request stands: the paths of its members, each with a slash before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members {
    /// Instructions that are no message.
    pub(crate) instructions: &'static [&'static str],
    /// Messages, in their order.
    pub(crate) messages: &'static [&'static str],
    /// Tool definitions.
    pub(crate) tools: &'static [&'static str],
}

impl Members {
    /// Those of all formats.
    pub(crate) const ALL: Self = Self {
        instructions: &[
            "/system",
            "/instructions",
            "/systemInstruction",
            "/system_instruction",
            "/preamble",
        ],
        messages: &[
            "/messages",
            "/chat_history",
            "/contents",
            "/input",
            "/inputs",
            "/message",
            "/prompt",
            "/inputText",
        ],
        tools: &["/tools", "/functions", "/toolConfig/tools"],
    };

    /// Reads a request.
    pub(crate) fn read(&self, body: &Document) -> Content {
        let instructions = self.instructions.iter().filter_map(|path| body.pointer(path));
        let messages = self.messages.iter().filter_map(|path| body.pointer(path));
        let tools = self.tools.iter().filter_map(|path| body.pointer(path));
        Content {
            system_instructions: instructions
                .flat_map(|value| parts(value.get("parts").unwrap_or(value)))
                .collect(),
            input: messages.flat_map(self::messages).collect(),
            output: Vec::new(),
            tools: tools.flat_map(Document::items).flat_map(self::tools).collect(),
        }
    }
}

/// Returns the parts that an item of an answer is. Texts are no items: they were captured as such.
pub(super) fn answer_item(item: &Document) -> Vec<Value> {
    let is_text = |part: &Value| {
        let kinds = [
            "text",
            "reasoning",
            "unknown",
            "message",
            "thinking",
            "output_text",
            "fallback",
        ];
        part.get("type")
            .and_then(Value::as_str)
            .is_none_or(|kind| kinds.contains(&kind))
    };
    let unknown = || vec![json!({"type": item.string("type").unwrap_or("unknown")})];
    let mut parts = part(item).unwrap_or_else(unknown);
    parts.retain(|part| !is_text(part));
    parts
}

/// Messages, or the one that a bare text or a single message is.
fn messages(value: &Document) -> Vec<Value> {
    match value.as_array() {
        Some(messages) => messages.iter().map(message).collect(),
        None if value.get("parts").is_some() => vec![message(value)],
        None => vec![json!({"role": "user", "parts": parts(value)})],
    }
}

fn message(message: &Document) -> Value {
    let role = match message.string("role") {
        Some(role) => named_role(role),
        None => role_of(message.string("type").unwrap_or_default()).to_owned(),
    };
    let content = ["content", "parts", "message"]
        .iter()
        .find_map(|key| message.get(key));
    let has_calls = message.items_of("tool_calls").next().is_some();
    let content = content.or_else(|| (!has_calls).then_some(message));
    let id = message.get("tool_call_id");
    let is_result = id.is_some_and(|id| id.as_text().is_some()) || is_bare_result(&role, content);
    let mut all: Vec<Value> = REASONING
        .iter()
        .find_map(|key| message.string(key))
        .map(|text| json!({"type": "reasoning", "content": text}))
        .into_iter()
        .collect();
    match content {
        Some(content) if is_result => {
            let response = json!({"type": "tool_call_response", "response": without_media(content)});
            let name = message.get("tool_name").or_else(|| message.get("name"));
            all.push(with_id_or_name(response, id, name));
        }
        Some(content) if !content.is_null() => all.extend(parts(content)),
        _ => {}
    }
    let images = message.items_of("images").filter_map(Document::as_text);
    all.extend(images.map(|image| blob("image", image.digest(false))));
    all.extend(message.items_of("tool_calls").flat_map(parts));
    match message
        .string("name")
        .filter(|_| message.get("role").is_some() && !is_result)
    {
        Some(name) => json!({"role": role, "parts": all, "name": name}),
        None => json!({"role": role, "parts": all}),
    }
}

/// What an assistant's message says of its thoughts, beside its content.
const REASONING: [&str; 4] = ["reasoning_content", "reasoning", "thinking", "tool_plan"];

/// Whether a message is the result of a tool without the id of the call, as Ollama's and OpenAI's first are.
fn is_bare_result(role: &str, content: Option<&Document>) -> bool {
    matches!(role, "tool" | "function") && content.is_some_and(|content| content.as_text().is_some())
}

/// The conventions' name of a role.
fn named_role(role: &str) -> String {
    let role = role.to_ascii_lowercase();
    match role.as_str() {
        // Gemini's and Cohere's first names.
        "model" | "chatbot" => "assistant".to_owned(),
        _ => role,
    }
}

/// Who says an item that names no role.
fn role_of(kind: &str) -> &'static str {
    match kind {
        "reasoning" | "thought" | "model_output" => "assistant",
        kind if kind.ends_with("_call") => "assistant",
        kind if kind.ends_with("_output") || kind == "function_result" => "tool",
        _ => "user",
    }
}

/// The parts that a content is made of.
fn parts(content: &Document) -> Vec<Value> {
    if let Some(text) = content.as_text() {
        return vec![encoded(text).unwrap_or_else(|| json!({"type": "text", "content": content.to_value()}))];
    }
    match content.as_array() {
        Some(parts) => parts.iter().flat_map(self::parts).collect(),
        None if content.is_object() => part(content).unwrap_or_else(|| unfolded(content)),
        None => Vec::new(),
    }
}

/// The parts that an object only holds, such as a search result, or a part of an unknown type.
fn unfolded(part: &Document) -> Vec<Value> {
    let inner = ["/content", "/source/content", "/citationsContent/content"]
        .iter()
        .find_map(|path| part.pointer(path).filter(|inner| inner.as_array().is_some()));
    inner.map_or_else(|| vec![generic(part)], parts)
}

/// A part of which only its type is recorded. Bedrock's have an object of this name in place of a type.
fn generic(part: &Document) -> Value {
    let mut objects = part.members().filter(|(_, value)| value.is_object());
    let kind = part
        .string("type")
        .or_else(|| objects.next().map(|(name, _)| name));
    json!({"type": kind.unwrap_or("unknown")})
}

/// A part of a known shape. A call of a provider's tool may hold its result too.
fn part(part: &Document) -> Option<Vec<Value>> {
    let kind = part.string("type").unwrap_or_default();
    let text = ["/text", "/refusal", "/guardContent/text/text"]
        .iter()
        .find_map(|path| part.pointer(path).filter(|text| text.as_text().is_some()));
    // A document of Anthropic's that is a plain text.
    let is_plain = part.pointer("/source/type").and_then(Document::as_str) == Some("text");
    let plain = || part.pointer("/source/data").filter(|_| is_plain);
    if let Some(text) = text.or_else(plain) {
        let is_thought = part.get("thought").and_then(Document::as_bool) == Some(true);
        let kind = if is_thought { "reasoning" } else { "text" };
        return Some(vec![json!({"type": kind, "content": text.to_value()})]);
    }
    if let Some(text) = thought(part) {
        return Some(vec![json!({"type": "reasoning", "content": text})]);
    }
    let hosted = server_tool::parts(part, kind);
    if !hosted.is_empty() {
        return Some(hosted);
    }
    let one = tool_call(part, kind)
        .or_else(|| tool_response(part, kind))
        .or_else(|| compaction(part, kind))
        .or_else(|| media(part, kind));
    one.map(|one| vec![one])
}

/// A summary that takes the place of earlier messages.
fn compaction(part: &Document, kind: &str) -> Option<Value> {
    (kind == "compaction").then(|| {
        let mut summary = json!({"type": kind});
        for key in ["id", "content"] {
            let text = part.get(key).filter(|text| text.as_text().is_some());
            if let (Some(text), Some(members)) = (text, summary.as_object_mut()) {
                members.insert(key.to_owned(), text.to_value());
            }
        }
        summary
    })
}

/// What a part says that is a thought, or a summary of some.
fn thought(part: &Document) -> Option<Value> {
    let text = part.get("thinking").filter(|text| text.as_text().is_some());
    let text = text.or_else(|| part.pointer("/reasoningContent/reasoningText/text"));
    let summary = || {
        let lines: Vec<&str> = part
            .items_of("summary")
            .filter_map(|text| text.string("text"))
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n").into())
    };
    let text = text.filter(|text| text.as_text().is_some());
    text.map(Document::to_value).or_else(summary)
}

fn tool_call(part: &Document, kind: &str) -> Option<Value> {
    let call = ["function", "custom", "functionCall", "toolUse"]
        .iter()
        .find_map(|key| part.get(key));
    // OpenAI's first function calls had no type, nor have Gemini's live ones.
    let is_function = kind.is_empty()
        && part.get("name").is_some()
        && (part.get("arguments").is_some() || part.get("args").is_some());
    let is_call = matches!(
        kind,
        "tool_use" | "tool-call" | "function_call" | "custom_tool_call" | "function"
    );
    if call.is_none() && !is_call && !is_function {
        return None;
    }
    let call = call.unwrap_or(part);
    // An item of Responses has its own id beside that of the call.
    let id = ["call_id", "id", "toolUseId", "toolCallId"]
        .iter()
        .find_map(|key| part.get(key).or_else(|| call.get(key)));
    let arguments = ["arguments", "args", "input"]
        .iter()
        .find_map(|key| call.get(key));
    let arguments = match arguments {
        Some(arguments) => parsed(arguments),
        None => json!({}),
    };
    let name = call.get("name").or_else(|| call.get("toolName"));
    let name = name.map(Document::to_value);
    Some(with_id(
        json!({"type": "tool_call", "name": name, "arguments": arguments}),
        id,
    ))
}

fn tool_response(part: &Document, kind: &str) -> Option<Value> {
    let response = ["functionResponse", "toolResult"]
        .iter()
        .find_map(|key| part.get(key));
    let kinds = [
        "tool_result",
        "tool-result",
        "function_call_output",
        "custom_tool_call_output",
        "function_result",
    ];
    if response.is_none() && !kinds.contains(&kind) {
        return None;
    }
    let response = response.unwrap_or(part);
    let id = ["id", "call_id", "tool_use_id", "toolUseId", "toolCallId"]
        .iter()
        .find_map(|key| response.get(key));
    let result = ["response", "output", "content", "result"]
        .iter()
        .find_map(|key| response.get(key));
    let result = json!({"type": "tool_call_response", "response": result.map(without_media)});
    Some(with_id_or_name(result, id, response.get("name")))
}

/// Tools by type and name: the conventions advise against more. A provider's own tool, such as `web_search`,
/// has one word for both: its type, or in Gemini's requests the member that it stands in.
fn tools(tool: &Document) -> Vec<Value> {
    let declared: Vec<Value> = tool.items_of("functionDeclarations").flat_map(tools).collect();
    if !declared.is_empty() {
        return declared;
    }
    let function = ["function", "custom", "toolSpec"]
        .iter()
        .find_map(|key| tool.get(key))
        .unwrap_or(tool);
    match (function.string("name"), tool.string("type")) {
        (Some(name), kind) => vec![json!({"type": kind.unwrap_or("function"), "name": name})],
        (None, Some("function")) => Vec::new(),
        (None, Some(kind)) => vec![json!({"type": kind, "name": kind})],
        // Gemini's own tools are members: `{"googleSearch": {}}`.
        (None, None) => tool
            .members()
            .map(|(kind, _)| kind)
            .filter(|kind| *kind != "functionDeclarations")
            .map(|kind| json!({"type": kind, "name": kind}))
            .collect(),
    }
}
