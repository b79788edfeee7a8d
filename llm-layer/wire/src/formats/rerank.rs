//! The rerank APIs of Cohere, Jina, Voyage, vLLM, Text Embeddings Inference, NVIDIA, Mixedbread, watsonx,
//! DashScope, Oracle Cloud and Bedrock.
//!
//! <https://docs.cohere.com/reference/rerank>

use super::embeddings::TEI_TOKENS;
use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::usage::UsagePart;

/// `POST …/rerank` with documents.
pub(super) const DOCUMENTS: Table = Table {
    operation: Operation::Rerank,
    required: &["query", "documents"],
    parameters: &[(Parameter::TopK, "top_k", ParameterType::Int)],
    usage: &[
        ("usage.total_tokens", UsagePart::Input),
        ("usage.prompt_tokens", UsagePart::Input),
        ("meta.tokens.input_tokens", UsagePart::Input),
        ("input_token_count", UsagePart::Input),
        ("meta.billed_units.input_tokens", UsagePart::BilledInput),
    ],
    ..Table::PLAIN
};

/// `POST /rerank` with texts.
pub(super) const TEXTS: Table = Table {
    required: &["query", "texts"],
    headers: &[(TEI_TOKENS, UsagePart::Input)],
    ..DOCUMENTS
};

/// `POST …/ranking` of NVIDIA's NIM.
pub(super) const PASSAGES: Table = Table {
    required: &["query", "passages"],
    ..DOCUMENTS
};

/// `POST …/reranking` of Mixedbread.
pub(super) const INPUT: Table = Table {
    required: &["query", "input"],
    ..DOCUMENTS
};

/// `POST /ml/v1/text/rerank` of watsonx.
pub(super) const INPUTS: Table = Table {
    required: &["query", "inputs"],
    request_model: "model_id",
    ..DOCUMENTS
};

/// `POST …/text-rerank` of DashScope.
pub(super) const DASHSCOPE: Table = Table {
    required: &["model", "input"],
    id: &["request_id"],
    ..DOCUMENTS
};

/// `POST …/actions/rerankText` of Oracle Cloud.
pub(super) const OCI: Table = Table {
    required: &["servingMode", "input", "documents"],
    request_model: "servingMode.modelId",
    model: &["modelId"],
    ..DOCUMENTS
};

/// `POST /rerank` of Bedrock's agent runtime.
pub(super) const BEDROCK: Table = Table {
    required: &["queries", "sources"],
    request_model: "rerankingConfiguration.bedrockRerankingConfiguration.modelConfiguration.modelArn",
    ..DOCUMENTS
};

/// `POST …/score` of vLLM.
pub(super) const SCORES: Table = Table {
    required: &["text_1", "text_2"],
    ..DOCUMENTS
};
