//! Environment variables as a carrier, for child processes: `TRACEPARENT`, `TRACESTATE`, `BAGGAGE`.
//!
//! A job runner, a shell script or an agent that starts tools passes its trace on:
//!
//! ```
//! use std::process::Command;
//!
//! use opentelemetry::Context;
//! use throughline_propagation::env;
//!
//! let mut child = Command::new("tool");
//! env::inject(&Context::current(), &mut child); // in the parent
//! let parent = env::extract();                  // in the child, at the start of `main`
//! # let _ = parent;
//! ```
//!
//! The format is W3C's, whatever the global propagator is. Baggage is included, since a child process belongs
//! to the same application.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;

use crate::carrier::Map;
use crate::w3c::{BAGGAGE, TRACEPARENT, TRACESTATE, W3cPropagator};

/// Reads the context from the variables of this process. Returns an empty context if there is none.
#[must_use]
pub fn extract() -> Context {
    extract_from(
        VARIABLES
            .iter()
            .filter_map(|&(_, name)| Some((name, std::env::var_os(name)?))),
    )
}

/// Reads the context from variables. Returns an empty context if there is none. Names are in upper case.
///
/// ```
/// use throughline_propagation::env;
///
/// let parent = env::extract_from([("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]);
/// # let _ = parent;
/// ```
pub fn extract_from<K: AsRef<OsStr>, V: Into<OsString>>(
    variables: impl IntoIterator<Item = (K, V)>,
) -> Context {
    let header_of = |name: &OsStr| VARIABLES.iter().find(|(_, variable)| name == *variable);
    let headers: Vec<(String, String)> = variables
        .into_iter()
        .filter_map(|(name, value)| {
            let (header, _) = header_of(name.as_ref())?;
            Some(((*header).to_owned(), value.into().to_string_lossy().into_owned()))
        })
        .collect();
    W3cPropagator::new().extract_with_context(&Context::new(), &Map::new(&headers))
}

/// Passes the context to a child process. Variables of another trace are removed from its environment.
pub fn inject(cx: &Context, child: &mut Command) {
    for (_, name) in VARIABLES {
        child.env_remove(name);
    }
    child.envs(vars(cx));
}

/// The variables that carry the context.
pub fn vars(cx: &Context) -> impl Iterator<Item = (&'static str, String)> + use<> {
    W3cPropagator::new().headers(cx).filter_map(|(header, value)| {
        let (_, name) = VARIABLES.iter().find(|(name, _)| *name == header)?;
        Some((*name, value))
    })
}

const VARIABLES: [(&str, &str); 3] = [
    (TRACEPARENT, "TRACEPARENT"),
    (TRACESTATE, "TRACESTATE"),
    (BAGGAGE, "BAGGAGE"),
];
