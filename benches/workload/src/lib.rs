//! What the benchmarks and the guard have in common: requests, a service that answers them, and an allocator that
//! counts. It depends on no peer, so that the guard compiles quickly.

mod counting;
mod requests;

pub use counting::Allocated;
pub use requests::*;
