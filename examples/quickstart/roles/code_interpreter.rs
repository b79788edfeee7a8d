//! The `CodeInterpreter` turns an instruction into a result: the `CodeGenerator` writes a plan, the Executor runs it.

use throughline::agents::try_in_agent;

use super::{Failure, answered, code_generator, executor, received};
use crate::model::Model;

/// Does what the instruction says.
pub(crate) async fn work(model: &Model, instruction: &str) -> Result<String, Failure> {
    try_in_agent("CodeInterpreter", async {
        received(model, "Planner", instruction);
        let plan = code_generator::work(model, instruction).await?;
        let result = executor::work(model, &plan).await;
        answered(model, &result);
        Ok(result)
    })
    .await
}
