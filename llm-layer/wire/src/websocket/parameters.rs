//! The parameters of a Realtime session, and of a response in it.
//!
//! A session has a model and parameters, and each response may override them. Both have the same names, below
//! `session` and below `response`.

use crate::cut;
use crate::json::{Container, Path, Scalar, StrictScanner, Take, Visit};
use crate::parameter::Parameter;
use crate::request::RequestInfo;

/// The parameters of a session.
#[derive(Debug, Clone)]
pub(super) struct SessionParameters {
    /// Those of its responses.
    pub(super) info: RequestInfo,
    /// The model that the client chose, by the URL or by an event.
    chosen_model: Option<String>,
    /// The model that answers, as the server says. The client's may be the name of a deployment.
    pub(super) served_model: Option<String>,
    /// The model that transcribes the user's audio.
    pub(super) transcription_model: Option<String>,
}

impl SessionParameters {
    /// Creates the parameters of a session with this model.
    pub(super) fn new(model: Option<String>) -> Self {
        let mut info = RequestInfo::default();
        info.stream = Some(true);
        info.model.clone_from(&model);
        Self {
            info,
            chosen_model: model,
            served_model: None,
            transcription_model: None,
        }
    }

    /// Reads the client's `session.update`.
    pub(super) fn update(&mut self, text: &str) {
        self.read("session", text);
        if self.chosen_model != self.info.model {
            self.chosen_model.clone_from(&self.info.model);
            self.served_model = None;
        }
    }

    /// Reads the session as the server describes it, which replaces all that was read before, except the
    /// model that the client chose.
    pub(super) fn replace(&mut self, text: &str) {
        let mut session = Self::new(self.chosen_model.clone());
        session.info.model = None;
        session.read("session", text);
        session.served_model.clone_from(&session.info.model);
        if session.chosen_model.is_some() {
            session.info.model.clone_from(&session.chosen_model);
        }
        *self = session;
    }

    /// Returns the parameters of a response, by the event that requests it.
    pub(super) fn with_response(&self, text: &str) -> RequestInfo {
        let mut response = self.clone();
        response.read("response", text);
        response.info
    }

    /// Returns the parameters of a transcription.
    pub(super) fn transcription(&self) -> RequestInfo {
        let mut info = RequestInfo::default();
        info.stream = Some(true);
        info.model.clone_from(&self.transcription_model);
        info
    }

    fn read(&mut self, root: &'static str, text: &str) {
        let mut members = Members {
            root,
            parameters: self,
            values: 0,
        };
        let mut scanner = StrictScanner::new();
        // That it is valid was checked when its type was read.
        let _ = scanner.feed(text.as_bytes(), &mut members);
    }

    /// Reads a value at a path below the root, and its position if it is in an array.
    fn set(&mut self, path: &str, position: u32, value: Scalar<'_>) {
        let info = &mut self.info;
        match (path, value) {
            ("model", Scalar::Text(model)) => info.model = Some(bounded(model)),
            ("temperature", Scalar::Number(digits)) => {
                if let Some(value) = digits.parse().ok().filter(|value: &f64| value.is_finite()) {
                    info.set(Parameter::Temperature, value);
                }
            }
            // Without a limit it is `"inf"`.
            ("max_output_tokens" | "max_response_output_tokens", Scalar::Number(digits)) => {
                if let Ok(value) = digits.parse::<i64>() {
                    info.set(Parameter::MaxTokens, value);
                }
            }
            // `["text", "audio"]` in any order is speech and its transcript.
            ("output_modalities[]" | "modalities[]", Scalar::Text("audio")) => {
                info.set(Parameter::OutputType, "speech");
            }
            ("output_modalities[]" | "modalities[]", Scalar::Text("text")) if position == 0 => {
                info.set(Parameter::OutputType, "text");
            }
            ("reasoning.effort", Scalar::Text(effort)) => {
                info.set(Parameter::ReasoningLevel, bounded(effort));
            }
            ("prompt.id", Scalar::Text(id)) => info.set(Parameter::PromptName, bounded(id)),
            ("prompt.version", Scalar::Text(version)) => {
                info.set(Parameter::PromptVersion, bounded(version));
            }
            ("audio.input.transcription.model" | "input_audio_transcription.model", Scalar::Text(model)) => {
                self.transcription_model = Some(bounded(model));
            }
            _ => {}
        }
    }
}

/// Reads the members below a member of the root.
struct Members<'a> {
    root: &'static str,
    parameters: &'a mut SessionParameters,
    values: usize,
}

impl Members<'_> {
    /// The path below the member.
    fn inner<'p>(&self, at: &'p Path) -> Option<&'p str> {
        at.as_str().strip_prefix(self.root)?.strip_prefix('.')
    }

    fn has_room(&mut self) -> bool {
        self.values += 1;
        self.values <= MAX_VALUES
    }
}

impl Visit for Members<'_> {
    /// Tools and the items of the conversation are not read: they may be long.
    fn open(&mut self, at: &Path, container: Container) -> bool {
        let is_read = at.as_str().is_empty()
            || at.as_str() == self.root
            || self.inner(at).is_some_and(|path| match container {
                Container::Object => !path.contains('['),
                Container::Array => path.ends_with("modalities"),
            });
        is_read && self.has_room()
    }

    fn string(&mut self, at: &Path) -> Take {
        match self.inner(at).is_some() && self.has_room() {
            true => Take::Whole,
            false => Take::Skip,
        }
    }

    fn piece(&mut self, _: &Path, _: &str) {}

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        if let Some(path) = self.inner(at) {
            self.parameters.set(path, at.last_position(), value);
        }
    }

    fn document(&mut self) {}
}

/// Cuts a text to the limit of a [`RequestInfo`].
pub(super) fn bounded(text: &str) -> String {
    cut::at_char_boundary(text, MAX_TEXT_BYTES).to_owned()
}

/// The most bytes of a text.
const MAX_TEXT_BYTES: usize = 1024;
/// The most values that are read.
const MAX_VALUES: usize = 1024;
