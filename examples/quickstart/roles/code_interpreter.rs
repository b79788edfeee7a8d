//! The `CodeInterpreter` turns an instruction into a result: the `CodeGenerator` writes a plan, the Executor runs it.

use throughline::llm::try_in_agent;

use super::{Failure, code_generator, executor};
use crate::model::Model;

/// Does what the instruction says.
pub(crate) async fn work(model: &Model, instruction: &str) -> Result<String, Failure> {
    try_in_agent("CodeInterpreter", async {
        let plan = code_generator::work(model, instruction).await?;
        Ok(executor::work(&plan).await)
    })
    .await
}
