//! A run of a graph, step by step: the spans of TinyLLM, with what the run spent.
//!
//! A graph and its nodes are [scopes](crate::scope): they run futures, or are guards, count the tokens of the model calls
//! beneath them, and end their spans however their work ends. Only the names on their spans are TinyLLM's.
//!
//! ```
//! use throughline_llm_layer::graph::{graph, node, task};
//! use throughline_llm_layer::tokens;
//!
//! # async fn classify(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn ask_model(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
//! async fn answer(question: &str) -> Result<String, std::io::Error> {
//!     let run = graph("support").with_attribute(task(question)); // without it the question stays here
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
//! | span | attribute | when | what |
//! |---|---|---|---|
//! | `graph.execute` | `graph.id` | at the start | what [`graph()`] was given |
//! | | `task.content` | at the start, if the caller adds [`task`] | the first 100 characters of the task |
//! | | `execution.trace_id` | at the end | the id of the trace, in hexadecimal |
//! | | `execution.nodes_executed` | at the end | the nodes that have begun, failed ones among them |
//! | | `execution.tokens_used` | at the end | input and output of all model calls beneath; estimates among them; not there if every call's are unknown |
//! | | `execution.duration_ms` | at the end | whole milliseconds |
//! | `node.{type}` | `node.id`, `node.type` | at the start | what [`node`] was given |
//! | | `execution.step` | at the start | 1 for the first node of the run to begin, and so on |
//!
//! And on both, as on every scope: `error.type` and status `Error` of an `Err`, a cancelled or a panicked future. They
//! carry TinyLLM's attributes and no others; put an [`agent`](crate::agent) or a [`workflow`](crate::workflow) beneath
//! a node to have the conventions' as well.
//!
//! Nodes count up in the order in which they begin, those within nodes and those that run at once too. A graph within a
//! node counts its own. A node outside of any graph has no step. A future that is never polled is no step.

mod run;

use std::borrow::Cow;

use opentelemetry::KeyValue;
use throughline_tracing_layer::limits::bound;

pub(crate) use self::run::Run;
use crate::scope::{Kind, Scope};
use crate::semconv::tinyllm;

/// A run of the graph with this id: a span `graph.execute`.
pub fn graph(id: impl Into<Cow<'static, str>>) -> Scope {
    Scope::new(Kind::Graph, id.into())
}

/// A node of this type and id, the next step of the run around it: a span `node.{type}`.
///
/// The type becomes part of a name: let it be one of few, such as `model`, `router` or `tool`.
pub fn node(kind: impl Into<Cow<'static, str>>, id: impl Into<Cow<'static, str>>) -> Scope {
    let mut id = KeyValue::new(tinyllm::NODE_ID, id.into());
    bound(&mut id.value);
    Scope::new(Kind::Node, kind.into()).with_attribute(id)
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
