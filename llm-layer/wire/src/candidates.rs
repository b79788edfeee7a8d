//! The formats that a request may be in, read in parallel.
//!
//! Several formats may use the same path. So each format that matches path and host is a [`Candidate`] with a
//! separate [`RequestInfo`]. One pass over the body fills all of them, and the body decides. Usually there is
//! one candidate.

use std::borrow::Cow;

use http::HeaderMap;

use crate::cut;
use crate::formats::Format;
use crate::json::{Container, Path, Scalar, StrictScanner, Take, Visit};
use crate::recognised::{AnyFormat, Recognised};
use crate::request::{RequestInfo, Shape};

/// The formats that a request may be in, in the order in which they count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Candidates {
    candidates: Vec<Candidate>,
    /// The model that the query of the URL names.
    query_model: Option<String>,
    /// How many containers are open.
    depth: usize,
    /// How many values were read.
    values: usize,
}

/// A format that a request may be in, or a rule by which it is not a model call.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// `None`: the request is not a model call.
    recognised: Option<Recognised>,
    /// The model that a rule is about.
    model: Cow<'static, str>,
    /// Bedrock's InvokeModel is for embeddings only if path or body say so.
    if_embedding: bool,
    proof: Proof,
    /// Whether the request has what the proof asks for.
    is_proven: bool,
    info: RequestInfo,
    /// The model and the stream that the headers name.
    head: (Option<String>, Option<bool>),
}

/// What shows that a request is for an API, beside its path and the shape of its body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    /// No further proof: no other service is known to have requests of this shape at this path.
    None,
    /// A host that is in the table of providers.
    Host,
    /// The answer.
    Answer,
    /// A value at one of these paths of the body.
    Value(&'static [&'static str]),
    /// A host that is in the table of providers, or a value at one of these paths of the body, or the answer.
    HostValueOrAnswer(&'static [&'static str]),
}

/// How much of a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Its beginning.
    Beginning,
    /// Nothing that can be relied on.
    Nothing,
}

impl Candidate {
    /// A request that is in this format, if a rule says so for this model, or `*`.
    pub(crate) fn new(recognised: Recognised, model: Cow<'static, str>) -> Self {
        Self {
            info: RequestInfo::new(recognised.format.members()),
            recognised: Some(recognised),
            model,
            if_embedding: false,
            proof: Proof::None,
            is_proven: true,
            head: (None, None),
        }
    }

    /// Creates a candidate by which a request for this model is not a model call.
    pub(crate) fn ignored(model: Cow<'static, str>) -> Self {
        Self {
            recognised: None,
            model,
            if_embedding: false,
            proof: Proof::None,
            is_proven: true,
            info: RequestInfo::default(),
            head: (None, None),
        }
    }

    /// Only with this proof. `is_known_host`: its host is in the table of providers.
    pub(crate) fn if_proven(self, proof: Proof, is_known_host: bool) -> Self {
        let is_proven = match proof {
            Proof::None => true,
            Proof::Host | Proof::HostValueOrAnswer(_) => is_known_host,
            Proof::Answer | Proof::Value(_) => false,
        };
        Self {
            proof,
            is_proven,
            ..self
        }
    }

    /// Takes a value of the body, which may be the proof.
    fn prove(&mut self, at: &Path, value: Scalar<'_>) {
        if let (Proof::Value(paths) | Proof::HostValueOrAnswer(paths), false) = (self.proof, self.is_proven) {
            self.is_proven = value != Scalar::Null && paths.contains(&at.as_str());
        }
    }

    /// Only if the request is for embeddings.
    pub(crate) fn if_embedding(self) -> Self {
        Self {
            if_embedding: true,
            ..self
        }
    }

    /// Whether this is what the request seems to be before its body is read, if nothing in front of it is.
    pub(crate) fn comes_first(&self, path: &str) -> bool {
        match self.format() {
            _ if matches!(self.proof, Proof::Host) && !self.is_proven => false,
            None => self.model == "*",
            Some(format) if self.if_embedding => {
                let mut info = RequestInfo::default();
                format.finish_request(path, &mut info);
                info.is_embedding
            }
            Some(_) => true,
        }
    }

    /// What the request is; `None` if it is not a model call.
    pub(crate) fn into_recognised(self) -> Option<Recognised> {
        self.recognised
    }

    fn format(&self) -> Option<&AnyFormat> {
        self.recognised.as_ref().map(|recognised| &recognised.format)
    }

    /// Whether the request is this, as far as it was read.
    fn applies(&self, extent: Extent) -> bool {
        if !is_model(&self.model, self.info.model.as_deref()) || self.if_embedding && !self.info.is_embedding
        {
            return false;
        }
        let is_possible = self.is_proven
            || match self.proof {
                Proof::None | Proof::Answer | Proof::HostValueOrAnswer(_) => true,
                Proof::Host => false,
                Proof::Value(_) => extent != Extent::Whole,
            };
        match (extent, self.format()) {
            (Extent::Nothing, _) | (_, None) => is_possible,
            (_, Some(format)) => is_possible && format.matches(&self.info),
        }
    }
}

impl Candidates {
    /// The most values of a body that are read, members of the root among them. No API has a hundred, and a
    /// body of a million of them costs no more than one of text.
    const MAX_VALUES: usize = 4096;

    pub(crate) fn new(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            query_model: None,
            depth: 0,
            values: 0,
        }
    }

    /// The one candidate of a format.
    pub(crate) fn of_format(format: AnyFormat) -> Self {
        let recognised = Recognised {
            format,
            provider: Cow::Borrowed(""),
        };
        Self::new(vec![Candidate::new(recognised, "*".into())])
    }

    /// What was read of the request; `None` if it is not a model call.
    pub(crate) fn into_info(self, path: &str) -> Option<RequestInfo> {
        self.select(path, Extent::Whole).map(|(_, info, _)| info)
    }

    /// What the request seems to be before its body is read.
    pub(crate) fn first(&self, path: &str) -> Option<&Recognised> {
        let first = self
            .candidates
            .iter()
            .find(|candidate| candidate.comes_first(path));
        first?.recognised.as_ref()
    }

    /// Reads the query of the URL, which names the model where the body is the sound itself.
    pub(crate) fn read_query(&mut self, query: &str) {
        let mut parameters = query.split('&');
        let model = parameters.find_map(|parameter| parameter.strip_prefix("model="));
        let model = model.and_then(|model| percent_encoding::percent_decode_str(model).decode_utf8().ok());
        let model = model.filter(|model| !model.is_empty());
        self.query_model =
            model.map(|model| cut::at_char_boundary(&model, StrictScanner::MAX_WHOLE_BYTES).to_owned());
    }

    /// Reads the headers of the request.
    pub(crate) fn read_head(&mut self, headers: &HeaderMap) {
        self.each(|candidate| {
            if let Some(Recognised { format, .. }) = &candidate.recognised {
                format.request_head(headers, &mut candidate.info);
                candidate.head = (candidate.info.model.clone(), candidate.info.stream);
            }
        });
    }

    /// What the request is, now that its body was read; `None` if it is not a model call.
    /// With it comes whether the answer need not show it.
    pub(crate) fn select(mut self, path: &str, extent: Extent) -> Option<(Recognised, RequestInfo, bool)> {
        for candidate in &mut self.candidates {
            if extent == Extent::Nothing {
                candidate.info = RequestInfo::default();
                (candidate.info.model, candidate.info.stream) = std::mem::take(&mut candidate.head);
            }
            let other = candidate.info.named.model.take();
            candidate.info.default_model(|| other);
            if let Some(Recognised { format, .. }) = &candidate.recognised {
                format.finish_request(path, &mut candidate.info);
            }
            if candidate.info.model.is_none() {
                candidate.info.model.clone_from(&self.query_model);
            }
        }
        let mut at = self
            .candidates
            .iter()
            .position(|candidate| candidate.applies(extent));
        if at.is_none() && extent == Extent::Beginning {
            // What was not read may have what is missing.
            let mut candidates = self.candidates.iter();
            at = candidates.position(|candidate| candidate.applies(Extent::Nothing));
        }
        let chosen = self.candidates.into_iter().nth(at?)?;
        let mut recognised = chosen.recognised?;
        if let Some(provider) = chosen.info.named.provider {
            recognised.provider = provider.into();
        }
        Some((recognised, chosen.info, chosen.is_proven))
    }
}

impl Visit for Candidates {
    /// Of the elements of an array that are containers, only the first is read: an array of a million objects
    /// costs little more than its bytes.
    fn open(&mut self, at: &Path, container: Container) -> bool {
        // They do not count as values either: the model may stand behind thousands of messages.
        let is_read = at.last_position() == 0 || !at.as_str().ends_with("[]");
        if !is_read || !self.has_room() {
            return false;
        }
        match self.depth {
            0 => self.each(|candidate| candidate.info.begin(container)),
            1 => self.member(at, Shape::Container(container)),
            _ => {}
        }
        self.depth += 1;
        true
    }

    fn close(&mut self, _: &Path) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn string(&mut self, _: &Path) -> Take {
        match self.values < Self::MAX_VALUES {
            true => Take::Whole,
            false => Take::Skip,
        }
    }

    fn piece(&mut self, _: &Path, _: &str) {}

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        // Of an array of a million numbers, as of tokens, none says anything.
        if at.last_position() as usize >= RequestInfo::MAX_LIST_LEN || !self.has_room() {
            return;
        }
        if self.depth == 1 {
            let shape = match value {
                Scalar::Text(_) => Shape::String,
                _ => Shape::Other,
            };
            self.member(at, shape);
            self.each(|candidate| candidate.info.read_common(at.as_str(), value));
        }
        self.each(|candidate| {
            candidate.prove(at, value);
            if let Some(Recognised { format, .. }) = &candidate.recognised {
                format.request_value(at, value, &mut candidate.info);
            }
        });
    }

    fn document(&mut self) {}
}

impl Candidates {
    fn each(&mut self, visit: impl FnMut(&mut Candidate)) {
        self.candidates.iter_mut().for_each(visit);
    }

    /// Whether one value more is read.
    fn has_room(&mut self) -> bool {
        let has_room = self.values < Self::MAX_VALUES;
        self.values += usize::from(has_room);
        has_room
    }

    fn member(&mut self, at: &Path, shape: Shape) {
        self.each(|candidate| {
            if candidate.info.is_object() {
                candidate.info.member(at.as_str(), shape);
            }
        });
    }
}

/// Adds the candidates of a format that is built in, with this proof.
pub(crate) fn add_built_in(
    format: Format,
    provider: &'static str,
    proof: Proof,
    is_known_host: bool,
    candidates: &mut Vec<Candidate>,
) {
    let candidate = |format: Format| {
        let recognised = Recognised {
            format: format.into(),
            provider: provider.into(),
        };
        Candidate::new(recognised, "*".into()).if_proven(proof, is_known_host)
    };
    // Bedrock's InvokeModel carries both.
    if format == Format::BedrockInvoke {
        candidates.push(candidate(Format::BedrockEmbeddings).if_embedding());
    }
    candidates.push(candidate(format));
}

/// Whether a request's model is the one that a rule names.
pub(crate) fn is_model(pattern: &str, model: Option<&str>) -> bool {
    let is = |model: &str| match pattern.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning),
        None => model == pattern,
    };
    pattern == "*" || model.is_some_and(is)
}
