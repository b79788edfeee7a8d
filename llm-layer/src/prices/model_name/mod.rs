//! The names under which a model may stand in a table of prices.
//!
//! Providers and gateways have several names for a model: with a date (`gpt-5.2-2025-12-11`), with the
//! provider as a path (`openai/gpt-5.2`), or with Bedrock's region, vendor and version
//! (`eu.anthropic.claude-sonnet-4-5-20250929-v1:0`). A table may have any of them. So a name is looked up as
//! it is, and then without one such part after the other. Any other suffix makes it another model:
//! `gpt-4o-mini` and `gpt-4.1` do not have the prices of `gpt-4o` and `gpt-4`.

use std::borrow::Cow;
use std::iter;

/// Returns what `get` returns for the first name under which a model may be found. Names that begin with the
/// provider's go before others, and longer ones before shorter ones. All are in lower case.
pub(super) fn find<T>(provider: &str, model: &str, get: impl Fn(&str) -> Option<T>) -> Option<T> {
    let model = model.to_ascii_lowercase();
    let forms: Vec<&str> = without_paths(&model)
        .flat_map(without_vendor)
        .flat_map(|(form, is_bedrock)| {
            let versions = iter::successors(Some(form), move |form| without_version(form, is_bedrock));
            versions.take(MAX_VERSIONS)
        })
        .collect();
    let prefix = table_prefix(provider);
    let mut name = String::new();
    let qualified = forms.iter().filter(|_| !prefix.is_empty()).find_map(|form| {
        name.clear();
        name.extend([prefix, "/", form]);
        get(&name)
    });
    qualified.or_else(|| forms.iter().find_map(|form| get(form)))
}

/// Returns whether two names may be those of one model: one is the other without its version, vendor or path.
pub(crate) fn is_same_model(one: &str, other: &str) -> bool {
    let is_found = |model: &str, name: &str| {
        let name = name.to_ascii_lowercase();
        let is_name = |form: &str| (canonical(form) == canonical(&name)).then_some(());
        find("", model, is_name).is_some()
    };
    is_found(one, other) || is_found(other, one)
}

/// Returns the name with hyphens between numbers, as Anthropic writes `claude-sonnet-4-5`; gateways write
/// `claude-sonnet-4.5`.
pub(super) fn canonical(name: &str) -> Cow<'_, str> {
    let is_digit = |index: usize| name.as_bytes().get(index).is_some_and(u8::is_ascii_digit);
    let is_between = |(dot, _): &(usize, &str)| *dot > 0 && is_digit(dot - 1) && is_digit(dot + 1);
    if !name.match_indices('.').any(|dot| is_between(&dot)) {
        return name.into();
    }
    let mut hyphenated = String::with_capacity(name.len());
    let mut from = 0;
    for (dot, _) in name.match_indices('.').filter(is_between) {
        hyphenated.push_str(name.get(from..dot).unwrap_or_default());
        hyphenated.push('-');
        from = dot + 1;
    }
    hyphenated.push_str(name.get(from..).unwrap_or_default());
    hyphenated.into()
}

/// Returns the name of a provider in LiteLLM's table, where it precedes the model's.
fn table_prefix(provider: &str) -> &str {
    let named = PREFIXES.iter().find(|(name, _)| *name == provider);
    named.map_or(provider, |(_, prefix)| prefix)
}

/// The name, and what follows each of its last slashes.
fn without_paths(name: &str) -> impl Iterator<Item = &str> {
    let slashes = name.rmatch_indices('/').take(MAX_SEGMENTS);
    let mut starts: Vec<usize> = slashes.map(|(slash, _)| slash + 1).collect();
    starts.push(0);
    starts.into_iter().rev().filter_map(|start| name.get(start..))
}

/// The name, and what follows Bedrock's region and vendor; with each, whether the name has them.
fn without_vendor(name: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_vendor = |label: &str| VENDORS.contains(&label);
    let (first, rest) = name.split_once('.').unwrap_or_default();
    let (second, rest_of_region) = rest.split_once('.').unwrap_or_default();
    let forms = if is_vendor(first) {
        [Some(name), Some(rest), None]
    } else if is_vendor(second) {
        [Some(name), Some(rest), Some(rest_of_region)]
    } else {
        [Some(name), None, None]
    };
    let is_bedrock = forms.iter().flatten().count() > 1;
    forms.into_iter().flatten().map(move |form| (form, is_bedrock))
}

/// Returns the name without its version, if it ends with one.
fn without_version(name: &str, is_bedrock: bool) -> Option<&str> {
    if let Some(tuned) = name.strip_prefix("ft:") {
        // OpenAI's fine-tuned models have their own price: `ft:gpt-4o-2024-08-06:organisation:name:id`.
        if let Some(end) = tuned.find(':') {
            return name.get(.."ft:".len() + end);
        }
    }
    if let Some((name, _)) = name.rsplit_once('@') {
        return Some(name);
    }
    if let Some((name, variant)) = name.rsplit_once(':') {
        let number = variant.strip_suffix('k').unwrap_or(variant);
        if is_number(number, 1..=9) || VARIANTS.contains(&variant) {
            return Some(name);
        }
    }
    let (rest, last) = name.rsplit_once('-')?;
    let is_bedrock_version = is_bedrock && last.strip_prefix('v').is_some_and(|n| is_number(n, 1..=2));
    if last == "latest" || is_bedrock_version || is_number(last, 3..=4) || is_number(last, 8..=8) {
        // `-2024` may be the end of `-08-2024`.
        let month = rest.rsplit_once('-').filter(|(_, month)| is_number(month, 2..=2));
        let month = month.filter(|_| is_number(last, 4..=4));
        return Some(month.map_or(rest, |(rest, _)| rest));
    }
    // `-08-06`, perhaps of `-2024-08-06`.
    let (rest, month) = rest.rsplit_once('-')?;
    if !is_number(last, 2..=2) || !is_number(month, 2..=2) {
        return None;
    }
    let year = rest.rsplit_once('-').filter(|(_, year)| is_number(year, 4..=4));
    Some(year.map_or(rest, |(rest, _)| rest))
}

/// Whether a text is a number of so many digits.
fn is_number(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Providers by `gen_ai.provider.name` that have another name in LiteLLM's table.
const PREFIXES: &[(&str, &str)] = &[
    ("aws.bedrock", "bedrock"),
    ("aws.sagemaker", "sagemaker"),
    ("azure.ai.inference", "azure_ai"),
    ("azure.ai.openai", "azure"),
    ("gcp.gemini", "gemini"),
    ("gcp.gen_ai", "gemini"),
    ("gcp.vertex_ai", "vertex_ai"),
    ("ibm.watsonx.ai", "watsonx"),
    ("mistral_ai", "mistral"),
    ("moonshot_ai", "moonshot"),
    ("voyage_ai", "voyage"),
    ("x_ai", "xai"),
];

/// The vendors of Bedrock's models.
const VENDORS: &[&str] = &[
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "zai",
];

/// The suffixes of gateways that do not change the price. `:free` and `:extended` do.
const VARIANTS: &[&str] = &["beta", "exacto", "floor", "latest", "nitro", "thinking"];

/// The most parts of a version that are looked at: a name, its date, and Bedrock's two numbers.
const MAX_VERSIONS: usize = 5;
/// The most slashes behind which a name is looked for.
const MAX_SEGMENTS: usize = 4;

#[cfg(test)]
mod tests;
