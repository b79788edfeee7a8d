//! The Executor runs a plan.

use throughline::llm::in_tool;

use crate::plan::Plan;

/// Runs the plan on the table.
pub(crate) async fn work(plan: &Plan) -> String {
    in_tool("Executor", async { plan.run() }).await
}
