//! Agents, flows and knowledge bases of Bedrock. Their prompts are made by the provider, so their tokens are known only if
//! the answer has the agent's trace, whose runs of a model are added up.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock_Runtime.html>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::path_segments::segment;
use crate::usage::UsagePart;

/// `POST /agents/{agent}/agentAliases/{alias}/sessions/{session}/text`, and `POST /agents/{session}` for an agent that the
/// request describes.
pub(super) const AGENT: Table = Table {
    operation: Operation::InvokeAgent,
    model_in_path: |_| None,
    request_model: "foundationModel",
    agent_in_path: |path| segment(path, "/agents/", '/'),
    parameters: &[
        (
            Parameter::MaxTokens,
            "inferenceConfiguration.maximumLength",
            ParameterType::Int,
        ),
        (
            Parameter::Temperature,
            "inferenceConfiguration.temperature",
            ParameterType::Double,
        ),
        (
            Parameter::TopP,
            "inferenceConfiguration.topP",
            ParameterType::Double,
        ),
    ],
    text: &["bytes"],
    id: &[],
    model: &["trace.orchestrationTrace.modelInvocationInput.foundationModel"],
    usage: &[
        (
            "trace.preProcessingTrace.modelInvocationOutput.metadata.usage.inputTokens",
            UsagePart::Input,
        ),
        (
            "trace.preProcessingTrace.modelInvocationOutput.metadata.usage.outputTokens",
            UsagePart::Output,
        ),
        (
            "trace.orchestrationTrace.modelInvocationOutput.metadata.usage.inputTokens",
            UsagePart::Input,
        ),
        (
            "trace.orchestrationTrace.modelInvocationOutput.metadata.usage.outputTokens",
            UsagePart::Output,
        ),
        (
            "trace.postProcessingTrace.modelInvocationOutput.metadata.usage.inputTokens",
            UsagePart::Input,
        ),
        (
            "trace.postProcessingTrace.modelInvocationOutput.metadata.usage.outputTokens",
            UsagePart::Output,
        ),
        (
            "trace.routingClassifierTrace.modelInvocationOutput.metadata.usage.inputTokens",
            UsagePart::Input,
        ),
        (
            "trace.routingClassifierTrace.modelInvocationOutput.metadata.usage.outputTokens",
            UsagePart::Output,
        ),
    ],
    sums_usage: true,
    end: End::Any,
    ..Table::PLAIN
};

/// `POST /flows/{flow}/aliases/{alias}`.
pub(super) const FLOW: Table = Table {
    operation: Operation::InvokeAgent,
    required: &["inputs"],
    model_in_path: |_| None,
    agent_in_path: |path| segment(path, "/flows/", '/'),
    text: &["content.document"],
    id: &[],
    model: &[],
    finish_reason: &["completionReason"],
    end: End::Event("flowCompletionEvent"),
    ..Table::PLAIN
};

/// `POST /retrieveAndGenerate`, `/retrieveAndGenerateStream`.
pub(super) const KNOWLEDGE_BASE: Table = Table {
    operation: Operation::InvokeAgent,
    required: &["input"],
    model_in_path: |_| None,
    request_model: "retrieveAndGenerateConfiguration.knowledgeBaseConfiguration.modelArn",
    stream_paths: &["/retrieveAndGenerateStream"],
    parameters: &[(Parameter::ConversationId, "sessionId", ParameterType::Text)],
    text: &["text"],
    whole_text: &["output.text"],
    id: &[],
    model: &[],
    end: End::Any,
    ..Table::PLAIN
};
