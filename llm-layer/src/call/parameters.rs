//! What a request asks for, by the names of the conventions.

use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use throughline_agents::Convention;
use throughline_llm_wire::{Operation, Parameter, ParameterValue, RequestInfo};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};

use super::limits::bound_attributes;
use crate::semconv;

/// What a request asks for, as the call's span says it.
#[derive(Debug, Clone)]
pub(super) struct RequestAttributes {
    pub(super) model: Option<String>,
    pub(super) stream: bool,
    /// The number of alternatives.
    choices: u32,
    pub(super) operation: Operation,
    pub(super) attributes: Vec<KeyValue>,
}

impl RequestAttributes {
    /// Within the limits of attributes, whatever a format of the user's reads.
    pub(super) fn new(operation: Operation, mut request: RequestInfo, convention: Convention) -> Self {
        let mut model = request.model.take();
        if let Some(model) = &mut model {
            truncate_string(model, MAX_ATTRIBUTE_BYTES);
        }
        let (stream, choices) = (request.stream.unwrap_or(false), request.choices);
        let mut attributes: Vec<_> = request
            .into_named(name)
            .filter(|(name, _)| semconv::is_in(convention, name))
            .filter_map(|(name, value)| Some(KeyValue::new(name, attribute(value)?)))
            .collect();
        bound_attributes(&mut attributes);
        Self {
            model,
            stream,
            choices,
            operation,
            attributes,
        }
    }

    /// The number of alternatives that are expected to end with a reason.
    pub(super) fn expected_finishes(&self) -> u32 {
        if self.operation.is_text() { self.choices } else { 0 }
    }

    /// Whether an attribute of this name is set.
    pub(super) fn has(&self, name: &Key) -> bool {
        self.attributes.iter().any(|attribute| attribute.key == *name)
    }
}

fn attribute(value: ParameterValue) -> Option<Value> {
    Some(match value {
        ParameterValue::Int(value) => value.into(),
        ParameterValue::Double(value) => value.into(),
        ParameterValue::Text(value) => value.into(),
        ParameterValue::Texts(values) => {
            let values: Vec<StringValue> = values.into_iter().map(StringValue::from).collect();
            Value::Array(Array::String(values))
        }
        _ => return None,
    })
}

/// The attribute of a parameter.
fn name(parameter: Parameter) -> Option<&'static str> {
    Some(match parameter {
        Parameter::MaxTokens => semconv::REQUEST_MAX_TOKENS,
        Parameter::Temperature => semconv::REQUEST_TEMPERATURE,
        Parameter::TopP => semconv::REQUEST_TOP_P,
        Parameter::TopK => semconv::REQUEST_TOP_K,
        Parameter::FrequencyPenalty => semconv::REQUEST_FREQUENCY_PENALTY,
        Parameter::PresencePenalty => semconv::REQUEST_PRESENCE_PENALTY,
        Parameter::Seed => semconv::REQUEST_SEED,
        Parameter::StopSequences => semconv::REQUEST_STOP_SEQUENCES,
        Parameter::ReasoningLevel => semconv::REQUEST_REASONING_LEVEL,
        Parameter::ChoiceCount => semconv::REQUEST_CHOICE_COUNT,
        Parameter::OutputType => semconv::OUTPUT_TYPE,
        Parameter::EncodingFormats => semconv::REQUEST_ENCODING_FORMATS,
        Parameter::DimensionCount => semconv::EMBEDDINGS_DIMENSION_COUNT,
        Parameter::PreviousResponseId => semconv::REQUEST_PREVIOUS_RESPONSE_ID,
        Parameter::ConversationId => semconv::CONVERSATION_ID,
        Parameter::AgentId => semconv::AGENT_ID,
        Parameter::PromptName => semconv::PROMPT_NAME,
        Parameter::PromptVersion => semconv::PROMPT_VERSION,
        Parameter::OpenAiServiceTier => semconv::OPENAI_REQUEST_SERVICE_TIER,
        Parameter::OpenAiApiType => semconv::OPENAI_API_TYPE,
        Parameter::BedrockGuardrailId => semconv::BEDROCK_GUARDRAIL_ID,
        _ => return None,
    })
}
