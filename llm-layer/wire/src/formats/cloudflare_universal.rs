//! The universal endpoint of Cloudflare's AI gateway: an array of requests to providers, of which the first that
//! succeeds is answered, in the form of its provider.
//!
//! <https://developers.cloudflare.com/ai-gateway/usage/universal/>

use super::anthropic::{self, Anthropic};
use super::gemini::{self, Gemini};
use super::openai_chat::{self, ENVELOPES, OpenAiChat};
use crate::content::{Content, Document, Members};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;

/// `POST /v1/{account}/{gateway}`. What is read of the request is its first element.
#[derive(Debug)]
pub(crate) struct CloudflareUniversal;

impl WireFormat for CloudflareUniversal {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        !request.is_object()
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        match (at.as_str(), value) {
            ("[].query.model", Scalar::Text(model)) => request.model = Some(model.to_owned()),
            ("[].query.stream", Scalar::Bool(stream)) => request.stream = Some(stream),
            ("[].provider", Scalar::Text(name)) => {
                let provider = PROVIDERS.iter().find(|(other, _)| *other == name);
                request.named.provider = provider.map(|(_, provider)| *provider);
            }
            ("[].endpoint", Scalar::Text(endpoint)) => {
                request.named.model = model(endpoint);
            }
            (path, _) => {
                if let Some(path) = path.strip_prefix("[].query.") {
                    request.read_at(&[anthropic::PARAMS], path, at, value);
                    gemini::request_value(path, at, value, request);
                }
            }
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        // The other elements are the same prompt for other providers.
        if at.position(0) > 0 {
            return None;
        }
        match at.as_str().strip_prefix("[].query.")? {
            "system" | "systemInstruction" | "system_instruction" | "prompt" => Some(PromptPart::Texts),
            "messages[]" | "contents[]" => Some(PromptPart::Message),
            "tools[]" => Some(PromptPart::Function("")),
            _ => None,
        }
    }

    fn content(&self, body: &Document) -> Content {
        let members = Members {
            instructions: &[
                "/0/query/system",
                "/0/query/systemInstruction",
                "/0/query/system_instruction",
            ],
            messages: &["/0/query/messages", "/0/query/contents", "/0/query/prompt"],
            tools: &["/0/query/tools"],
        };
        members.read(body)
    }

    fn envelopes(&self) -> &'static [&'static str] {
        ENVELOPES
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        match at.as_str() {
            // That of Workers AI.
            "response" => Some(Channel::Content),
            _ => OpenAiChat::Create
                .channel(at, reply)
                .or_else(|| Anthropic.channel(at, reply))
                .or_else(|| Gemini.channel(at, reply)),
        }
    }

    fn items(&self) -> &'static [&'static str] {
        &[
            "choices[].message.tool_calls[]",
            "content[]",
            "content_block",
            "candidates[].content.parts[]",
        ]
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let path = at.as_str();
        match path.split(['.', '[']).next() {
            Some("choices") => OpenAiChat::Create.value(at, value, reply),
            Some("candidates" | "usageMetadata" | "modelVersion" | "responseId") => {
                Gemini.value(at, value, reply);
            }
            _ => {
                openai_chat::usage(path, value, reply);
                Anthropic.value(at, value, reply);
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        Anthropic.event(name, reply);
    }
}

/// The model in the endpoint of a provider, which has it where the body does not name it.
fn model(endpoint: &str) -> Option<String> {
    let name = match endpoint.split_once("models/") {
        Some((_, rest)) => rest.split([':', '/']).next().unwrap_or_default(),
        None => endpoint,
    };
    (name.starts_with('@') || name.len() < endpoint.len()).then(|| name.to_owned())
}

/// The providers by the gateway's names for them.
const PROVIDERS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("azure-openai", "azure.ai.openai"),
    ("aws-bedrock", "aws.bedrock"),
    ("google-ai-studio", "gcp.gemini"),
    ("google-vertex-ai", "gcp.vertex_ai"),
    ("mistral", "mistral_ai"),
    ("cohere", "cohere"),
    ("deepseek", "deepseek"),
    ("grok", "x_ai"),
    ("groq", "groq"),
    ("openrouter", "openrouter"),
    ("perplexity-ai", "perplexity"),
];
