//! The model whose vocabulary counts the text of unknown models.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use super::encoding::{self, CL100K, LEGACY, O200K};

/// An OpenAI model whose vocabulary counts text, such as `gpt-4`: TaskWeaver's `tokenizer_target_model`.
///
/// All models of tiktoken's list are accepted, and their successors. Those of the time before `gpt-3.5` are
/// counted approximately, with the vocabulary `cl100k_base`.
///
/// ```
/// use throughline_tokens::{TargetModel, Tokenizer};
///
/// let target: TargetModel = "gpt-4".parse()?;
/// let tokenizer = Tokenizer::for_model("my-own-model", &[], Some(&target));
/// assert_eq!(tokenizer.encoding().to_string(), "cl100k_base?");
///
/// let refused = "gpt-99".parse::<TargetModel>();
/// assert!(refused.is_err_and(|error| error.to_string().starts_with(r#"the vocabulary of the model "gpt-99" is not known"#)));
/// # Ok::<(), throughline_tokens::UnknownModel>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetModel(Arc<str>);

/// The error for a model whose vocabulary is not known. Its message lists the models whose vocabulary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel(String);

impl TargetModel {
    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Sets the model of the process, for everything that does not set one, or removes it. Default:
    /// none. `throughline-telemetry` sets the configured one.
    pub fn set_process_default(model: Option<Self>) {
        *PROCESS_DEFAULT.write().unwrap_or_else(PoisonError::into_inner) = model;
    }

    /// Returns the model of the process, if one is set.
    #[must_use]
    pub fn process_default() -> Option<Self> {
        PROCESS_DEFAULT
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns what is accepted, for error messages.
    #[must_use]
    pub fn accepted() -> String {
        format!(
            "one of {}, {}, or one of these followed by a hyphen and a version; or an older model of tiktoken's \
             list, such as {}",
            O200K.join(", "),
            CL100K.join(", "),
            LEGACY.first().copied().unwrap_or_default()
        )
    }
}

impl FromStr for TargetModel {
    type Err = UnknownModel;

    fn from_str(model: &str) -> Result<Self, UnknownModel> {
        let model = model.trim();
        if encoding::for_model(model).is_exact() || LEGACY.contains(&model) {
            Ok(Self(model.into()))
        } else {
            Err(UnknownModel(model.to_owned()))
        }
    }
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = TargetModel::accepted();
        write!(
            f,
            "the vocabulary of the model {:?} is not known: use {accepted}",
            self.0
        )
    }
}

impl Error for UnknownModel {}

static PROCESS_DEFAULT: RwLock<Option<TargetModel>> = RwLock::new(None);

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of `MODEL_TO_ENCODING` in tiktoken 0.12 that used to be refused, and one of each other kind.
    #[test]
    fn the_models_of_tiktoken_are_accepted() {
        let others = [
            "o1",
            "o4-mini",
            "gpt-4",
            "gpt-35-turbo",
            "davinci-002",
            "babbage-002",
        ];
        for model in LEGACY.iter().chain(&others) {
            let target: TargetModel = model.parse().expect(model);
            assert_eq!(target.as_str(), *model, "the name");
        }
        let legacy = encoding::for_model("text-davinci-003");
        assert_eq!(
            legacy.to_string(),
            "cl100k_base?",
            "an older model is approximate"
        );
        assert_eq!(
            encoding::for_model("davinci-002").to_string(),
            "cl100k_base",
            "exact"
        );
        for model in ["gpt-99", "text-davinci-004", "", "ada-2"] {
            let error = model.parse::<TargetModel>().expect_err(model).to_string();
            let expected = format!("the vocabulary of the model {model:?} is not known: use one of gpt-4o, ");
            assert!(error.starts_with(&expected), "{error}");
            assert!(
                error.ends_with("tiktoken's list, such as text-davinci-003"),
                "{error}"
            );
        }
    }
}
