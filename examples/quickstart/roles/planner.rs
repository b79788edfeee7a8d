//! The Planner decides what to compute, passes it to the `CodeInterpreter`, and replies.

use throughline::agents::try_in_agent;

use super::{Failure, code_interpreter, record_answer, record_post};
use crate::model::Model;

const PLAN: &str = "You are the Planner. Say in one sentence what to compute from a table of sales with the columns \
                    region, product, month and amount, so that the question is answered.";
const REPLY: &str = "You are the Planner. Answer the question in one sentence from the result.";

/// Answers a question.
pub(crate) async fn work(model: &Model, query: &str) -> Result<String, Failure> {
    try_in_agent("Planner", async {
        record_post(model, "User", query);
        let instruction = model.complete(PLAN, query).await?;
        let result = code_interpreter::work(model, &instruction).await?;
        let reply = format!("Question: {query}\nResult: {result}");
        let answer = model.complete_streamed(REPLY, &reply).await?;
        record_answer(model, &answer);
        Ok(answer)
    })
    .await
}
