//! The `CodeInterpreter` carries out an instruction: the `CodeGenerator` writes a plan, the Executor runs it.

use throughline::agents::try_in_agent;

use super::{Failure, code_generator, executor, record_answer, record_post};
use crate::model::Model;

/// Carries out the instruction and returns the result.
pub(crate) async fn work(model: &Model, instruction: &str) -> Result<String, Failure> {
    try_in_agent("CodeInterpreter", async {
        record_post(model, "Planner", instruction);
        let plan = code_generator::work(model, instruction).await?;
        let result = executor::work(model, &plan).await;
        record_answer(model, &result);
        Ok(result)
    })
    .await
}
