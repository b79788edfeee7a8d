//! Images of Vertex's `:predict`, which is for models of many kinds. They are billed by image.
//!
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api>

use super::table::Table;
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};

/// `POST …/models/{model}:predict` with prompts.
pub(super) const VERTEX_IMAGES: Table = Table {
    operation: Operation::ImageGeneration,
    required: &["instances"],
    parameters: &[(
        Parameter::ChoiceCount,
        "parameters.sampleCount",
        ParameterType::Choices,
    )],
    output_type: Some("image"),
    ..Table::PLAIN
};
