//! The expansion is clean under lints that a user may have turned up.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, elided_lifetimes_in_paths)]
#![forbid(unsafe_code)]

use throughline_tracing_layer::traced;

#[traced]
fn nothing() {}

#[traced(err, kind = "producer", record(text), attributes(length = text.len()))]
async fn fallible(text: &str) -> Result<i32, std::num::ParseIntError> {
    let number: i32 = text.parse()?;
    Ok(number)
}

struct Type;

#[traced]
impl Type {
    async fn method(&self) -> u8 {
        return 1;
    }

    #[traced(skip)]
    fn skipped(&self) {}
}

fn main() {
    nothing();
    drop(fallible(""));
    drop(Type.method());
    Type.skipped();
}
