//! The expansion is clean under lints that a user may have turned up.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths
)]
#![forbid(unsafe_code)]

use throughline_tracing_layer::traced;

use crate::{below, now};

#[traced]
fn nothing() {}

#[traced(err, kind = "producer", record(text), attributes(length = text.len()))]
async fn fallible(text: &str) -> Result<i32, std::num::ParseIntError> {
    let number: i32 = text.parse()?;
    Ok(number)
}

struct Type(u8);

#[traced]
impl Type {
    async fn method(&self) -> u8 {
        return self.0;
    }

    #[traced(skip)]
    fn skipped(&self) -> u8 {
        self.0
    }
}

#[test]
fn the_expansion_has_no_warnings() {
    let tree = below("lints", || {
        nothing();
        assert_eq!(now(fallible("12")), Ok(12), "what the function returns");
        assert_eq!(now(Type(1).method()), 1, "what the method returns");
        assert_eq!(Type(2).skipped(), 2, "what the method without a span returns");
    });
    let expected = "\
Internal nothing
Producer fallible
  - length=2
  - text=\"12\"
Internal Type::method
";
    assert_eq!(tree, expected, "the spans of the functions above");
}
