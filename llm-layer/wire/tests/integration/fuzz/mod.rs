//! What the fuzz targets check. The targets are in `fuzz/fuzz_targets`; the tests run the same checks with the
//! golden cases and mutations of them.
//!
//! The first byte of an input chooses how bodies are cut, so that the fuzzer finds the cuts too. Whatever the
//! input, nothing panics, and a body gives the same result as a whole and in pieces.

pub(crate) mod exchange;
mod form;
mod request;
mod response;
mod websocket;

/// Checks one input.
type Check = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Check); 4] = [
    ("request", request::check),
    ("response", response::check),
    ("websocket", websocket::check),
    ("form", form::check),
];

/// Runs the check of a target.
pub(crate) fn run(target: &str, input: &[u8]) {
    let (_, check) = TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .expect("the name of a target");
    check(input);
}
