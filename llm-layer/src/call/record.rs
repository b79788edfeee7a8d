//! The one place where what was seen of a call becomes attributes, metrics and ledger entries.

use opentelemetry::trace::TraceContextExt;
use throughline_tracing_layer::observe::End;

use super::failure::Failure;
use super::watch::Watching;
use crate::scope::Scoped;
use crate::wire::Reading;

impl Watching {
    /// Whether every alternative has its finish reason, or the answer is complete by its form.
    pub(super) fn is_answered(&self) -> bool {
        let mut finishes = self.reply.finishes(self.ask.choices);
        let expected = self.ask.choices == 0 || !self.reply.is_empty();
        let whole = !self.is_stream() && self.reply.documents > 0 && expected;
        self.reply.done || whole || self.ask.choices > 0 && finishes.all(|finish| finish.is_some())
    }

    /// Ends the call.
    pub(super) fn record(mut self, end: End<'_>) {
        let duration = self.started.elapsed();
        let intact = match &mut self.framing {
            Some(framing) => {
                let mut reading = Reading::new(self.head.recognised.wire, &mut self.reply);
                framing.finish(&mut reading).is_ok()
            }
            None => false,
        };
        let failure = Failure::of(&self, end, intact);
        if failure.as_ref().is_some_and(Failure::is_malformed) {
            self.unseen = Some("malformed");
        }
        let refused =
            matches!(end, End::ServiceError(_)) || self.status.is_some_and(|status| !status.is_success());
        let spent = self.spent(refused, failure.is_some());
        if self.has_span && self.cx.span().is_recording() {
            self.set_attributes(&spent, failure.as_ref());
        }
        let prompt_size = self.prompt_size(&spent);
        if let Some(instruments) = self.shared.instruments.in_context(&self.cx) {
            let error = failure.as_ref().map(|failure| &*failure.kind);
            instruments.call(&self, &spent, error, duration);
            instruments.prompt_size(&prompt_size);
        }
        if let Some(scoped) = self.cx.get::<Scoped>() {
            scoped.add(&spent);
        }
        if self.has_span {
            self.cx.span().end();
        }
    }
}
