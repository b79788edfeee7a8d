//! The information that is read from a request.

use crate::json::{Container, Path, Scalar};
use crate::parameter::{Parameter, ParameterPath, ParameterType, ParameterValue};

/// The information that is read from a request: its model, its parameters, and the shape of its body.
///
/// A [`WireFormat`](crate::WireFormat) fills it while the body is read. Everything in it is bounded: a text
/// has at most 1 KiB, a list at most 32 texts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestInfo {
    /// The model's name: `gen_ai.request.model`, and the second word of the span's name. Default: unknown;
    /// the reader sets it to the member `model` of the body.
    pub model: Option<String>,
    /// Whether a stream is requested. Default: unknown; the reader sets it to the
    /// member `stream` of the body.
    pub stream: Option<bool>,
    /// The number of alternative answers that are requested. Default: 1.
    pub choices: u32,
    parameters: Vec<Entry>,
    attributes: Vec<(&'static str, ParameterValue)>,
    members: Members,
    is_object: bool,
    /// What the request says of its stream.
    pub(crate) stream_options: StreamOptions,
    pub(crate) named: NamedElsewhere,
    /// The request is for embeddings.
    pub(crate) is_embedding: bool,
    /// A user's format has panicked, and is not called again.
    pub(crate) panicked: bool,
}

/// What a request names at places of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedElsewhere {
    /// The model, if another member than `model` names it.
    pub(crate) model: Option<String>,
    /// The provider, if the body names it.
    pub(crate) provider: Option<&'static str>,
    /// The id of what the request gets, if its path names it.
    pub(crate) stored_id: Option<String>,
}

/// What a request says of its stream.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StreamOptions {
    /// The member `stream` of the body.
    pub(crate) member: Option<bool>,
    /// It is to report its usage.
    pub(crate) includes_usage: bool,
    /// It is to send only what is new in each event.
    pub(crate) is_incremental: bool,
    /// It may send the whole text so far in each event.
    pub(crate) may_repeat_text: bool,
}

/// A parameter that was read.
#[derive(Debug, Clone)]
struct Entry {
    parameter: Parameter,
    /// The position of its path in the format's table. The lowest one wins.
    rank: usize,
    value: ParameterValue,
}

/// The members of the root of a body, among those that a format names.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    names: &'static [&'static str],
    present: u64,
    arrays: u64,
    objects: u64,
    strings: u64,
}

/// The type of a member of the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Container(Container),
    String,
    Other,
}

impl Default for RequestInfo {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl RequestInfo {
    /// The maximum number of texts in a list, and of elements of an array that are read.
    pub(crate) const MAX_LIST_LEN: usize = 32;
    /// The maximum number of attributes that a user's format may set.
    const MAX_ATTRIBUTES: usize = 32;

    /// Creates an empty value for a format that looks for these members of the root.
    pub(crate) fn new(names: &'static [&'static str]) -> Self {
        Self {
            model: None,
            stream: None,
            choices: 1,
            parameters: Vec::new(),
            attributes: Vec::new(),
            members: Members {
                names,
                ..Members::default()
            },
            is_object: false,
            stream_options: StreamOptions::default(),
            named: NamedElsewhere::default(),
            is_embedding: false,
            panicked: false,
        }
    }

    /// Returns whether the root of the body is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.is_object
    }

    /// Returns whether the root of the body has a member of this name, whatever its value. Only members that
    /// [`WireFormat::members`](crate::WireFormat::members) names are recorded.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.is(self.members.present, name)
    }

    /// Returns whether the member of this name is an array.
    #[must_use]
    pub fn has_array(&self, name: &str) -> bool {
        self.members.is(self.members.arrays, name)
    }

    /// Returns whether the member of this name is an object.
    #[must_use]
    pub fn has_object(&self, name: &str) -> bool {
        self.members.is(self.members.objects, name)
    }

    /// Returns whether the member of this name is a string.
    #[must_use]
    pub fn has_string(&self, name: &str) -> bool {
        self.members.is(self.members.strings, name)
    }

    /// Sets the model, if the body did not name one.
    pub(crate) fn default_model(&mut self, model: impl FnOnce() -> Option<String>) {
        if self.model.is_none() {
            self.model = model();
        }
    }

    /// Sets a parameter.
    pub fn set(&mut self, parameter: Parameter, value: impl Into<ParameterValue>) {
        self.set_ranked(parameter, 0, value.into());
    }

    /// Sets an attribute that is not a [`Parameter`]. Further attributes are ignored after 32.
    pub fn attribute(&mut self, name: &'static str, value: impl Into<ParameterValue>) {
        let value = value.into();
        let has_room = self.attributes.len() < Self::MAX_ATTRIBUTES;
        match self.attributes.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None if has_room => self.attributes.push((name, value)),
            None => {}
        }
    }

    /// Returns the parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, &ParameterValue)> {
        self.parameters
            .iter()
            .map(|entry| (entry.parameter, &entry.value))
    }

    /// Returns the attributes that are not parameters.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &ParameterValue)> {
        self.attributes.iter().map(|(name, value)| (*name, value))
    }

    /// Returns the parameters, each under the name that `name` gives it, and the attributes. Parameters
    /// without a name are omitted.
    pub fn into_named(
        self,
        name: fn(Parameter) -> Option<&'static str>,
    ) -> impl Iterator<Item = (&'static str, ParameterValue)> {
        let parameters = self.parameters.into_iter();
        let parameters = parameters.filter_map(move |entry| Some((name(entry.parameter)?, entry.value)));
        parameters.chain(self.attributes)
    }

    /// Sets a parameter, unless it has a value of a lower rank.
    pub(crate) fn set_ranked(&mut self, parameter: Parameter, rank: usize, value: ParameterValue) {
        match self.entry(parameter) {
            Some(entry) if entry.rank < rank => {}
            Some(entry) => (entry.rank, entry.value) = (rank, value),
            None => self.parameters.push(Entry {
                parameter,
                rank,
                value,
            }),
        }
    }

    fn entry(&mut self, parameter: Parameter) -> Option<&mut Entry> {
        self.parameters
            .iter_mut()
            .find(|entry| entry.parameter == parameter)
    }

    /// Reads a value, if a table has its path. `tables` are read as one.
    pub(crate) fn read(&mut self, tables: &[&[ParameterPath]], at: &Path, value: Scalar<'_>) {
        self.read_at(tables, at.as_str(), at, value);
    }

    /// Reads a value at a path that `at` ends with.
    pub(crate) fn read_at(&mut self, tables: &[&[ParameterPath]], path: &str, at: &Path, value: Scalar<'_>) {
        let list = path.strip_suffix("[]");
        let mut rank = 0;
        for (parameter, wanted, kind) in tables.iter().copied().flatten() {
            rank += 1;
            let is_it = match list {
                Some(list) => *kind == ParameterType::Texts && list == *wanted,
                None => path == *wanted,
            };
            if !is_it {
                continue;
            }
            match (kind, value) {
                (ParameterType::Texts, Scalar::Text(text)) if list.is_some() => {
                    self.push_text(*parameter, rank, at.last_position() == 0, text);
                }
                (ParameterType::Texts, _) if list.is_some() => {}
                (ParameterType::Choices, _) => self.set_choices(value),
                _ => {
                    if let Some(value) = kind.read(value) {
                        self.set_ranked(*parameter, rank, value);
                    }
                }
            }
        }
    }

    /// Adds a text to a list, or begins the list with it.
    fn push_text(&mut self, parameter: Parameter, rank: usize, begins: bool, text: &str) {
        if let Some(entry) = self
            .entry(parameter)
            .filter(|entry| entry.rank == rank && !begins)
        {
            match &mut entry.value {
                ParameterValue::Texts(list) if list.len() < Self::MAX_LIST_LEN => list.push(text.to_owned()),
                _ => {}
            }
            return;
        }
        self.set_ranked(parameter, rank, ParameterValue::Texts(vec![text.to_owned()]));
    }

    fn set_choices(&mut self, value: Scalar<'_>) {
        let Scalar::Number(digits) = value else { return };
        if let Some(count) = digits.parse::<u32>().ok().filter(|count| *count > 1) {
            self.choices = count;
            self.set(Parameter::ChoiceCount, i64::from(count));
        }
    }

    /// The root of the body begins.
    pub(crate) fn begin(&mut self, container: Container) {
        self.is_object = container == Container::Object;
    }

    /// A member of the root begins.
    pub(crate) fn member(&mut self, name: &str, shape: Shape) {
        let members = &mut self.members;
        let Some(bit) = members.bit(name) else { return };
        members.present |= bit;
        let shapes = [
            (&mut members.arrays, Shape::Container(Container::Array)),
            (&mut members.objects, Shape::Container(Container::Object)),
            (&mut members.strings, Shape::String),
        ];
        // If two members have the same name, the last one counts.
        for (set, is) in shapes {
            *set = if shape == is { *set | bit } else { *set & !bit };
        }
    }

    /// Reads the members of the root that nearly all formats have.
    pub(crate) fn read_common(&mut self, path: &str, value: Scalar<'_>) {
        match (path, value) {
            ("model", Scalar::Text(model)) => self.model = Some(model.to_owned()),
            // watsonx's.
            ("model_id", Scalar::Text(model)) => self.named.model = Some(model.to_owned()),
            ("stream", Scalar::Bool(stream)) => {
                self.stream = Some(stream);
                self.stream_options.member = Some(stream);
            }
            _ => {}
        }
    }
}

impl Members {
    fn bit(&self, name: &str) -> Option<u64> {
        let at = self.names.iter().position(|member| *member == name)?;
        1_u64.checked_shl(u32::try_from(at).ok()?)
    }

    fn is(&self, set: u64, name: &str) -> bool {
        self.bit(name).is_some_and(|bit| set & bit != 0)
    }
}
