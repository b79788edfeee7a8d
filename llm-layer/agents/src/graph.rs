//! Runs of a graph, step by step: the spans of TinyLLM, with the tokens of the run.
//!
//! A graph and its nodes are [scopes](crate::scope): they run futures or are guards, count the tokens of the
//! model calls beneath them, and end their spans however the work ends. The names on their spans are
//! TinyLLM's.
//!
//! ```
//! use throughline_agents::graph::{graph, node, task};
//! use throughline_agents::tokens;
//!
//! # async fn classify(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn ask_model(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
//! async fn answer(question: &str) -> Result<String, std::io::Error> {
//!     let run = graph("support").with_attribute(task(question)); // opt-in: the question is recorded
//!     run.try_run(async {
//!         let intent = node("router", "classify_intent").try_run(classify(question)).await?;
//!         let answer = node("model", "draft").try_run(ask_model(&intent)).await?;
//!         println!("{} tokens so far", tokens().total());
//!         Ok(answer)
//!     })
//!     .await
//! }
//! # fn main() {}
//! ```
//!
//! # What is recorded
//!
//! The span `graph.execute`, the run of a graph:
//!
//! <!-- semconv span.tinyllm.graph -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `execution.duration_ms` | int | Always. | The duration of a graph run, in milliseconds. |
//! | `execution.nodes_executed` | int | Always. | The number of nodes that started in a graph run, including failed nodes. |
//! | `execution.tokens_used` | int | If the token counts of at least one model call are known, or there was no call. | Input and output tokens of all model calls in a graph run, including estimates. |
//! | `execution.trace_id` | string | Always. | The trace id of a graph run, in hexadecimal. |
//! | `graph.id` | string | Always. Set at the start. | The id of a graph. |
//! | `task.content` | string | Opt-in. Set at the start. | The first 100 characters of the task of a graph run. |
//! | `error.type` |  | If the run failed. | See OpenTelemetry's conventions. |
//! <!-- endsemconv -->
//!
//! The span `node.{type}`, a node of a run:
//!
//! <!-- semconv span.tinyllm.node -->
//! | attribute | type | condition | description |
//! |---|---|---|---|
//! | `execution.step` | int | If the node belongs to a run. Set at the start. | The position of a node in the start order of a run, starting with 1. |
//! | `node.id` | string | Always. Set at the start. | The id of a node. |
//! | `node.type` | string | Always. Set at the start. | The type of a node. |
//! | `error.type` |  | If the node failed. | See OpenTelemetry's conventions. |
//! <!-- endsemconv -->
//!
//! If a run or a node returns an `Err`, is cancelled or panics, its status is `Error`. The spans have
//! TinyLLM's attributes only; put an [`agent`](crate::agent) or a [`workflow`](crate::workflow) beneath a
//! node to have those of the conventions as well.
//!
//! Nodes are numbered in the order in which they begin, nested and concurrent ones included. A graph within a
//! node numbers its own nodes. A node outside of a graph has no step, nor has a future that is never polled.

use std::borrow::Cow;

use opentelemetry::KeyValue;
use throughline_tracing_layer::limits::bound;

use crate::scope::{Scope, ScopeKind};
use crate::semconv::tinyllm;

/// A run of the graph with this id: a span `graph.execute`.
pub fn graph(id: impl Into<Cow<'static, str>>) -> Scope {
    Scope::new(ScopeKind::Graph, id.into())
}

/// A node of this type and id, the next step of the run around it: a span `node.{type}`.
///
/// The type becomes part of a name: let it be one of few, such as `model`, `router` or `tool`.
pub fn node(kind: impl Into<Cow<'static, str>>, id: impl Into<Cow<'static, str>>) -> Scope {
    let mut id = KeyValue::new(tinyllm::NODE_ID, id.into());
    bound(&mut id.value);
    Scope::new(ScopeKind::Node, kind.into()).with_attribute(id)
}

/// What the run is to do, for [`Scope::with_attribute`]: `task.content`, cut after [`TASK_LIMIT`] characters.
///
/// It is mostly what a user wrote, so it is recorded only where the program says so.
#[must_use]
pub fn task(content: &str) -> KeyValue {
    let end = content.char_indices().nth(TASK_LIMIT).map(|(at, _)| at);
    let start = end.and_then(|end| content.get(..end)).unwrap_or(content);
    KeyValue::new(tinyllm::TASK_CONTENT, start.to_owned())
}

/// The most characters of `task.content`: TinyLLM's limit.
pub const TASK_LIMIT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_cut_between_characters() {
        for (content, expected) in [
            ("", 0),
            ("short", 5),
            (&*"x".repeat(100), 100),
            (&*"x".repeat(101), 100),
            (&*"é".repeat(101), 200),
            (&*"🦀".repeat(500), 400),
        ] {
            let text = task(content).value.as_str().into_owned();
            assert_eq!(text.len(), expected, "bytes of {content:?}");
            assert!(content.starts_with(&text), "the start of {content:?}");
        }
    }
}
