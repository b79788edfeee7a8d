//! Models and where they are served.

use serde::{Deserialize, Deserializer};

use super::number::whole;

/// A model that clients may name, and the providers that serve it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawModel")]
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
    /// The provider's name of the model. `None`: the name that the client sent. `*`: what matched the `*` of
    /// the model's name.
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default = "one", deserialize_with = "whole::<0, MAX_WEIGHT, _, _>")]
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

impl TryFrom<RawModel> for Model {
    type Error = &'static str;

    fn try_from(raw: RawModel) -> Result<Self, Self::Error> {
        let targets = match (raw.provider, raw.model) {
            (None, None) => raw.targets,
            (Some(provider), model) if raw.targets.is_empty() => vec![Target {
                provider,
                model,
                weight: 1,
            }],
            (None, Some(_)) if raw.targets.is_empty() => {
                return Err("model is the provider's name of the model; expected provider too");
            }
            _ => return Err("expected either provider and model, or targets"),
        };
        Ok(Self {
            name: raw.name,
            aliases: raw.aliases,
            targets,
            fallbacks: raw.fallbacks,
        })
    }
}

/// A fallback may be the name of a provider alone.
fn fallbacks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Target>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        deny_unknown_fields,
        expecting = "expected the name of a provider, or { provider: NAME, model: NAME }"
    )]
    enum Fallback {
        Name(String),
        Target { provider: String, model: Option<String> },
    }
    let fallbacks = Vec::<Fallback>::deserialize(deserializer)?;
    let target = |fallback| match fallback {
        Fallback::Name(provider) => Target {
            provider,
            model: None,
            weight: 1,
        },
        Fallback::Target { provider, model } => Target {
            provider,
            model,
            weight: 1,
        },
    };
    Ok(fallbacks.into_iter().map(target).collect())
}

fn one() -> u32 {
    1
}

const MAX_WEIGHT: u64 = 1_000_000;
