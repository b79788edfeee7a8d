//! What the compiler says of mistakes: the messages name the fix.

#[test]
fn mistakes() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("cases/stacks/*.rs"); // the types of a stack do not fit
    cases.compile_fail("cases/traced/*.rs"); // `#[traced]` is used wrongly
}
