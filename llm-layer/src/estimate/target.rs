//! The model whose vocabulary counts where nothing says which.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::encoding::{self, CL100K, O200K};

/// A model of OpenAI's with a known vocabulary, such as `gpt-4`: TaskWeaver's `tokenizer_target_model`.
///
/// ```
/// use throughline_llm_layer::{LlmLayer, TargetModel};
///
/// let layer = LlmLayer::new().with_tokenizer_target_model("gpt-4o".parse()?);
///
/// let refused = "gpt-99".parse::<TargetModel>();
/// assert!(refused.is_err_and(|error| error.to_string().starts_with(r#"no vocabulary is known of the model "gpt-99""#)));
/// # Ok::<(), throughline_llm_layer::UnknownModel>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetModel(String);

/// A model whose vocabulary is not known. Its text says which models' are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel(String);

impl TargetModel {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetModel {
    type Err = UnknownModel;

    fn from_str(model: &str) -> Result<Self, UnknownModel> {
        let model = model.trim().to_owned();
        if encoding::of_model(&model).is_exact() {
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
            "no vocabulary is known of the model {:?}: use one of {}, {}, or a name that begins with one of them and goes \
             on with a hyphen",
            self.0,
            O200K.join(", "),
            CL100K.join(", ")
        )
    }
}

impl Error for UnknownModel {}
