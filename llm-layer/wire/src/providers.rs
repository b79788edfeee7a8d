//! The table of providers: their hosts, their APIs and their differences.
//!
//! Everything that depends on the provider is in [`PROVIDERS`], one row each. Everything that depends on the
//! format is in [`formats`](crate::formats).

use crate::candidates::{Candidate, built_in};
use crate::{Format, Target};

/// A provider of model APIs: a row of this crate's table. See [the crate](crate#adding-a-provider).
#[derive(Debug)]
pub struct Provider {
    /// `gen_ai.provider.name`. `None`: the name that is usual for the API, as at hosts that are not in the
    /// table.
    id: Option<&'static str>,
    hosts: &'static [Host],
    /// A part of the path that shows the provider at any other host, such as a gateway in front of it.
    gateway_path: Option<&'static str>,
    /// The APIs whose requests go to this provider if their host is not in the table.
    apis: &'static [Api],
    streams_report_usage: bool,
    include_usage: IncludeUsage,
    azure_namespace: Option<&'static str>,
}

/// Hosts of a provider.
#[derive(Debug)]
enum Host {
    /// A domain and its subdomains.
    Domain(&'static str),
    /// Hosts that end so, within a label too.
    Ending(&'static str),
    /// Hosts below one of these domains that have one of these labels, whatever precedes and follows it:
    /// regions, endpoints of a VPC.
    Service {
        labels: &'static [&'static str],
        domains: &'static [&'static str],
    },
    /// Domains that several providers share, for paths that start so.
    Paths {
        domains: &'static [&'static str],
        starts: &'static [&'static str],
    },
}

/// A path at which a format is used.
#[derive(Debug)]
struct Api {
    /// The end of the path, in which `*` matches one segment or the rest of one.
    path: &'static str,
    /// The domains that the path must be at, if its end alone says too little. Empty: any host.
    domains: &'static [&'static str],
    format: Format,
}

/// Whether a request may carry `"stream_options": {"include_usage": true}`.
#[derive(Debug)]
enum IncludeUsage {
    /// No, or it is not known: many providers refuse options that they do not know.
    No,
    Yes,
    /// Below `unversioned`, and below `versioned` from this `api-version` on.
    Since {
        unversioned: &'static str,
        versioned: &'static str,
        version: &'static str,
    },
}

impl Provider {
    /// The row of a provider without particularities.
    const PLAIN: Self = Self {
        id: None,
        hosts: &[],
        gateway_path: None,
        apis: &[],
        streams_report_usage: false,
        include_usage: IncludeUsage::No,
        azure_namespace: None,
    };

    /// Returns the provider whose host a request goes to, if the host is in the table.
    #[must_use]
    pub fn at(target: &Target<'_>) -> Option<&'static Self> {
        let host = target.host?;
        PROVIDERS
            .iter()
            .find(|row| row.hosts.iter().any(|entry| entry.includes(host, target)))
    }

    /// Returns the first provider of this name, as [`Recognised::provider`](crate::Recognised::provider) has
    /// it.
    #[must_use]
    pub fn from_id(id: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|row| row.id == Some(id))
    }

    /// Returns its name: `gen_ai.provider.name`. `None` if it goes by the name that is usual for the API.
    #[must_use]
    pub fn id(&self) -> Option<&'static str> {
        self.id
    }

    /// Returns whether its streams report their usage without being asked to.
    #[must_use]
    pub fn streams_report_usage(&self) -> bool {
        self.streams_report_usage
    }

    /// Returns whether a request to this path may carry `"stream_options": {"include_usage": true}`.
    #[must_use]
    pub fn accepts_include_usage(&self, path: &str, query: Option<&str>) -> bool {
        match self.include_usage {
            IncludeUsage::No => false,
            IncludeUsage::Yes => true,
            IncludeUsage::Since {
                unversioned,
                versioned,
                version,
            } => {
                let mut parameters = query.unwrap_or_default().split('&');
                let date = parameters.find_map(|parameter| parameter.strip_prefix("api-version="));
                // A version may end with `-preview`, or be just that.
                let date = date.and_then(|date| date.get(..version.len()));
                let is_recent = date.is_some_and(|date| date.starts_with("20") && date >= version);
                path.starts_with(unversioned) || path.starts_with(versioned) && is_recent
            }
        }
    }

    /// Returns the namespace of the Azure resource provider behind it: `azure.resource_provider.namespace`.
    #[must_use]
    pub fn azure_namespace(&self) -> Option<&'static str> {
        self.azure_namespace
    }
}

/// Returns the formats that a request to this path may be in, and its provider, in the order in which they
/// count.
pub(crate) fn find<'a>(target: &'a Target<'_>, path: &'a str) -> impl Iterator<Item = Candidate> + 'a {
    let is_call = !NOT_CALLS.iter().any(|end| path.ends_with(end));
    let rows = PROVIDERS.iter().filter(move |_| is_call);
    rows.flat_map(move |usual| {
        let apis = usual.apis.iter().filter(|api| api.includes(target, path));
        apis.filter_map(move |api| Some(built_in(api.format, provider(target, path).or(usual.id)?)))
            .flatten()
    })
}

/// The name of the provider by its host, or else by a gateway's path.
fn provider(target: &Target<'_>, path: &str) -> Option<&'static str> {
    let is_behind = |row: &&Provider| row.gateway_path.is_some_and(|part| path.contains(part));
    let row = Provider::at(target).or_else(|| PROVIDERS.iter().find(is_behind))?;
    row.id
}

impl Host {
    fn includes(&self, host: &str, target: &Target<'_>) -> bool {
        let is_at = |domains: &[&str]| domains.iter().any(|domain| target.is_at(domain));
        match self {
            Self::Domain(domain) => target.is_at(domain),
            Self::Ending(end) => host.ends_with(end),
            Self::Service { labels, domains } => {
                is_at(domains) && host.split('.').any(|label| labels.contains(&label))
            }
            Self::Paths { domains, starts } => {
                is_at(domains) && starts.iter().any(|start| target.path.starts_with(start))
            }
        }
    }
}

impl Api {
    fn includes(&self, target: &Target<'_>, path: &str) -> bool {
        let is_at = |domain: &&str| target.is_at(domain);
        ends_with(path, self.path) && (self.domains.is_empty() || self.domains.iter().any(is_at))
    }
}

/// An API at any host.
const fn api(path: &'static str, format: Format) -> Api {
    api_at(path, &[], format)
}

/// An API at these domains only.
const fn api_at(path: &'static str, domains: &'static [&'static str], format: Format) -> Api {
    Api {
        path,
        domains,
        format,
    }
}

/// Returns whether a path ends with a pattern, in which `*` matches one segment or the rest of one.
fn ends_with(path: &str, pattern: &str) -> bool {
    // Of all patterns, few have the last byte: the others need not be searched for their `*`.
    match (path.as_bytes().last(), pattern.as_bytes().last()) {
        (_, Some(b'*')) => {}
        (last, other) if last == other => {}
        _ => return false,
    }
    let Some((before, after)) = pattern.split_once('*') else {
        return path.ends_with(pattern);
    };
    let segment = path
        .strip_suffix(after)
        .and_then(|head| Some(head.split_at(head.rfind('/')? + 1)));
    segment.is_some_and(|(head, segment)| head.ends_with(before) && !segment.is_empty())
}

/// The providers. To add one, add a row: its name, its hosts, and the fields in which it is not
/// [plain](Provider::PLAIN). APIs that others offer under the same path need no entry of their own.
///
/// All APIs that fit a path are candidates, in the order of the table, and the provider that is usual for the
/// first of them counts. So a longer path stands before its own end, such as `/agents/completions` before
/// `/completions`.
const PROVIDERS: &[Provider] = &[
    Provider {
        id: Some("mistral_ai"),
        hosts: &[Host::Domain("mistral.ai")],
        apis: &[
            api("/agents/completions", Format::OpenAiChat),
            api("/v1/conversations", Format::MistralConversations),
            api_at(
                "/v1/conversations/*",
                &["mistral.ai"],
                Format::MistralConversations,
            ),
            api_at(
                "/v1/conversations/*/restart",
                &["mistral.ai"],
                Format::MistralConversations,
            ),
        ],
        streams_report_usage: true,
        ..Provider::PLAIN
    },
    Provider {
        id: Some("perplexity"),
        hosts: &[Host::Domain("perplexity.ai")],
        apis: &[api_at("/v1/sonar", &["perplexity.ai"], Format::OpenAiChat)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("ibm.watsonx.ai"),
        hosts: &[Host::Domain("ml.cloud.ibm.com")],
        apis: &[
            api("/ml/v1/text/chat", Format::OpenAiChat),
            api("/ml/v1/text/chat_stream", Format::OpenAiChat),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("anthropic"),
        hosts: &[Host::Domain("anthropic.com")],
        apis: &[api("/v1/messages", Format::Anthropic)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("gcp.vertex_ai"),
        hosts: &[
            // Regional hosts begin with the region and a hyphen; multi-region hosts have another domain.
            Host::Ending("aiplatform.googleapis.com"),
            Host::Service {
                labels: &["aiplatform"],
                domains: &["rep.googleapis.com"],
            },
        ],
        apis: &[
            api("/publishers/anthropic/models/*:rawPredict", Format::Anthropic),
            api(
                "/publishers/anthropic/models/*:streamRawPredict",
                Format::Anthropic,
            ),
            api_at(":rawPredict", &["googleapis.com"], Format::OpenAiChat),
            api_at(":rawPredict", &["googleapis.com"], Format::OpenAiCompletions),
            api_at(":streamRawPredict", &["googleapis.com"], Format::OpenAiChat),
            api_at(
                ":streamRawPredict",
                &["googleapis.com"],
                Format::OpenAiCompletions,
            ),
            api_at(":predict", &["googleapis.com"], Format::VertexEmbeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("gcp.gemini"),
        hosts: &[Host::Domain("generativelanguage.googleapis.com")],
        ..Provider::PLAIN
    },
    // Gemini's API at a host that shows neither of the two.
    Provider {
        id: Some("gcp.gen_ai"),
        apis: &[
            api(":generateContent", Format::Gemini),
            api(":streamGenerateContent", Format::Gemini),
            api("/v1beta/interactions", Format::GeminiInteractions),
            api_at("/interactions", &["googleapis.com"], Format::GeminiInteractions),
            api(":embedContent", Format::Embeddings),
            api(":batchEmbedContents", Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("ollama"),
        apis: &[
            api("/api/chat", Format::OllamaChat),
            api("/api/generate", Format::OllamaGenerate),
            api("/api/embed", Format::Embeddings),
            api("/api/embeddings", Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("cohere"),
        hosts: &[Host::Domain("cohere.com"), Host::Domain("cohere.ai")],
        apis: &[
            api("/v2/chat", Format::Cohere),
            api_at("/v1/chat", &["cohere.com", "cohere.ai"], Format::Cohere),
            api("/v2/embed", Format::Embeddings),
            api_at("/v1/embed", &["cohere.com", "cohere.ai"], Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("aws.bedrock"),
        hosts: &[
            // Your own model on an AWS host is not Bedrock.
            Host::Service {
                labels: &["bedrock-runtime", "bedrock-runtime-fips", "bedrock-mantle"],
                domains: &["amazonaws.com", "amazonaws.com.cn", "api.aws"],
            },
        ],
        apis: &[
            api("/model/*/converse", Format::BedrockConverse),
            api("/model/*/converse-stream", Format::BedrockConverse),
            api("/model/*/invoke", Format::BedrockInvoke),
            api("/model/*/invoke-with-response-stream", Format::BedrockInvoke),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("groq"),
        hosts: &[Host::Domain("groq.com")],
        streams_report_usage: true,
        ..Provider::PLAIN
    },
    Provider {
        id: Some("deepseek"),
        hosts: &[Host::Domain("deepseek.com")],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
    Provider {
        id: Some("x_ai"),
        hosts: &[Host::Domain("x.ai")],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
    Provider {
        id: Some("moonshot_ai"),
        hosts: &[Host::Domain("moonshot.ai"), Host::Domain("moonshot.cn")],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("openrouter"),
        hosts: &[Host::Domain("openrouter.ai")],
        ..Provider::PLAIN
    },
    Provider {
        hosts: &[Host::Domain("fireworks.ai")],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
    Provider {
        id: Some("azure.ai.inference"),
        hosts: &[
            Host::Domain("models.ai.azure.com"),
            Host::Domain("inference.ai.azure.com"),
            Host::Paths {
                domains: &[
                    "openai.azure.com",
                    "openai.azure.us",
                    "cognitiveservices.azure.com",
                    "services.ai.azure.com",
                ],
                starts: &["/models/", "/anthropic/"],
            },
        ],
        azure_namespace: Some("Microsoft.CognitiveServices"),
        ..Provider::PLAIN
    },
    // `2024-09-01-preview` is the first version with `include_usage`; paths without a version are newer.
    Provider {
        id: Some("azure.ai.openai"),
        hosts: &[
            Host::Domain("openai.azure.com"),
            Host::Domain("cognitiveservices.azure.com"),
            Host::Domain("services.ai.azure.com"),
        ],
        gateway_path: Some("/openai/deployments/"),
        include_usage: IncludeUsage::Since {
            unversioned: "/openai/v1/",
            versioned: "/openai/deployments/",
            version: "2024-09-01",
        },
        ..Provider::PLAIN
    },
    // Whether Azure Government accepts `include_usage` is not known.
    Provider {
        id: Some("azure.ai.openai"),
        hosts: &[Host::Domain("openai.azure.us")],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("openai"),
        hosts: &[Host::Domain("openai.com")],
        apis: &[
            api("/chat/completions", Format::OpenAiChat),
            api("/responses", Format::OpenAiResponses),
            api("/completions", Format::OpenAiCompletions),
            api("/embeddings", Format::Embeddings),
        ],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
];

/// The ends of paths that look like a model call's and only count tokens.
const NOT_CALLS: &[&str] = &["/models/count-tokens:rawPredict"];

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::{PROVIDERS, Provider, Target, ends_with};
    use crate::recognise;

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

    /// A shorter path in front of a longer one would name the provider of both.
    #[test]
    fn longer_paths_come_first() {
        let apis: Vec<_> = PROVIDERS.iter().flat_map(|row| row.apis).collect();
        for (at, api) in apis.iter().enumerate() {
            let shadowed = apis.iter().skip(at + 1).find(|later| {
                let is_longer = later.path.len() > api.path.len() && later.path.ends_with(api.path);
                is_longer && api.domains.is_empty()
            });
            assert!(shadowed.is_none(), "{shadowed:?} must stand before {api:?}");
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

    #[test]
    fn patterns() {
        let cases = [
            ("/v1/chat/completions", "/chat/completions", true),
            ("/chat/completions/x", "/chat/completions", false),
            ("/model/m/invoke", "/model/*/invoke", true),
            ("/model/a%2Fb:0/invoke", "/model/*/invoke", true),
            ("/model//invoke", "/model/*/invoke", false),
            ("/a/invoke", "/model/*/invoke", false),
            ("/model/m/n/invoke", "/model/*/invoke", false),
            ("/v1/conversations/c-1", "/v1/conversations/*", true),
            ("/v1/conversations/c-1/history", "/v1/conversations/*", false),
            ("/p/mistralai/models/m@1:rawPredict", "/models/*:rawPredict", true),
            ("", "/models/*", false),
        ];
        for (path, pattern, expected) in cases {
            assert_eq!(ends_with(path, pattern), expected, "{path} {pattern}");
        }
    }
}
