//! The attributes of TinyLLM and TaskWeaver.

use opentelemetry::KeyValue;
use throughline_llm_wire::Content;

use super::limits::int;
use super::outcome::Outcome;
use super::prompt::CountedPrompt;
use super::state::CallState;
use super::usage::read_prompt;
use crate::semconv::{self, legacy};
use crate::taskweaver;

/// Adds the attributes by their earlier names.
pub(super) fn push_attributes(
    call: &CallState,
    attributes: &mut Vec<KeyValue>,
    outcome: &Outcome,
    content: Option<&Content>,
) {
    attributes.extend(
        call.request
            .parameters
            .model
            .clone()
            .map(|model| KeyValue::new(legacy::MODEL, model)),
    );
    let temperature = call
        .request
        .parameters
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == semconv::REQUEST_TEMPERATURE);
    attributes
        .extend(temperature.map(|attribute| KeyValue::new(legacy::TEMPERATURE, attribute.value.clone())));
    if let Some(body) = &call.request.body {
        let prompt = read_prompt(call, CountedPrompt::characters_only());
        attributes.extend(prompt.map(|prompt| int(legacy::PROMPT_LENGTH, prompt.0.chars())));
        // The hook may have taken the prompt away, and this text of it would hold its images.
        let prompt = content.filter(|content| !content.input.is_empty() && !content.has_media());
        let unchanged = prompt.filter(|_| call.shared.config.redact.is_none());
        let text = unchanged.and_then(|_| {
            let mut text = taskweaver::text_reader(call.shared.config.limits.total);
            body.read(&mut text).then(|| taskweaver::text(text))?
        });
        attributes.extend(text.map(|text| KeyValue::new(legacy::PROMPT, text)));
    }
    let input = outcome.usage.input.map(|(tokens, _)| tokens);
    let output = outcome.usage.output.map(|(tokens, _)| tokens);
    // The same numbers as those of the counter, in each of its modes.
    let [prompt_size, output_size] = outcome.prompt_size;
    let counts = [
        (legacy::INPUT_TOKENS, input),
        (legacy::OUTPUT_TOKENS, output),
        (
            legacy::TOTAL_TOKENS,
            input.zip(output).map(|(input, output)| input + output),
        ),
        (legacy::PROMPT_SIZE, prompt_size),
        (legacy::OUTPUT_SIZE, output_size),
    ];
    let counts = counts.into_iter().filter(|_| call.counts());
    attributes.extend(counts.filter_map(|(name, count)| Some(int(name, count?))));
}
