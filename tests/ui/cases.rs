//! What the compiler says if the types of a stack do not fit: the messages name the fix.

#[test]
fn types_that_do_not_fit() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
