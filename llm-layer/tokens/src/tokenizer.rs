//! A counter and the encoding that it counts in.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::counter::TokenCounter;
use crate::encoding::TokenEncoding;
use crate::target::TargetModel;
use crate::{background, encoding};

/// The encoding of a model and the counter that counts in it. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    encoding: TokenEncoding,
    counter: SharedCounter,
}

/// A [`TokenCounter`] that several [`Tokenizer`]s share, with the encodings that it has loaded.
#[derive(Clone)]
pub struct SharedCounter(Arc<Shared<dyn TokenCounter>>);

struct Shared<C: ?Sized> {
    /// The encodings that were requested, by name.
    prepared: Mutex<Vec<(Cow<'static, str>, Preparation)>>,
    counter: C,
}

/// How far an encoding is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preparation {
    Requested,
    Ready,
}

impl SharedCounter {
    /// Shares a counter.
    #[must_use]
    pub fn new(counter: impl TokenCounter + 'static) -> Self {
        Self(Arc::new(Shared {
            prepared: Mutex::default(),
            counter,
        }))
    }
}

impl fmt::Debug for SharedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedCounter(..)")
    }
}

impl Tokenizer {
    /// Returns the tokenizer of a model: that of the first counter that knows it, else the
    /// [built-in](Self::built_in) one.
    ///
    /// If neither knows the model, its text is counted as that of `target`, if there is one, and the encoding
    /// is rough.
    #[must_use]
    pub fn for_model(model: &str, counters: &[SharedCounter], target: Option<&TargetModel>) -> Self {
        if let Some(tokenizer) = Self::candidates(model, counters).next() {
            return tokenizer;
        }
        let built_in = Self::built_in(model);
        match target {
            Some(target) if !built_in.encoding.is_exact() => {
                let other = Self::for_model(target.as_str(), counters, None);
                Self {
                    encoding: other.encoding.into_rough(),
                    counter: other.counter,
                }
            }
            _ => built_in,
        }
    }

    /// Returns the tokenizers of a model by the counters that know it.
    pub fn candidates(model: &str, counters: &[SharedCounter]) -> impl Iterator<Item = Self> {
        counters.iter().filter_map(move |counter| {
            let encoding = AssertUnwindSafe(|| counter.0.counter.encoding(model));
            Some(Self {
                encoding: catch_unwind(encoding).ok()??,
                counter: counter.clone(),
            })
        })
    }

    /// Returns the built-in tokenizer of a model: the vocabularies of tiktoken-rs, with `o200k_base` for
    /// models that it does not know.
    ///
    /// Without the feature `tiktoken`, it counts nothing.
    #[must_use]
    pub fn built_in(model: &str) -> Self {
        Self {
            encoding: encoding::for_model(model),
            counter: BUILT_IN.clone(),
        }
    }

    /// Returns the encoding.
    #[must_use]
    pub fn encoding(&self) -> &TokenEncoding {
        &self.encoding
    }

    /// Returns whether this is the built-in tokenizer without the feature `tiktoken`, which counts nothing.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        cfg!(not(feature = "tiktoken")) && Arc::ptr_eq(&self.counter.0, &BUILT_IN.0)
    }

    /// Returns whether everything that counting needs is loaded.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        if self.is_disabled() {
            return true;
        }
        let is_ready = |(name, state): &(Cow<_>, Preparation)| {
            *name == self.encoding.name() && *state == Preparation::Ready
        };
        self.preparations().iter().any(is_ready)
    }

    /// Loads what counting needs on the [background] thread, unless that is done or requested already.
    pub fn preload(&self) {
        let mut preparations = self.preparations();
        let name = self.encoding.name();
        if preparations.len() >= MAX_PREPARED || preparations.iter().any(|(other, _)| *other == name) {
            return;
        }
        preparations.push((self.encoding.clone().into_name(), Preparation::Requested));
        drop(preparations);
        let tokenizer = self.clone();
        if background::run(Box::new(move || tokenizer.prepare())).is_err() {
            self.preparations().retain(|(other, _)| *other != name);
        }
    }

    /// Loads what counting needs on this thread, unless that is done. It may take 0.2 s.
    pub fn prepare(&self) {
        if self.is_ready() {
            return;
        }
        // If it panics, there is nothing more to load, and counting will say that it cannot.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            self.counter.0.counter.prepare(&self.encoding);
        }));
        let name = self.encoding.name();
        let mut preparations = self.preparations();
        preparations.retain(|(other, _)| *other != name);
        if preparations.len() < MAX_PREPARED {
            preparations.push((self.encoding.clone().into_name(), Preparation::Ready));
        }
    }

    fn preparations(&self) -> MutexGuard<'_, Vec<(Cow<'static, str>, Preparation)>> {
        self.counter
            .0
            .prepared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of tokens of a text of at most
    /// [`SegmentedCounter::MAX_SEGMENT_BYTES`](super::SegmentedCounter::MAX_SEGMENT_BYTES) bytes, or `None`
    /// if it cannot be counted. Special tokens are counted as plain text.
    pub(crate) fn count(&self, segment: &str) -> Option<u64> {
        let count = AssertUnwindSafe(|| self.counter.0.counter.count(&self.encoding, segment));
        let most = u64::try_from(segment.len()).unwrap_or(u64::MAX);
        catch_unwind(count).ok().flatten().map(|tokens| tokens.min(most))
    }
}

/// The most encodings that a counter is prepared for. Texts in further encodings are always counted in the
/// background.
const MAX_PREPARED: usize = 64;

static BUILT_IN: LazyLock<SharedCounter> = LazyLock::new(|| SharedCounter::new(BuiltIn));

/// The vocabularies of tiktoken-rs, or nothing without it.
#[derive(Debug)]
struct BuiltIn;

impl TokenCounter for BuiltIn {
    fn encoding(&self, model: &str) -> Option<TokenEncoding> {
        Some(encoding::for_model(model))
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
