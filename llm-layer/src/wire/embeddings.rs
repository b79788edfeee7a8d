//! Embeddings of OpenAI and those that speak like it, Gemini, Ollama, Cohere, Vertex and Bedrock: one shape of answer, a
//! vector nobody here reads and the number of tokens.

use http::HeaderMap;
use serde_json::Value;

use super::ask::{Kind, Param, items, member, model_in, segment};
use super::bedrock_invoke;
use super::openai_chat::deployment;
use super::usage::{Field, Paths};
use super::{Ask, Channel, Reply, WireFormat, texts};
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};
use crate::semconv;

/// The shape of a request.
#[derive(Debug)]
pub(crate) enum Embeddings {
    /// `POST …/embeddings`, `/api/embed`, `/v2/embed`, `…:embedContent`, `…:batchEmbedContents`.
    Texts,
    /// `POST …:predict`, which is for models of many kinds.
    Instances,
    /// `POST /model/{model}/invoke`, which is for models of all kinds.
    InvokeModel,
}

impl WireFormat for Embeddings {
    fn operation(&self) -> &'static str {
        "embeddings"
    }

    fn matches(&self, body: &Value) -> bool {
        match self {
            Self::Texts => INPUTS.iter().any(|key| body.get(*key).is_some()),
            Self::Instances => body.pointer("/instances/0/content").is_some_and(Value::is_string),
            Self::InvokeModel => body.is_object(),
        }
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        let mut ask = Ask::read(body, PARAMS);
        let in_path = match self {
            Self::InvokeModel => segment(path, "/model/", '/'),
            _ => model_in(path),
        };
        ask.model = in_path.or(ask.model).or_else(|| deployment(path));
        ask.choices = 0;
        ask.stream = false;
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        for key in ["input", "texts", "inputs", "content", "prompt", "inputText"] {
            texts::count_or_tokens(body.get(key), prompt);
        }
        for one in ["requests", "instances"]
            .iter()
            .flat_map(|key| items(body.get(*key)))
        {
            texts::count(one.get("content"), prompt);
        }
        texts::count(member(body, "/singleEmbeddingParams/text/value"), prompt);
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        if let Self::InvokeModel = self {
            bedrock_invoke::read_head(headers, reply);
        }
    }

    fn channel(&self, _: &Path, _: &Reply) -> Option<Channel> {
        None
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("id", Some(id)) => reply.set_id(id),
            ("model" | "model_id", Some(model)) => reply.set_model(model),
            (INSTANCE, _) => reply.usage.add(Field::Input, value.as_count()),
            // Voyage has no other; elsewhere it is the same.
            ("usage.total_tokens", _) if reply.usage.part(Field::Input).is_some() => {}
            ("meta.billed_units.input_tokens", _) => reply.usage.add(Field::BilledInput, value.as_count()),
            ("meta.billed_units.image_tokens", _) => {
                reply.usage.add(Field::BilledInput, value.as_count());
                reply.usage.add(Field::ImageInput, value.as_count());
            }
            (path, _) => {
                reply.error(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }
}

/// What holds the texts, or the images; `prompt` did so in Ollama's first API.
const INPUTS: &[&str] = &[
    "input",
    "texts",
    "inputs",
    "content",
    "requests",
    "instances",
    "prompt",
    "images",
];

/// Vertex counts each text by itself.
const INSTANCE: &str = "predictions[].embeddings.statistics.token_count";

const PARAMS: &[Param] = &[
    (semconv::EMBEDDINGS_DIMENSION_COUNT, "/dimensions", Kind::Int),
    (
        semconv::EMBEDDINGS_DIMENSION_COUNT,
        "/output_dimension",
        Kind::Int,
    ),
    (
        semconv::EMBEDDINGS_DIMENSION_COUNT,
        "/outputDimensionality",
        Kind::Int,
    ),
    (
        semconv::EMBEDDINGS_DIMENSION_COUNT,
        "/parameters/outputDimensionality",
        Kind::Int,
    ),
    (
        semconv::EMBEDDINGS_DIMENSION_COUNT,
        "/embeddingConfig/outputEmbeddingLength",
        Kind::Int,
    ),
    (
        semconv::EMBEDDINGS_DIMENSION_COUNT,
        "/singleEmbeddingParams/embeddingDimension",
        Kind::Int,
    ),
    (semconv::REQUEST_ENCODING_FORMATS, "/encoding_format", Kind::Texts),
    (semconv::REQUEST_ENCODING_FORMATS, "/embedding_types", Kind::Texts),
    (semconv::REQUEST_ENCODING_FORMATS, "/embeddingTypes", Kind::Texts),
];

const USAGE: &Paths = &[
    ("usage.prompt_tokens", Field::Input),
    ("usage.total_tokens", Field::Input),
    ("prompt_eval_count", Field::Input),
    ("input_token_count", Field::Input),
    ("inputTextTokenCount", Field::Input),
    ("usageMetadata.promptTokenCount", Field::Input),
    ("meta.tokens.input_tokens", Field::Input),
];
