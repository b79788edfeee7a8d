//! Videos, which are made in the background and billed by the second.
//!
//! <https://platform.openai.com/docs/api-reference/videos>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};

/// `POST …/videos`: JSON or a form.
pub(super) const OPENAI: Table = Table {
    operation: Operation::VideoGeneration,
    required: &["model", "prompt"],
    failure: &[("status", &["failed"])],
    ..Table::PLAIN
};

/// `POST …/videos/{video}/remix`.
pub(super) const REMIX: Table = Table {
    required: &["prompt"],
    ..OPENAI
};

/// `POST …:predictLongRunning` of Gemini and Vertex. The answer names the operation.
pub(super) const VEO: Table = Table {
    required: &["instances"],
    parameters: &[
        (
            Parameter::ChoiceCount,
            "parameters.sampleCount",
            ParameterType::Choices,
        ),
        (Parameter::Seed, "parameters.seed", ParameterType::Int),
    ],
    id: &["name"],
    ..OPENAI
};
