//! The metrics of the GenAI conventions, with their units, buckets and attributes.

use throughline_test_support::conventions::{AttributeRule, Instrument, MetricRule, Requirement, Type};

use Requirement::{Optional, Required, With};
use Type::{Int, Text};

const CALL: &[AttributeRule] = &[
    ("gen_ai.operation.name", Text, Required),
    ("gen_ai.provider.name", Text, Required),
    ("gen_ai.request.model", Text, Optional),
    ("gen_ai.response.model", Text, Optional),
    ("server.address", Text, Optional),
    ("server.port", Int, With("server.address")),
];
const FAILING: &[AttributeRule] = &[("error.type", Text, Optional)];
const MODAL: &[AttributeRule] = &[
    ("gen_ai.token.modality", Text, Required),
    ("gen_ai.agent.name", Text, Optional),
];
const TYPED: &[AttributeRule] = &[("gen_ai.token.type", Text, Required)];

const OF_AGENT: &[AttributeRule] = &[("gen_ai.agent.name", Text, Optional)];
const OF_TOOL: &[AttributeRule] = &[
    ("gen_ai.tool.name", Text, Required),
    ("gen_ai.tool.type", Text, Optional),
];
const OF_WORKFLOW: &[AttributeRule] = &[("gen_ai.workflow.name", Text, Optional)];

const fn metric(
    name: &'static str,
    instrument: Instrument,
    unit: &'static str,
    labels: &'static [&'static [AttributeRule]],
) -> MetricRule {
    MetricRule {
        name,
        instrument,
        unit,
        description: None,
        labels,
    }
}

const S: Instrument = Instrument::Seconds(SECONDS);
const T: Instrument = Instrument::Histogram(TOKENS);
const C: Instrument = Instrument::Counter;
const AGENT_SECONDS: Instrument = Instrument::Seconds(&[
    0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6,
]);
const WORKFLOW_SECONDS: Instrument = Instrument::Seconds(&[
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0,
]);
const CALLS: Instrument = Instrument::Histogram(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);

pub(super) const METRICS: &[MetricRule] = &[
    metric("gen_ai.client.inference.duration", S, "s", &[CALL, FAILING]),
    metric("gen_ai.client.inference.time_to_first_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.inference.time_per_output_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.operation.duration", S, "s", &[CALL, FAILING]),
    metric("gen_ai.client.operation.time_to_first_chunk", S, "s", &[CALL]),
    metric("gen_ai.client.operation.time_per_output_chunk", S, "s", &[CALL]),
    metric(
        "gen_ai.client.inference.usage.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.output_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.cache_read.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.cache_write.input_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.usage.reasoning.output_tokens",
        C,
        "{token}",
        &[CALL, MODAL],
    ),
    metric(
        "gen_ai.client.inference.operation.input_tokens",
        T,
        "{token}",
        &[CALL, FAILING],
    ),
    metric(
        "gen_ai.client.inference.operation.output_tokens",
        T,
        "{token}",
        &[CALL, FAILING],
    ),
    metric("gen_ai.client.token.usage", T, "{token}", &[CALL, TYPED]),
    metric(
        "gen_ai.invoke_agent.duration",
        AGENT_SECONDS,
        "s",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_agent.inference_calls",
        CALLS,
        "{inference_call}",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_agent.tool_calls",
        CALLS,
        "{tool_call}",
        &[OF_AGENT, FAILING],
    ),
    metric(
        "gen_ai.invoke_workflow.duration",
        WORKFLOW_SECONDS,
        "s",
        &[OF_WORKFLOW, FAILING],
    ),
    metric(
        "gen_ai.execute_tool.duration",
        S,
        "s",
        &[OF_TOOL, OF_AGENT, FAILING],
    ),
    metric("prompt_size", C, "{token}", &[&[("direction", Text, Required)]]),
    metric(
        "throughline.active_streams",
        Instrument::UpDownCounter,
        "{stream}",
        &[CALL],
    ),
];

const SECONDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKENS: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0,
    16777216.0, 67108864.0,
];
