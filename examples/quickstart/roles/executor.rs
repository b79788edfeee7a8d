//! The Executor runs a plan.

use throughline::agents::in_tool;
use throughline::span::set_span_attribute;

use crate::model::Model;
use crate::plan::Plan;

/// Runs the plan on the table. If capture is on, the span records the plan and its result.
pub(crate) async fn work(model: &Model, plan: &Plan) -> String {
    in_tool("Executor", async {
        if model.is_captured() {
            set_span_attribute("gen_ai.tool.call.arguments", plan.to_string());
        }
        let result = plan.run();
        if model.is_captured() {
            set_span_attribute("gen_ai.tool.call.result", result.clone());
        }
        result
    })
    .await
}
