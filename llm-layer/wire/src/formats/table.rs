//! Formats that are described by tables of paths, without code of their own.

use http::HeaderMap;

use super::named_count;
use crate::content::{Content, Document, Members};
use crate::cut;
use crate::format::WireFormat;
use crate::json::{Path, Scalar, StrictScanner};
use crate::operation::Operation;
use crate::parameter::{Parameter, ParameterPath};
use crate::path_segments::{deployment, model_in};
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// A format: the paths of what is read. [`Table::PLAIN`] has none.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) operation: Operation,
    /// The members that every request has.
    pub(super) required: &'static [&'static str],
    /// One of the required members is enough.
    pub(super) requires_one: bool,
    /// Finds the model in the path of the URL, if the body does not name it.
    pub(super) model_in_path: fn(&str) -> Option<String>,
    /// Finds the agent in the path of the URL.
    pub(super) agent_in_path: fn(&str) -> Option<String>,
    /// The path of a request's model, if it is not `model`.
    pub(super) request_model: &'static str,
    /// The path of what asks for a stream, if it is not `stream`.
    pub(super) request_stream: &'static str,
    /// The ends of URL paths that request a stream.
    pub(super) stream_paths: &'static [&'static str],
    /// The header of a request that names the model.
    pub(super) model_header: &'static str,
    /// The header of a request that asks for a stream, and its value.
    pub(super) stream_header: (&'static str, &'static str),
    pub(super) parameters: &'static [ParameterPath],
    /// The parameter of a request by which a stream does not send the whole text so far in each event. Empty:
    /// no stream does.
    pub(super) incremental: &'static str,
    /// Each event of a stream has the whole text so far.
    pub(super) repeats_text: bool,
    /// The output type of every call.
    pub(super) output_type: Option<&'static str>,
    pub(super) prompt: &'static [(&'static str, PromptPart)],
    pub(super) content: Members,
    /// The members of requests have names such as `ToolCalls`, not `tool_calls`.
    pub(super) is_pascal_case: bool,
    /// A text alone shows that an answer is in this format.
    pub(super) is_shown_by_text: bool,
    /// The array of alternative answers.
    pub(super) alternatives: &'static str,
    /// The members that hold the answer in some responses: see [`WireFormat::envelopes`].
    pub(super) envelopes: &'static [&'static str],
    pub(super) text: &'static [&'static str],
    pub(super) reasoning: &'static [&'static str],
    /// What says, ahead of a text, that it is reasoning. In a stream, the name of the event says so.
    pub(super) text_kind: &'static str,
    /// Text that repeats the pieces of a stream, except in its first document.
    pub(super) whole_text: &'static [&'static str],
    /// The event whose text repeats the pieces before it. Empty: none does.
    pub(super) whole_event: &'static str,
    pub(super) id: &'static [&'static str],
    pub(super) model: &'static [&'static str],
    pub(super) finish_reason: &'static [&'static str],
    /// The paths whose texts say that the call failed, with these texts.
    pub(super) failure: &'static [(&'static str, &'static [&'static str])],
    pub(super) usage: &'static Paths,
    /// The lists of counts by name, and the names.
    pub(super) named_counts: &'static [(&'static str, &'static Paths)],
    /// The counts of several runs of a model within the call, which are added up.
    pub(super) runs: &'static Paths,
    /// Each answer is one of many, and their usage is added up.
    pub(super) sums_usage: bool,
    /// The input excludes cached tokens.
    pub(super) excludes_cached: bool,
    /// Finds the id of what a `GET` gets, if the answer does not name it.
    pub(super) stored_id: fn(&str) -> Option<String>,
    /// The path of an id by which the same usage is reported elsewhere.
    pub(super) usage_id: &'static str,
    /// Who created the response could not see its usage.
    pub(super) is_background: bool,
    /// The headers of an answer that have counts.
    pub(super) headers: &'static [(&'static str, UsagePart)],
    /// What completes a stream.
    pub(super) end: End,
}

/// What completes a stream, apart from finish reasons and `[DONE]`.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing.
    None,
    /// `true` at this path.
    Flag(&'static str),
    /// An event whose name ends so.
    Event(&'static str),
    /// A report of usage.
    Usage,
    /// This text at this path.
    Value(&'static str, &'static str),
    /// The stream has no end of its own: whatever came is complete.
    Any,
}

impl Table {
    pub(super) const PLAIN: Self = Self {
        operation: Operation::Chat,
        required: &[],
        requires_one: false,
        model_in_path,
        agent_in_path: |_| None,
        request_model: "",
        request_stream: "",
        stream_paths: &[],
        model_header: "",
        stream_header: ("", ""),
        parameters: &[],
        incremental: "",
        repeats_text: false,
        output_type: None,
        prompt: &[],
        content: Members::ALL,
        is_pascal_case: false,
        is_shown_by_text: true,
        alternatives: "",
        envelopes: &[],
        text: &[],
        reasoning: &[],
        text_kind: "",
        whole_text: &[],
        whole_event: "",
        id: &["id"],
        model: &["model"],
        finish_reason: &[],
        failure: &[],
        usage: &[],
        named_counts: &[],
        runs: &[],
        sums_usage: false,
        excludes_cached: false,
        stored_id: |_| None,
        usage_id: "",
        is_background: false,
        headers: &[],
        end: End::None,
    };

    /// Takes a value that may be a count of tokens.
    fn read_usage(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let (path, count) = (at.as_str(), value.as_count());
        reply.usage.excludes_cached(self.excludes_cached);
        match self.sums_usage {
            true => reply.usage.add_one_of(self.usage, path, count),
            false => reply.usage.read(self.usage, path, count),
        }
        if !self.runs.is_empty() {
            reply.usage.read_run(at.last_position(), self.runs, path, count);
        }
    }

    fn fails(&self, path: &str, text: &str) -> bool {
        let mut failures = self.failure.iter();
        failures.any(|(at, codes)| path == *at && codes.contains(&text))
    }
}

/// Cuts a model's name to the length that is read of a body.
fn bounded(model: &str) -> &str {
    cut::at_char_boundary(model, StrictScanner::MAX_WHOLE_BYTES)
}

fn model_in_path(path: &str) -> Option<String> {
    deployment(path).or_else(|| model_in(path))
}

impl WireFormat for Table {
    fn operation(&self) -> Operation {
        self.operation
    }

    fn members(&self) -> &'static [&'static str] {
        self.required
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        let mut required = self.required.iter();
        if self.requires_one && !self.required.is_empty() {
            required.any(|name| request.has(name))
        } else {
            required.all(|name| request.has(name))
        }
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        request.read(&[self.parameters], at, value);
        if let (Some(model), true) = (value.as_str(), at.as_str() == self.request_model) {
            request.named.model = Some(model.to_owned());
        }
        if !self.request_stream.is_empty() && at.as_str() == self.request_stream {
            request.stream = Some(value == Scalar::Bool(true));
        }
        if !self.incremental.is_empty() && at.as_str() == self.incremental {
            request.stream_options.is_incremental = value == Scalar::Bool(true);
        }
    }

    fn request_head(&self, headers: &HeaderMap, request: &mut RequestInfo) {
        let value = |name: &'static str| {
            let value = headers.get(Some(name).filter(|name| !name.is_empty())?)?;
            value.to_str().ok()
        };
        request.model = value(self.model_header).map(|model| bounded(model).to_owned());
        let (name, stream) = self.stream_header;
        if value(name).is_some_and(|value| value.eq_ignore_ascii_case(stream)) {
            request.stream = Some(true);
        }
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        request.default_model(|| (self.model_in_path)(path));
        request.named.stored_id = (self.stored_id)(path);
        if let Some(agent) = (self.agent_in_path)(path) {
            request.set(Parameter::AgentId, agent);
        }
        if self.stream_paths.iter().any(|end| path.ends_with(end)) {
            request.stream = Some(true);
        }
        let is_whole = !self.incremental.is_empty() && !request.stream_options.is_incremental;
        request.stream_options.may_repeat_text = is_whole || self.repeats_text;
        if let Some(kind) = self.output_type {
            request.set(Parameter::OutputType, kind);
        }
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        let part = self.prompt.iter().find(|(path, _)| at.as_str() == *path);
        part.map(|(_, part)| *part)
    }

    fn content(&self, body: &Document) -> Content {
        match self.is_pascal_case {
            true => self.content.read(&body.with_snake_case()),
            false => self.content.read(body),
        }
    }

    fn is_shown_by_text(&self) -> bool {
        self.is_shown_by_text
    }

    fn alternatives(&self) -> &'static str {
        self.alternatives
    }

    fn envelopes(&self) -> &'static [&'static str] {
        self.envelopes
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        for (name, part) in self.headers {
            let count = headers.get(*name).and_then(|value| value.to_str().ok());
            if let Some(count) = count {
                reply.set_tokens(*part, Scalar::Number(count));
            }
        }
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        let path = at.as_str();
        if !self.whole_event.is_empty() && reply.event() == self.whole_event && reply.documents() > 0 {
            return None;
        }
        if self.reasoning.contains(&path) {
            return Some(Channel::Reasoning);
        }
        let is_whole = self.whole_text.contains(&path) && reply.documents() == 0;
        let is_reasoning = !self.text_kind.is_empty()
            && (reply.event().starts_with("reasoning") || reply.stashed() == "reasoning");
        let channel = match is_reasoning {
            true => Channel::Reasoning,
            false => Channel::Content,
        };
        (is_whole || self.text.contains(&path)).then_some(channel)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        let path = at.as_str();
        reply.flags.is_background |= self.is_background;
        match value.as_str() {
            Some(id) if self.id.contains(&path) => reply.set_id(id),
            Some(model) if self.model.contains(&path) => reply.set_model(model),
            // Some servers write these as long as there is none.
            Some("null" | "none" | "not_finished" | "ALTERNATIVE_STATUS_PARTIAL") => {}
            Some(reason) if self.finish_reason.contains(&path) => reply.finish(at, reason),
            Some(code) if path == "Error.Code" => reply.fail(code),
            Some(code) if self.fails(path, code) => reply.fail(code),
            Some(kind) if !path.is_empty() && path == self.text_kind => reply.stash(kind),
            Some(id) if !path.is_empty() && path == self.usage_id => reply.set_usage_id(id),
            _ => {
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                self.read_usage(at, value, reply);
                for (list, names) in self.named_counts {
                    if named_count::list_of(path, at, ".") == Some(*list) {
                        named_count::read(names, at, value, reply);
                    }
                }
            }
        }
        match self.end {
            End::Flag(flag) if path == flag && value == Scalar::Bool(true) => reply.complete(),
            End::Value(at, end) if path == at && value == Scalar::Text(end) => reply.complete(),
            End::Usage if !reply.usage.is_empty() => reply.complete(),
            End::Any => reply.complete(),
            _ => {}
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        match self.end {
            End::Event(end) => reply.flags.is_complete |= name.ends_with(end),
            End::Any => reply.complete(),
            _ => {}
        }
    }
}
