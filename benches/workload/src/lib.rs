//! What the benchmarks and the guard have in common: requests, services that answer them, a destination of
//! telemetry, and an allocator that counts. It depends on no peer, so that the guard compiles quickly.

mod counting;
mod header;
mod model;
mod nowhere;
mod requests;

pub use counting::Allocated;
pub use header::traceparent;
pub use model::{Provider, model_call};
pub use nowhere::Nowhere;
pub use requests::*;
