//! The model of a finished trace: its tree, its critical path and the tokens of its agents.
//!
//! The input is the ids and times of spans ([`SpanTime`]) and what they say of model calls ([`SpanCall`]). The
//! results are lists with an entry for each [`Node`] of the [`Tree`].
//!
//! ```
//! use throughline_trace_model::{SpanKind, SpanTime, Tree, critical_path, self_times};
//!
//! let span = |id, parent, start, end| SpanTime { id, parent, kind: SpanKind::Internal, start, end };
//! let tree = Tree::new(&[span(1, 0, 1_000, 2_000), span(2, 1, 1_200, 1_700)]);
//!
//! assert_eq!(self_times(&tree), [500, 500]);
//! let root: Vec<_> = critical_path(&tree)[0].iter().map(|section| (section.from, section.to)).collect();
//! assert_eq!(root, [(700, 1_000), (0, 200)]);
//! ```

mod call;
mod critical_path;
mod like_siblings;
mod self_time;
mod tree;

pub use call::{
    AgentCalls, CallTotals, CostSum, CountedCall, SpanCall, TokenSum, TokensByAgent, counted_calls, roll_up,
};
pub use critical_path::{Section, critical_path};
pub use like_siblings::{MIN_LIKE_SIBLINGS, like_siblings};
pub use self_time::self_times;
pub use tree::{Node, SpanKind, SpanTime, Tree};

/// The example of the README, so that it is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
