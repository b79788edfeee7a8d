//! The helpers may be anywhere.

mod reexported {
    pub(super) use throughline_tracing_layer::span;
}

use crate::below;

#[throughline_tracing_layer::traced(crate = crate::renamed::reexported)]
fn renamed() {}

#[test]
fn the_path_of_the_helpers_can_be_chosen() {
    assert_eq!(
        below("renamed crate", renamed),
        "Internal renamed\n",
        "the span of the function"
    );
}
