//! Reading of OTLP/JSON.

mod field;
mod json;
mod line;

pub(crate) use self::json::{Request, parse};
pub use self::line::{JsonError, LineKind};
