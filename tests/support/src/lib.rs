//! What the tests of this workspace share: a recorder of spans and metrics, and scripted bodies.

mod body;
mod recorder;
pub mod tree;

pub use body::{Script, ScriptedBody, ScriptedError};
pub use recorder::Recorder;
