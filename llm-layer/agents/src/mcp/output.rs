//! The outputs of the futures that run in an exchange.

use std::fmt;
use std::future::Future;

use serde_json::Value;
use throughline_tracing_layer::span::InContextExt;

use super::exchange::McpExchange;

impl McpExchange {
    /// Runs a future in the exchange's context. Its output is the answer.
    ///
    /// On the requesting side, the future sends the request and waits; on the responding side, it does the work.
    pub async fn run<F: Future<Output: McpOutput>>(mut self, future: F) -> F::Output {
        let output = future.in_context(self.context().clone()).await;
        output.record(&mut self);
        output
    }
}

/// The output of a future that [`McpExchange::run`] runs.
///
/// | type | meaning |
/// |---|---|
/// | [`Value`] | a JSON-RPC response, with a result or an error |
/// | `Result<T, E>` | an answer; `Err` if there was none or the work failed |
/// | `Option<T>` | an answer; `None` for a notification |
/// | `()` | no answer, or one that is not read |
pub trait McpOutput {
    /// Records the outcome with [`McpExchange::answer`] or [`McpExchange::fail`].
    fn record(&self, exchange: &mut McpExchange);
}

impl McpOutput for Value {
    fn record(&self, exchange: &mut McpExchange) {
        exchange.answer(self);
    }
}

impl McpOutput for () {
    fn record(&self, exchange: &mut McpExchange) {
        exchange.done();
    }
}

impl<T: McpOutput> McpOutput for Option<T> {
    fn record(&self, exchange: &mut McpExchange) {
        match self {
            Some(answer) => answer.record(exchange),
            None => exchange.done(),
        }
    }
}

impl<T: McpOutput, E: fmt::Display + 'static> McpOutput for Result<T, E> {
    fn record(&self, exchange: &mut McpExchange) {
        match self {
            Ok(answer) => answer.record(exchange),
            Err(error) => exchange.fail(error),
        }
    }
}
