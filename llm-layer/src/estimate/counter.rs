//! Who counts.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use super::{TargetModel, encoding};
use crate::call::background;

/// Counts the tokens of texts that no provider reported the tokens of.
///
/// Give one to [`LlmLayer::with_token_counter`](crate::LlmLayer::with_token_counter) for models that tiktoken-rs does
/// not know. It is called where a call ends, on the task of whoever reads the answer, and must not wait for anything; or,
/// until it is prepared and for what is long, on a thread of this crate's. If it panics, the call's tokens are `unknown`,
/// and nothing else happens.
///
/// ```
/// use throughline_llm_layer::{LlmLayer, TokenCounter, TokenEncoding};
///
/// struct Bytes;
///
/// impl TokenCounter for Bytes {
///     fn encoding(&self, model: &str) -> Option<TokenEncoding> {
///         model.contains("byt5").then(|| TokenEncoding::exact("bytes"))
///     }
///
///     fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
///         u64::try_from(segment.len()).ok()
///     }
/// }
///
/// let layer = LlmLayer::new().with_token_counter(Bytes);
/// ```
///
/// # What to put behind it
///
/// A counter that takes more than linear time for some text is a way to stop a service. Of the tokenizers that were
/// measured beside tiktoken-rs and bpe-openai, `tiktoken` takes quadratic time where there is white space that is not
/// ASCII (a minute for 1 MB), `riptoken` and `kitoken` count some texts wrong, `toktok-rs` reads past its slices in
/// unsafe code, and `splintr` and `tokenizers` keep the texts they have seen.
pub trait TokenCounter: Send + Sync {
    /// The encoding of a model, by its name in requests; `None` leaves the model to the next counter.
    fn encoding(&self, model: &str) -> Option<TokenEncoding>;

    /// The number of tokens of a segment, all of it ordinary text; `None` if it cannot be told, and the call's tokens
    /// are then `unknown`.
    ///
    /// A segment is a text of at most 16 KiB. A longer text comes in several, cut in front of a space or between a word
    /// and a punctuation mark, where OpenAI's vocabularies split anyway; their counts are added up. No segment has more
    /// tokens than bytes: a larger count is cut down to that.
    fn count(&self, encoding: &TokenEncoding, segment: &str) -> Option<u64>;

    /// Loads what counting in an encoding needs; by default nothing.
    ///
    /// It is called once for each encoding, on a thread of this crate's, before [`TokenCounter::count`]: when it turns
    /// out that something may have to be counted, such as when a stream begins whose provider was not asked for its
    /// usage, and at the latest when it has to be.
    fn prepare(&self, _encoding: &TokenEncoding) {}
}

/// How a model's text is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEncoding {
    name: Cow<'static, str>,
    exact: bool,
}

impl TokenEncoding {
    /// The model's own encoding, by its name, such as `o200k_base`.
    pub fn exact(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            exact: true,
        }
    }

    /// An encoding that only comes near the model's own. `throughline.tokens.encoding` is then the name with `?` behind.
    pub fn rough(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            exact: false,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the model's own.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact
    }
}

/// The encoding as `throughline.tokens.encoding` shows it.
impl fmt::Display for TokenEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(if self.exact { "" } else { "?" })
    }
}

/// A counter, and the encoding that it counts with.
#[derive(Debug, Clone)]
pub(crate) struct Encoding {
    is: TokenEncoding,
    by: Counter,
}

/// A counter that several calls share.
#[derive(Clone)]
pub(crate) struct Counter(Arc<Shared<dyn TokenCounter>>);

struct Shared<C: ?Sized> {
    /// Encodings by their names.
    prepared: Mutex<Vec<(Cow<'static, str>, State)>>,
    counter: C,
}

/// How far an encoding is prepared that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Asked,
    Ready,
}

impl Counter {
    pub(crate) fn new(counter: impl TokenCounter + 'static) -> Self {
        Self(Arc::new(Shared {
            prepared: Mutex::default(),
            counter,
        }))
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counter(..)")
    }
}

impl Encoding {
    /// The encoding of a model by the first counter that knows it, else by the one that is built in.
    ///
    /// A model that neither knows is counted as the target, if there is one: a rough number.
    pub(crate) fn of(model: &str, counters: &[Counter], target: Option<&TargetModel>) -> Self {
        if let Some(known) = Self::known(model, counters).next() {
            return known;
        }
        let own = Self::of_model(model);
        match target {
            Some(target) if !own.is.exact => {
                let mut other = Self::of(target.as_str(), counters, None);
                other.is.exact = false;
                other
            }
            _ => own,
        }
    }

    /// The encodings of a model by the counters that know it.
    pub(super) fn known(model: &str, counters: &[Counter]) -> impl Iterator<Item = Self> {
        counters.iter().filter_map(move |by| {
            let is = catch_unwind(AssertUnwindSafe(|| by.0.counter.encoding(model))).ok()??;
            Some(Self { is, by: by.clone() })
        })
    }

    /// The encoding of a model by the counter that is built in.
    pub(crate) fn of_model(model: &str) -> Self {
        Self {
            is: encoding::of_model(model),
            by: BUILT_IN.clone(),
        }
    }

    pub(crate) fn is(&self) -> &TokenEncoding {
        &self.is
    }

    /// Whether counting needs nothing that is still to be loaded.
    pub(crate) fn is_ready(&self) -> bool {
        let is = |(known, state): &(Cow<_>, State)| *known == self.is.name && *state == State::Ready;
        self.states().iter().any(is)
    }

    /// Has it prepared in the background, unless somebody else did.
    pub(crate) fn ask(&self) {
        let mut states = self.states();
        if states.len() >= MOST_PREPARED || states.iter().any(|(known, _)| *known == self.is.name) {
            return;
        }
        states.push((self.is.name.clone(), State::Asked));
        drop(states);
        let encoding = self.clone();
        if background::run(Box::new(move || encoding.prepare())).is_err() {
            self.states().retain(|(known, _)| *known != self.is.name);
        }
    }

    /// Prepares it here, unless that is done.
    pub(crate) fn prepare(&self) {
        if self.is_ready() {
            return;
        }
        // Whoever panics here has nothing more to load.
        let _ = catch_unwind(AssertUnwindSafe(|| self.by.0.counter.prepare(&self.is)));
        let mut states = self.states();
        states.retain(|(known, _)| *known != self.is.name);
        if states.len() < MOST_PREPARED {
            states.push((self.is.name.clone(), State::Ready));
        }
    }

    fn states(&self) -> MutexGuard<'_, Vec<(Cow<'static, str>, State)>> {
        self.by.0.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of tokens of a short text (at most [`super::Segmented::SEGMENT`]), special tokens read as plain text;
    /// `None` if nothing here can count.
    pub(super) fn count(&self, segment: &str) -> Option<u64> {
        let counted = catch_unwind(AssertUnwindSafe(|| self.by.0.counter.count(&self.is, segment)));
        let most = u64::try_from(segment.len()).unwrap_or(u64::MAX);
        counted.ok().flatten().map(|tokens| tokens.min(most))
    }
}

/// The encodings of a counter that are remembered; calls with any other always end in the background.
const MOST_PREPARED: usize = 64;

static BUILT_IN: LazyLock<Counter> = LazyLock::new(|| Counter::new(BuiltIn));

/// tiktoken-rs, or nothing without it.
#[derive(Debug)]
struct BuiltIn;

impl TokenCounter for BuiltIn {
    fn encoding(&self, model: &str) -> Option<TokenEncoding> {
        Some(encoding::of_model(model))
    }

    #[cfg(feature = "tiktoken")]
    fn count(&self, encoding: &TokenEncoding, segment: &str) -> Option<u64> {
        super::tiktoken::count(encoding, segment)
    }

    #[cfg(feature = "tiktoken")]
    fn prepare(&self, encoding: &TokenEncoding) {
        super::tiktoken::load(encoding);
    }

    #[cfg(not(feature = "tiktoken"))]
    fn count(&self, _: &TokenEncoding, _: &str) -> Option<u64> {
        None
    }
}
