//! The parameters of requests, and their paths in a format.

use std::borrow::Cow;

use crate::json::Scalar;

/// A parameter of a request that the conventions have an attribute for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// The maximum number of output tokens.
    MaxTokens,
    /// The temperature.
    Temperature,
    /// The probability mass of nucleus sampling.
    TopP,
    /// The number of candidates for the next token.
    TopK,
    /// The penalty for tokens by their frequency so far.
    FrequencyPenalty,
    /// The penalty for tokens that occurred before.
    PresencePenalty,
    /// The seed.
    Seed,
    /// The sequences that end an answer.
    StopSequences,
    /// The reasoning effort or level.
    ReasoningLevel,
    /// The number of alternatives, if it is more than one.
    ChoiceCount,
    /// The requested output type: `json`, `text`, `image`, `speech`.
    OutputType,
    /// The formats of embeddings.
    EncodingFormats,
    /// The dimensions of embeddings.
    DimensionCount,
    /// The response that this request continues.
    PreviousResponseId,
    /// The conversation that the request belongs to.
    ConversationId,
    /// The agent that the provider runs.
    AgentId,
    /// The name of a prompt that the provider stores.
    PromptName,
    /// The version of that prompt.
    PromptVersion,
    /// OpenAI's service tier.
    OpenAiServiceTier,
    /// The OpenAI API that is called: `chat_completions`, `responses`.
    OpenAiApiType,
    /// The guardrail that Bedrock applies.
    BedrockGuardrailId,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ParameterValue {
    /// An integer.
    Int(i64),
    /// A number.
    Double(f64),
    /// A string.
    Text(Cow<'static, str>),
    /// A list of strings.
    Texts(Vec<String>),
}

/// A parameter, its path in a format, and its type. If a parameter has several paths, the first one in the
/// table that has a value counts.
pub(crate) type ParameterPath = (Parameter, &'static str, ParameterType);

/// The type of a parameter in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterType {
    Int,
    Double,
    Text,
    /// A string or an array of strings.
    Texts,
    /// A number of alternatives.
    Choices,
}

impl ParameterType {
    pub(crate) fn read(self, value: Scalar<'_>) -> Option<ParameterValue> {
        match (self, value) {
            (Self::Int, Scalar::Number(digits)) => digits.parse().ok().map(ParameterValue::Int),
            (Self::Double, Scalar::Number(digits)) => {
                let number: f64 = digits.parse().ok()?;
                number.is_finite().then_some(ParameterValue::Double(number))
            }
            (Self::Text, Scalar::Text(text)) => Some(text.to_owned().into()),
            (Self::Texts, Scalar::Text(text)) => Some(ParameterValue::Texts(vec![text.to_owned()])),
            _ => None,
        }
    }
}

impl From<i64> for ParameterValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for ParameterValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&'static str> for ParameterValue {
    fn from(value: &'static str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for ParameterValue {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}
