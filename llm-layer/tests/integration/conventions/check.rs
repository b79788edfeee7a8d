//! The GenAI conventions.

use opentelemetry_sdk::trace::SpanData;
use throughline_test_support::conventions::{
    AttributeRule, Attributes, Conventions, ExpectedSpan, MetricRule,
};

use super::content::{CONTENT, check_json};
use super::metrics::METRICS;
use super::table::{
    AGENT, ANSWERED, AT_CREATION, EMBEDDINGS, INFERENCE, REMOTE_AGENT, SCOPE_TOKENS, TOOL, VALUES, WORKFLOW,
};

/// The conventions of model calls and of scopes.
pub(super) struct GenAi;

impl Conventions for GenAi {
    fn metrics(&self) -> &'static [MetricRule] {
        METRICS
    }

    fn values(&self) -> &'static [(&'static str, &'static [&'static str])] {
        VALUES
    }

    fn span(&self, case: &str, _: &SpanData, attributes: &Attributes<'_>) -> ExpectedSpan {
        let operation = attributes.text("gen_ai.operation.name");
        let operation = operation.unwrap_or_else(|| panic!("{case}: no operation in {attributes:?}"));
        let (rules, target): (&'static [&'static [AttributeRule]], _) = match operation.as_str() {
            "embeddings" => (&[EMBEDDINGS], "gen_ai.request.model"),
            "execute_tool" => (&[TOOL, SCOPE_TOKENS], "gen_ai.tool.name"),
            // A provider's agent, of which only the id is known.
            "invoke_agent" if attributes.has("gen_ai.provider.name") => {
                (&[INFERENCE, REMOTE_AGENT], "gen_ai.agent.name")
            }
            "invoke_agent" => (&[AGENT, SCOPE_TOKENS], "gen_ai.agent.name"),
            "invoke_workflow" => (&[WORKFLOW, SCOPE_TOKENS], "gen_ai.workflow.name"),
            _ => (&[INFERENCE], "gen_ai.request.model"),
        };
        let scope = if rules.contains(&SCOPE_TOKENS) {
            "throughline-agents"
        } else {
            "throughline-llm-layer"
        };
        ExpectedSpan {
            name: match attributes.text(target) {
                Some(target) => format!("{operation} {target}"),
                None => operation,
            },
            scope,
            rules,
            at_creation: AT_CREATION,
        }
    }

    fn check_span(&self, case: &str, span: &SpanData, attributes: &Attributes<'_>) {
        check_usage(case, attributes);
        let schema = span.instrumentation_scope.schema_url();
        assert!(
            schema.is_some_and(|url| url.starts_with("https://opentelemetry.io/schemas/")),
            "{case}: the schema: {schema:?}"
        );
    }

    fn check_attributes(&self, case: &str, attributes: &Attributes<'_>) {
        for key in CONTENT {
            if let Some(json) = attributes.text(key) {
                check_json(case, key, &json);
            }
        }
    }
}

/// Panics unless an answered call has all attributes that the conformance suite requires.
pub(super) fn check_answered(case: &str, span: &SpanData) {
    let attributes: Attributes<'_> = span.attributes.iter().collect();
    for key in ANSWERED {
        assert!(attributes.has(key), "{case}: {key} is missing in {attributes:?}");
    }
}

/// Parts are no more than their whole.
fn check_usage(case: &str, attributes: &Attributes<'_>) {
    let count = |key: &str| attributes.int(&format!("gen_ai.usage.{key}")).unwrap_or_default();
    // Cohere bills less than it caches, and the billed input is what counts.
    let bills = attributes.text("gen_ai.provider.name").as_deref() == Some("cohere");
    if attributes.has("gen_ai.usage.input_tokens") && !bills {
        let cached = count("cache_read.input_tokens") + count("cache_write.input_tokens");
        assert!(cached <= count("input_tokens"), "{case}: cached tokens are input");
    }
    if attributes.has("gen_ai.usage.output_tokens") {
        assert!(
            count("reasoning.output_tokens") <= count("output_tokens"),
            "{case}: reasoning is output"
        );
    }
    assert_ne!(
        attributes.int("gen_ai.request.choice.count"),
        Some(1),
        "{case}: the default number of choices is not recorded"
    );
}
