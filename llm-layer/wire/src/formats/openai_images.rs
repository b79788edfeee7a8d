//! OpenAI's images. They are billed by tokens (`gpt-image-1`) or by image (`dall-e-3`).
//!
//! <https://platform.openai.com/docs/api-reference/images>

use super::table::{End, Table};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterType};
use crate::usage::UsagePart;

/// `POST …/images/generations`.
pub(super) const GENERATIONS: Table = Table {
    operation: Operation::ImageGeneration,
    required: &["prompt"],
    parameters: &[(Parameter::ChoiceCount, "n", ParameterType::Choices)],
    output_type: Some("image"),
    id: &[],
    usage: &[
        ("usage.input_tokens", UsagePart::Input),
        ("usage.output_tokens", UsagePart::Output),
        ("usage.total_tokens", UsagePart::Total),
        ("usage.input_tokens_details.text_tokens", UsagePart::TextInput),
        ("usage.input_tokens_details.image_tokens", UsagePart::ImageInput),
        ("usage.input_tokens_details.cached_tokens", UsagePart::CacheRead),
        ("usage.output_tokens_details.text_tokens", UsagePart::TextOutput),
        ("usage.output_tokens_details.image_tokens", UsagePart::ImageOutput),
    ],
    end: End::Event(".completed"),
    ..Table::PLAIN
};

/// `POST /v2beta/stable-image/generate/{service}` of Stability: a form. The answer may be the image itself.
pub(super) const STABILITY: Table = Table {
    request_model: "model",
    parameters: &[(Parameter::Seed, "seed", ParameterType::Int)],
    model_in_path: |path| path.rsplit('/').next().map(str::to_owned),
    end: End::Any,
    ..GENERATIONS
};

/// `POST …/images/edits`, `…/images/variations`: a form, or JSON that refers to the images.
pub(super) const EDITS: Table = Table {
    operation: Operation::ImageEdit,
    required: &["image", "images"],
    requires_one: true,
    ..GENERATIONS
};
