//! The `CodeGenerator` requests a plan from the model.

use throughline::agents::try_in_agent;

use super::{Failure, record_answer, record_post};
use crate::model::Model;
use crate::plan::Plan;

const SYSTEM: &str = "You are the CodeGenerator. Write the plan for the instruction as JSON with the fields operation \
                      (sum, average, max or count) and group_by (region, product or month).";

/// Writes a plan for the instruction.
pub(crate) async fn work(model: &Model, instruction: &str) -> Result<Plan, Failure> {
    try_in_agent("CodeGenerator", async {
        record_post(model, "CodeInterpreter", instruction);
        let text = model.complete_json(SYSTEM, instruction, Plan::schema()).await?;
        record_answer(model, &text);
        Ok(Plan::parse(&text)?)
    })
    .await
}
