//! Embeddings of OpenAI and those that speak like it, Gemini, Ollama, Cohere, Vertex and Bedrock: one shape
//! of answer, a vector, which is not read, and the number of tokens.

use http::HeaderMap;

use super::bedrock_invoke;
use super::named_count::{self, INPUT};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath, ParameterType};
use crate::path_segments::{deployment, hub_model, model_in, segment};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

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
    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn members(&self) -> &'static [&'static str] {
        MEMBERS
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        match self {
            Self::Texts => INPUTS.iter().any(|key| request.has(key)),
            Self::Instances => request.has("instances"),
            Self::InvokeModel => request.is_object(),
        }
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[PARAMS], at, value);
        if let ("servingMode.modelId" | "modelUri", Some(model)) = (at.as_str(), value.as_str()) {
            request.named.model = Some(model.to_owned());
        }
        if let ("taskType", Some(task)) = (at.as_str(), value.as_str()) {
            request.is_embedding = task.ends_with("_EMBEDDING");
        }
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        let in_path = match self {
            Self::InvokeModel => segment(path, "/model/", '/'),
            Self::Texts | Self::Instances => model_in(path).or_else(|| {
                let pipeline = path.strip_suffix("/pipeline/feature-extraction")?;
                hub_model(pipeline)
            }),
        };
        if in_path.is_some() {
            request.model = in_path;
        }
        request.default_model(|| deployment(path));
        request.stream = Some(false);
        if let Self::InvokeModel = self {
            request.is_embedding = bedrock_invoke::embeds(path, request);
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        match at.as_str() {
            "input" | "text" | "texts" | "inputs" | "content" | "prompt" | "inputText" => {
                Some(PromptPart::TextsOrTokens)
            }
            "input.texts"
            | "requests[].content"
            | "instances[].content"
            | "singleEmbeddingParams.text.value" => Some(PromptPart::Texts),
            _ => None,
        }
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        if let Self::InvokeModel = self {
            bedrock_invoke::read_head(headers, reply);
        }
        // Text Embeddings Inference answers with the vectors alone.
        let count = headers.get(TEI_TOKENS).and_then(|count| count.to_str().ok());
        if let Some(count) = count {
            reply.set_tokens(UsagePart::Input, Scalar::Number(count));
        }
    }

    fn envelopes(&self) -> &'static [&'static str] {
        &["response", "result", "output", "body"]
    }

    fn channel(&self, _: &Path, _: &Reply) -> Option<Channel> {
        None
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("id" | "request_id", Some(id)) => reply.set_id(id),
            ("model" | "model_id" | "modelId", Some(model)) => reply.set_model(model),
            (INSTANCE, _) => reply.usage.add(UsagePart::Input, value.as_count()),
            // Voyage has no other; elsewhere it is the same.
            ("usage.total_tokens", _) if reply.usage.part(UsagePart::Input).is_some() => {}
            ("meta.billed_units.input_tokens", _) => {
                reply.usage.add(UsagePart::BilledInput, value.as_count());
            }
            ("meta.billed_units.image_tokens", _) => {
                reply.usage.add(UsagePart::BilledInput, value.as_count());
                reply.usage.add(UsagePart::ImageInput, value.as_count());
            }
            // Gemini's singular is that of embeddings only.
            (path, _) => match named_count::list_of(path, at, "Details[].") {
                Some("usageMetadata.promptToken" | "usageMetadata.promptTokens") => {
                    named_count::read(INPUT, at, value, reply);
                }
                _ => {
                    reply.read_error(path, value);
                    reply.usage.read_billing(path, value);
                    reply.usage.read(USAGE, path, value.as_count());
                }
            },
        }
    }
}

/// What holds the texts, or the images; `prompt` did so in Ollama's first API.
const INPUTS: &[&str] = &[
    "input",
    "text",
    "texts",
    "inputs",
    "content",
    "requests",
    "instances",
    "prompt",
    "images",
];

/// What shows the shape of a request: [`INPUTS`], and what distinguishes Bedrock's models.
const MEMBERS: &[&str] = &[
    "input",
    "text",
    "texts",
    "inputs",
    "content",
    "requests",
    "instances",
    "prompt",
    "images",
    "inputText",
    "textGenerationConfig",
    "input_type",
    "embeddingConfig",
];

/// Vertex counts each text by itself.
const INSTANCE: &str = "predictions[].embeddings.statistics.token_count";

const PARAMS: &[ParameterPath] = &[
    (Parameter::DimensionCount, "dimensions", ParameterType::Int),
    (Parameter::DimensionCount, "output_dimension", ParameterType::Int),
    (
        Parameter::DimensionCount,
        "outputDimensionality",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "parameters.outputDimensionality",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "requests[].outputDimensionality",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "embedContentConfig.outputDimensionality",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "requests[].embedContentConfig.outputDimensionality",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "embeddingConfig.outputEmbeddingLength",
        ParameterType::Int,
    ),
    (
        Parameter::DimensionCount,
        "singleEmbeddingParams.embeddingDimension",
        ParameterType::Int,
    ),
    (
        Parameter::EncodingFormats,
        "encoding_format",
        ParameterType::Texts,
    ),
    (
        Parameter::EncodingFormats,
        "embedding_types",
        ParameterType::Texts,
    ),
    (Parameter::EncodingFormats, "embeddingTypes", ParameterType::Texts),
];

/// The header with the tokens of Text Embeddings Inference.
pub(super) const TEI_TOKENS: &str = "x-compute-tokens";

const USAGE: &Paths = &[
    ("usage.prompt_tokens", UsagePart::Input),
    ("usage.total_tokens", UsagePart::Input),
    ("total_tokens", UsagePart::Input),
    ("usage.text_tokens", UsagePart::TextInput),
    ("prompt_eval_count", UsagePart::Input),
    ("input_token_count", UsagePart::Input),
    ("inputTextTokenCount", UsagePart::Input),
    ("usage.promptTokens", UsagePart::Input),
    ("numTokens", UsagePart::Input),
    ("usageMetadata.promptTokenCount", UsagePart::Input),
    ("meta.tokens.input_tokens", UsagePart::Input),
];
