//! What comes of an exchange.

use std::fmt;

use serde_json::Value;

use super::Exchange;

/// What a future within an exchange may give, for [`Exchange::run`].
///
/// | type | is |
/// |---|---|
/// | [`Value`] | a JSON-RPC response, with a result or an error |
/// | `Result<T, E>` | an answer; an `Err` where there was none, or where the work failed |
/// | `Option<T>` | an answer; `None` to a notification |
/// | `()` | what was done about a notification, or an answer that nobody looks at |
pub trait Answer {
    /// Tells the exchange what came of it, with [`Exchange::answer`] or [`Exchange::fail`].
    fn tell(&self, exchange: &mut Exchange);
}

impl Answer for Value {
    fn tell(&self, exchange: &mut Exchange) {
        exchange.answer(self);
    }
}

impl Answer for () {
    fn tell(&self, exchange: &mut Exchange) {
        exchange.done();
    }
}

impl<T: Answer> Answer for Option<T> {
    fn tell(&self, exchange: &mut Exchange) {
        match self {
            Some(answer) => answer.tell(exchange),
            None => exchange.done(),
        }
    }
}

impl<T: Answer, E: fmt::Display + 'static> Answer for Result<T, E> {
    fn tell(&self, exchange: &mut Exchange) {
        match self {
            Ok(answer) => answer.tell(exchange),
            Err(error) => exchange.fail(error),
        }
    }
}
