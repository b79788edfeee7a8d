//! The helpers may be anywhere.

mod reexported {
    pub use throughline_tracing_layer::span;
}

#[throughline_tracing_layer::traced(crate = crate::reexported)]
fn renamed() {}

fn main() {
    renamed();
}
