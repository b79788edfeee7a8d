//! The model whose vocabulary counts the text of unknown models.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::encoding::{self, CL100K, O200K};

/// An OpenAI model with a known vocabulary, such as `gpt-4`: TaskWeaver's `tokenizer_target_model`.
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
pub struct TargetModel(String);

/// The error for a model whose vocabulary is not known. Its message lists the models whose vocabulary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel(String);

impl TargetModel {
    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetModel {
    type Err = UnknownModel;

    fn from_str(model: &str) -> Result<Self, UnknownModel> {
        let model = model.trim().to_owned();
        if encoding::for_model(&model).is_exact() {
            Ok(Self(model))
        } else {
            Err(UnknownModel(model))
        }
    }
}

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the vocabulary of the model {:?} is not known: use one of {}, {}, or one of these followed by a hyphen and a \
             version",
            self.0,
            O200K.join(", "),
            CL100K.join(", ")
        )
    }
}

impl Error for UnknownModel {}
