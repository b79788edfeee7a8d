//! The table of providers: their hosts, their APIs and their differences.
//!
//! Everything that depends on the provider is in [`table`], one row each. Everything that depends on the
//! format is in [`formats`](crate::formats).

mod host_tail;
mod pattern;
mod provider;
mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;

use self::host_tail::HostTail;
use self::pattern::{Tail, Tails};
use self::provider::Api;
pub use self::provider::Provider;
use self::table::{NOT_CALLS, PROVIDERS};
use crate::candidates::{Candidate, add_built_in};
use crate::target::Target;

impl Provider {
    /// Returns the provider whose host a request goes to, if the host is in the table.
    #[must_use]
    pub fn at(target: &Target<'_>) -> Option<&'static Self> {
        let host = target.host?;
        // No domain ends like an IP address.
        if host.ends_with(|end: char| end.is_ascii_digit() || end == ']') {
            return None;
        }
        let tail = HostTail::last_bytes(host.strip_suffix('.').unwrap_or(host));
        let rows = HOSTS.iter().filter(|(end, _)| end.may_end(tail));
        rows.map(|(_, row)| *row)
            .find(|row| row.hosts.iter().any(|entry| entry.includes(host, target)))
    }

    /// Returns the first provider of this name, as [`Recognised::provider`](crate::Recognised::provider) has
    /// it.
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Self> {
        IDS.get(id).copied()
    }
}

/// Adds the formats that a request to this path may be in, and its provider, in the order in which they count.
pub(crate) fn find(target: &Target<'_>, path: &str, candidates: &mut Vec<Candidate>) {
    if NOT_CALLS.iter().any(|end| path.ends_with(end)) {
        return;
    }
    let apis = match *target.method == Method::GET {
        true => &READS,
        false => &CALLS,
    };
    let tails = Tails::new(path);
    // The host and the name that it gives are the same for all APIs of the path.
    let mut cached = None;
    for (_, usual, api) in apis.iter().filter(|(tail, ..)| tail.may_end(&tails)) {
        if !api.is_at(target) || !api.path.ends(path) {
            continue;
        }
        let (at, name) = *cached.get_or_insert_with(|| {
            let at = Provider::at(target);
            (at, name(at, path))
        });
        let is_known_host = at.is_some() || usual.default_port.is_some() && usual.default_port == target.port;
        if let Some(provider) = name.or(usual.id) {
            add_built_in(api.format, provider, api.proof, is_known_host, candidates);
        }
    }
}

/// The providers by the ends of their hosts, in the order of the table: each host is compared with all of them.
static HOSTS: LazyLock<Vec<(HostTail, &'static Provider)>> = LazyLock::new(|| {
    let rows = PROVIDERS.iter();
    let domains = rows.flat_map(|row| row.hosts.iter().map(move |host| (host.domains(), row)));
    let tail = |domain: &&str| HostTail::from_domain(domain);
    domains
        .flat_map(|(domains, row)| domains.iter().map(tail).map(move |tail| (tail, row)))
        .collect()
});

/// The first provider of each name.
static IDS: LazyLock<HashMap<&'static str, &'static Provider>> = LazyLock::new(|| {
    let named = PROVIDERS.iter().rev().filter_map(|row| Some((row.id?, row)));
    named.collect()
});

/// The APIs of all providers, in the order of the table, by the ends of their paths: each request is compared with all of them.
type Apis = Vec<(Tail, &'static Provider, &'static Api)>;

static CALLS: LazyLock<Apis> = LazyLock::new(|| apis(false));
static READS: LazyLock<Apis> = LazyLock::new(|| apis(true));

fn apis(is_get: bool) -> Apis {
    let all = PROVIDERS
        .iter()
        .flat_map(|row| row.apis.iter().map(move |api| (api.path.tail, row, api)));
    all.filter(|(_, _, api)| api.is_get == is_get).collect()
}

/// The name of the provider by its host, or else by a gateway's path.
fn name(at: Option<&Provider>, path: &str) -> Option<&'static str> {
    let has = |part: &str| pattern::behind(path, part).is_some();
    let is_behind = |row: &&Provider| row.gateway_path.is_some_and(has);
    at.or_else(|| PROVIDERS.iter().find(is_behind))?.id
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::{PROVIDERS, Provider, Target};
    use crate::recognise::recognise;

    #[test]
    fn providers() {
        let raw = "us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers";
        let cases = [
            ("API.OpenAI.com./v1/chat/completions", Some("openai")),
            ("Api.Groq.COM/openai/v1/chat/completions", Some("groq")),
            ("openai.com.example/v1/responses", Some("openai")),
            (
                "x.test/openai/deployments/d/chat/completions",
                Some("azure.ai.openai"),
            ),
            ("x.test/anthropic/v1/messages", Some("anthropic")),
            ("api.mistral.ai/v1/agents/completions", Some("mistral_ai")),
            ("x.test/v1/sonar", None),
            (
                &format!("{raw}/anthropic/models/m:rawPredict"),
                Some("gcp.vertex_ai"),
            ),
            (&format!("{raw}/anthropic/models/count-tokens:rawPredict"), None),
            (
                "x.test/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict",
                Some("gcp.vertex_ai"),
            ),
            ("x.test/publishers/mistralai/models/:rawPredict", None),
            ("x.test/publishers/mistralai/other/m:rawPredict", None),
            ("x.test/v1/models/m:rawPredict", None),
            ("x.test/v2/interactions", None),
        ];
        for (url, expected) in cases {
            let uri: Uri = format!("https://{url}").parse().unwrap();
            let target = Target::new(&Method::POST, &uri, None);
            let found = recognise(&target, &[]);
            assert_eq!(found.map(|found| found.provider).as_deref(), expected, "{url}");
        }
    }

    /// What the documentation of the crate lists as no model calls.
    #[test]
    fn what_is_no_model_call() {
        let posts = [
            "api.anthropic.com/v1/messages/count_tokens",
            "api.openai.com/v1/responses/input_tokens",
            "api.openai.com/v1/responses/r-1/cancel",
            "api.openai.com/v1/batches/b-1/cancel",
            "api.openai.com/v1/fine_tuning/jobs",
            "api.openai.com/v1/vector_stores",
            "api.openai.com/v1/conversations/c-1/items",
            "generativelanguage.googleapis.com/v1beta/models/m:countTokens",
            "generativelanguage.googleapis.com/v1beta/cachedContents",
            "bedrock-runtime.eu-west-1.amazonaws.com/model/m/count-tokens",
            "127.0.0.1:8000/tokenize",
            "127.0.0.1:8000/detokenize",
            "127.0.0.1:8080/apply-template",
            "127.0.0.1:11434/api/show",
            "127.0.0.1:11434/api/pull",
        ];
        let gets = [
            "api.openai.com/v1/responses/r-1/input_items",
            "api.openai.com/v1/models",
            "api.openai.com/v1/chat/completions",
            "127.0.0.1:11434/api/tags",
            "127.0.0.1:8000/v2/models/m",
        ];
        let posts = posts.map(|url| (Method::POST, url)).into_iter();
        for (method, url) in posts.chain(gets.map(|url| (Method::GET, url))) {
            let uri: Uri = format!("http://{url}").parse().unwrap();
            let found = recognise(&Target::new(&method, &uri, None), &[]);
            assert!(found.is_none(), "{method} {url}: {found:?}");
        }
    }

    /// A shorter path in front of a longer one would name the provider of both.
    #[test]
    fn longer_paths_come_first() {
        let apis: Vec<_> = PROVIDERS.iter().flat_map(|row| row.apis).collect();
        for (at, api) in apis.iter().enumerate() {
            let shadowed = apis.iter().skip(at + 1).find(|later| {
                let (longer, path) = (later.path.text, api.path.text);
                let is_longer = longer.len() > path.len() && longer.ends_with(path);
                is_longer && api.domains.is_empty()
            });
            assert!(shadowed.is_none(), "{shadowed:?} must stand before {api:?}");
        }
    }

    /// So parts of a path are searched for.
    #[test]
    fn parts_of_paths_begin_with_a_slash() {
        let apis = PROVIDERS.iter().flat_map(|row| row.apis).map(|api| api.path.text);
        let parts = PROVIDERS.iter().filter_map(|row| row.gateway_path);
        for part in apis.filter(|path| path.ends_with("**")).chain(parts) {
            assert!(part.starts_with('/'), "{part}");
        }
    }

    #[test]
    fn particularities() {
        let at = |url: &str| {
            let uri: Uri = format!("https://{url}").parse().unwrap();
            let row = Provider::at(&Target::new(&Method::POST, &uri, None));
            row.map(|row| {
                let accepts = row.accepts_include_usage(uri.path(), uri.query());
                (
                    row.id(),
                    row.streams_report_usage(),
                    accepts,
                    row.azure_namespace(),
                )
            })
        };
        let azure = Some("azure.ai.openai");
        let namespace = Some("Microsoft.CognitiveServices");
        let cases = [
            (
                "api.groq.com/openai/v1/chat/completions",
                Some((Some("groq"), true, false, None)),
            ),
            (
                "api.fireworks.ai/v1/chat/completions",
                Some((None, false, true, None)),
            ),
            (
                "r.openai.azure.com/openai/v1/chat/completions",
                Some((azure, false, true, None)),
            ),
            (
                "r.openai.azure.us/openai/v1/chat/completions",
                Some((azure, false, false, None)),
            ),
            (
                "r.openai.azure.us/models/chat/completions",
                Some((Some("azure.ai.inference"), false, false, namespace)),
            ),
            (
                "aiplatform.eu.rep.googleapis.com/v1/x",
                Some((Some("gcp.vertex_ai"), false, false, None)),
            ),
            (
                "bedrock-runtime.eu-west-1.amazonaws.com/x",
                Some((Some("aws.bedrock"), false, false, None)),
            ),
            ("my.eu-west-1.amazonaws.com/x", None),
            ("x.test/openai/deployments/d/chat/completions", None),
        ];
        for (url, expected) in cases {
            assert_eq!(at(url), expected, "{url}");
        }
        assert!(
            Provider::from_id("mistral_ai").is_some_and(Provider::streams_report_usage),
            "Mistral's streams report usage"
        );
    }
}
