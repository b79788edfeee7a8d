//! A user's format, whose panics harm nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use http::HeaderMap;
use serde_json::Value;

use super::{Ask, Channel, Reply, WireFormat};
use crate::content::Content;
use crate::estimate::Prompt;
use crate::json::{Path, Scalar};

/// A format of which no more is asked in a call once a hook has panicked.
pub(super) struct Guarded<F>(pub(super) F);

impl<F: WireFormat> Guarded<F> {
    fn call<T>(&self, hook: impl FnOnce(&F) -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| hook(&self.0))).ok()
    }

    fn read(&self, reply: &mut Reply, hook: impl FnOnce(&F, &mut Reply)) {
        if !reply.is_abandoned() && self.call(|format| hook(format, reply)).is_none() {
            reply.panicked.store(true, Ordering::Relaxed);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<F: WireFormat> WireFormat for Guarded<F> {
    fn operation(&self) -> &'static str {
        self.call(F::operation).unwrap_or("_OTHER")
    }

    fn matches(&self, body: &Value) -> bool {
        self.call(|format| format.matches(body)).unwrap_or(false)
    }

    fn ask(&self, path: &str, body: &Value) -> Ask {
        self.call(|format| format.ask(path, body)).unwrap_or_default()
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        if self.call(|format| format.prompt(body, prompt)).is_none() {
            prompt.give_up();
        }
    }

    fn content(&self, body: &Value) -> Content {
        self.call(|format| format.content(body)).unwrap_or_default()
    }

    fn reports(&self, body: &Value) -> bool {
        self.call(|format| format.reports(body)).unwrap_or(true)
    }

    fn alternatives(&self) -> &'static str {
        self.call(F::alternatives).unwrap_or_default()
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        self.read(reply, |format, reply| format.head(headers, reply));
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        if reply.is_abandoned() {
            return None;
        }
        let channel = self.call(|format| format.channel(at, reply));
        if channel.is_none() {
            reply.panicked.store(true, Ordering::Relaxed);
        }
        channel.flatten()
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        self.read(reply, |format, reply| format.value(at, value, reply));
    }

    fn ignores(&self, at: &Path) -> bool {
        self.call(|format| format.ignores(at)).unwrap_or(false)
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        self.read(reply, |format, reply| format.event(name, reply));
    }
}
