//! Catches panics of a user's format.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use http::HeaderMap;

use crate::content::{Content, Document};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;

/// A format whose hooks are not called again in a call after one of them has panicked.
pub(crate) struct Guarded<F>(pub(crate) F);

impl<F: WireFormat> Guarded<F> {
    fn call<T>(&self, hook: impl FnOnce(&F) -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| hook(&self.0))).ok()
    }

    fn fill(&self, request: &mut RequestInfo, hook: impl FnOnce(&F, &mut RequestInfo)) {
        if !request.panicked && self.call(|format| hook(format, request)).is_none() {
            request.panicked = true;
        }
    }

    fn read(&self, reply: &mut Reply, hook: impl FnOnce(&F, &mut Reply)) {
        if !reply.is_abandoned() && self.call(|format| hook(format, reply)).is_none() {
            reply.has_panicked.store(true, Ordering::Relaxed);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<F: WireFormat> WireFormat for Guarded<F> {
    fn operation(&self) -> Operation {
        self.call(F::operation).unwrap_or(Operation::Other("_OTHER"))
    }

    fn members(&self) -> &'static [&'static str] {
        self.call(F::members).unwrap_or_default()
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.call(|format| format.matches(request)).unwrap_or(false)
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        self.fill(request, |format, request| {
            format.request_value(at, value, request);
        });
    }

    fn request_head(&self, headers: &HeaderMap, request: &mut RequestInfo) {
        self.fill(request, |format, request| format.request_head(headers, request));
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        self.fill(request, |format, request| format.finish_request(path, request));
    }

    /// Not guarded, since that would cost something for every value: the caller catches a panic of the whole
    /// count.
    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        self.0.prompt(at)
    }

    fn content(&self, body: &Document) -> Content {
        self.call(|format| format.content(body)).unwrap_or_default()
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        self.call(|format| format.reports_usage(request)).unwrap_or(true)
    }

    fn alternatives(&self) -> &'static str {
        self.call(F::alternatives).unwrap_or_default()
    }

    fn envelopes(&self) -> &'static [&'static str] {
        self.call(F::envelopes).unwrap_or_default()
    }

    fn is_shown_by_text(&self) -> bool {
        self.call(F::is_shown_by_text).unwrap_or(true)
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
            reply.has_panicked.store(true, Ordering::Relaxed);
        }
        channel.flatten()
    }

    fn items(&self) -> &'static [&'static str] {
        self.call(F::items).unwrap_or_default()
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        self.call(|format| format.continued(at, reply)).flatten()
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
