//! The Planner decides what is to be done, has it done, and replies.

use throughline::agents::try_in_agent;

use super::{Failure, answered, code_interpreter, received};
use crate::model::Model;

const PLAN: &str = "You are the Planner. Say in one sentence what to compute from a table of sales with the columns \
                    region, product, month and amount, so that the question is answered.";
const REPLY: &str = "You are the Planner. Answer the question in one sentence from the result.";

/// Answers a question.
pub(crate) async fn work(model: &Model, query: &str) -> Result<String, Failure> {
    try_in_agent("Planner", async {
        received(model, "User", query);
        let instruction = model.ask(PLAN, query).await?;
        let result = code_interpreter::work(model, &instruction).await?;
        let reply = format!("Question: {query}\nResult: {result}");
        let answer = model.ask_streamed(REPLY, &reply).await?;
        answered(model, &answer);
        Ok(answer)
    })
    .await
}
