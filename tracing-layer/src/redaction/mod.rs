//! Text without its secrets: one rule for spans, log records and the console.
//!
//! ```
//! use throughline_tracing_layer::redaction::redact;
//!
//! let text = "no answer from https://me:secret@example.com/v1?key=secret";
//! assert_eq!(redact(text), "no answer from https://REDACTED@example.com/v1?REDACTED");
//! ```
//!
//! # What is replaced
//!
//! | in a text | what is replaced |
//! |---|---|
//! | `?` | the text after it, up to white space or a closing quote |
//! | `#` in a URL | the text after it, up to white space or a closing quote |
//! | `@` in a URL or in what looks like one (`//u:p@h`, `u:p@h`, `t@h:443`, `t@h/p`) | the text before it, back to the scheme or the beginning of the word |
//! | `Bearer`, `Basic` | the next word |
//! | a header that carries credentials: `name: value`, `name=value`, `"name": "value"`, `("name", "value")` | the value; after `authorization` and `cookie`, the rest of the line |
//! | any other [secret name](is_secret_name): `name=value`, `"name": "value"`, `<name>value</name>` | the value |
//! | words such as `sk-…`, `AIza…`, `ghp_…`, `AKIA…` and JSON Web Tokens | the word |
//! | a word that has any of these after percent-decoding, also repeated decoding | the word |
//!
//! Closing punctuation at the end of a replaced text is preserved, and so is prose: a `?` before white space,
//! a mail address, a status code. In doubt, more is replaced.

mod names;
#[cfg(test)]
mod tests;
mod text;
mod url;
mod value;
mod whole_url;

pub(crate) use self::names::is_same_name;
pub use self::names::{has_name, is_secret_name};
pub use self::text::redact;
pub use self::whole_url::redact_url;

/// The replacement of a secret.
pub const REDACTED: &str = "REDACTED";
