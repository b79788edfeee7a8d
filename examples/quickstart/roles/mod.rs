//! The roles, after `TaskWeaver`: each is an agent with a span of its own, and knows what it spent.

pub(crate) mod code_generator;
pub(crate) mod code_interpreter;
pub(crate) mod executor;
pub(crate) mod planner;

/// What a role fails with: a message for the user.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
