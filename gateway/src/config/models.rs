//! Models and where they are served.

use serde::{Deserialize, Deserializer};

/// A model that clients may name, and the providers that serve it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "RawModel")]
pub(crate) struct Model {
    /// May end in `*`.
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    /// One of these is chosen by weight.
    pub(crate) targets: Vec<Target>,
    /// These follow in order if the chosen one fails.
    pub(crate) fallbacks: Vec<Target>,
}

/// A provider and its name of a model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) provider: String,
    /// The provider's name of the model. `None`: the name that the client sent. `*`: what matched the `*` of the
    /// model's name.
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default = "one")]
    pub(crate) weight: u32,
}

/// A model with one provider may name it in place of `targets`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    provider: Option<String>,
    model: Option<String>,
    #[serde(default)]
    targets: Vec<Target>,
    #[serde(default, deserialize_with = "fallbacks")]
    fallbacks: Vec<Target>,
}

impl From<RawModel> for Model {
    fn from(raw: RawModel) -> Self {
        let mut targets = raw.targets;
        if let Some(provider) = raw.provider {
            targets.insert(
                0,
                Target {
                    provider,
                    model: raw.model,
                    weight: 1,
                },
            );
        }
        Self {
            name: raw.name,
            aliases: raw.aliases,
            targets,
            fallbacks: raw.fallbacks,
        }
    }
}

/// A fallback may be the name of a provider alone.
fn fallbacks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Target>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "the name of a provider, or { provider: NAME, model: NAME }"
    )]
    enum Fallback {
        Name(String),
        Target(Target),
    }
    let fallbacks = Vec::<Fallback>::deserialize(deserializer)?;
    let target = |fallback| match fallback {
        Fallback::Name(provider) => Target {
            provider,
            model: None,
            weight: 1,
        },
        Fallback::Target(target) => target,
    };
    Ok(fallbacks.into_iter().map(target).collect())
}

fn one() -> u32 {
    1
}
