//! The model of a finished trace.

#![expect(clippy::indexing_slicing, reason = "a test's helpers may fail the test")]

mod call;
mod critical_path;
mod jaeger;
mod siblings;
mod support;
mod tree;
