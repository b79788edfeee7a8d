//! The outcome of an exchange.

use std::fmt;

use serde_json::Value;

use super::Exchange;

/// The output of a future that [`Exchange::run`] runs.
///
/// | type | meaning |
/// |---|---|
/// | [`Value`] | a JSON-RPC response, with a result or an error |
/// | `Result<T, E>` | an answer; `Err` if there was none or the work failed |
/// | `Option<T>` | an answer; `None` for a notification |
/// | `()` | no answer, or one that is not read |
pub trait Answer {
    /// Records the outcome with [`Exchange::answer`] or [`Exchange::fail`].
    fn record(&self, exchange: &mut Exchange);
}

impl Answer for Value {
    fn record(&self, exchange: &mut Exchange) {
        exchange.answer(self);
    }
}

impl Answer for () {
    fn record(&self, exchange: &mut Exchange) {
        exchange.done();
    }
}

impl<T: Answer> Answer for Option<T> {
    fn record(&self, exchange: &mut Exchange) {
        match self {
            Some(answer) => answer.record(exchange),
            None => exchange.done(),
        }
    }
}

impl<T: Answer, E: fmt::Display + 'static> Answer for Result<T, E> {
    fn record(&self, exchange: &mut Exchange) {
        match self {
            Ok(answer) => answer.record(exchange),
            Err(error) => exchange.fail(error),
        }
    }
}
