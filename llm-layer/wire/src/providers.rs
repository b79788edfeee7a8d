//! The table of providers: their hosts, their APIs and their differences.
//!
//! Everything that depends on the provider is in [`PROVIDERS`], one row each. Everything that depends on the
//! format is in [`formats`](crate::formats).

use http::Method;

use crate::candidates::{Candidate, Proof, add_built_in};
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
    /// The port that its servers have by default, at hosts that are not in the table.
    default_port: Option<u16>,
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
    path: Pattern,
    /// The domains that the path must be at, if its end alone says too little. Empty: any host.
    domains: &'static [&'static str],
    format: Format,
    /// Whether its requests are `GET` and have no body. All others are `POST`.
    is_get: bool,
    proof: Proof,
}

/// The end of a path, in which `*` matches one segment or the rest of one, and `**`, at its end, any number of them.
#[derive(Debug)]
struct Pattern {
    text: &'static str,
    /// Its last bytes, as many as `mask` has, up to the last `*`. Of all patterns, few have those of a path, so
    /// the others need not be compared.
    tail: u64,
    mask: u64,
    /// The position of the first `*`.
    star: Option<usize>,
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
        default_port: None,
        streams_report_usage: false,
        include_usage: IncludeUsage::No,
        azure_namespace: None,
    };

    /// Returns the provider whose host a request goes to, if the host is in the table.
    #[must_use]
    pub fn at(target: &Target<'_>) -> Option<&'static Self> {
        let host = target.host?;
        // No domain ends like an IP address.
        if host.ends_with(|end: char| end.is_ascii_digit() || end == ']') {
            return None;
        }
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

/// Adds the formats that a request to this path may be in, and its provider, in the order in which they count.
pub(crate) fn find(target: &Target<'_>, path: &str, candidates: &mut Vec<Candidate>) {
    if NOT_CALLS.iter().any(|end| path.ends_with(end)) {
        return;
    }
    let is_get = *target.method == Method::GET;
    let tail = tail(path);
    // The host and the name that it gives are the same for all APIs of the path.
    let mut known = None;
    for usual in PROVIDERS {
        for api in usual.apis {
            let is_it = api.path.may_end(tail) && api.is_get == is_get && api.path.ends(path);
            if !is_it || !api.is_at(target) {
                continue;
            }
            let (at, name) = *known.get_or_insert_with(|| {
                let at = Provider::at(target);
                (at, name(at, path))
            });
            let is_known_host =
                at.is_some() || usual.default_port.is_some() && usual.default_port == target.port;
            if let Some(provider) = name.or(usual.id) {
                add_built_in(api.format, provider, api.proof, is_known_host, candidates);
            }
        }
    }
}

/// The name of the provider by its host, or else by a gateway's path.
fn name(at: Option<&Provider>, path: &str) -> Option<&'static str> {
    // For one search of a short text, the standard library's searcher takes longer to set up than this.
    let has = |part: &str| {
        path.as_bytes()
            .windows(part.len())
            .any(|window| window == part.as_bytes())
    };
    let is_behind = |row: &&Provider| row.gateway_path.is_some_and(has);
    at.or_else(|| PROVIDERS.iter().find(is_behind))?.id
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
    fn is_at(&self, target: &Target<'_>) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| target.is_at(domain))
    }
}

impl Pattern {
    const fn new(text: &'static str) -> Self {
        let (mut tail, mut mask) = (0, 0);
        let (mut rest, mut star, mut at) = (text.as_bytes(), None, 0);
        while let [byte, behind @ ..] = rest {
            if *byte == b'*' {
                (tail, mask) = (0, 0);
                star = if star.is_none() { Some(at) } else { star };
            } else {
                tail = tail << 8 | *byte as u64;
                mask = mask << 8 | 0xff;
            }
            at += 1;
            rest = behind;
        }
        Self {
            text,
            tail,
            mask,
            star,
        }
    }

    /// Returns whether a path with these last bytes may end so.
    fn may_end(&self, tail: u64) -> bool {
        (tail ^ self.tail) & self.mask == 0
    }

    /// Returns whether a path ends so.
    fn ends(&self, path: &str) -> bool {
        let Some((before, after)) = self.star.and_then(|star| self.text.split_at_checked(star)) else {
            return path.ends_with(self.text);
        };
        if after == "**" {
            return path.split_once(before).is_some_and(|(_, rest)| !rest.is_empty());
        }
        let after = after.strip_prefix('*').unwrap_or(after);
        let segment = path
            .strip_suffix(after)
            .and_then(|head| Some(head.split_at(head.rfind('/')? + 1)));
        segment.is_some_and(|(head, segment)| head.ends_with(before) && !segment.is_empty())
    }
}

/// The last eight bytes of a path, the last one lowest.
fn tail(path: &str) -> u64 {
    let bytes = path.as_bytes().iter().rev().take(8).rev();
    bytes.fold(0, |tail, byte| tail << 8 | u64::from(*byte))
}

/// An API at any host.
const fn api(path: &'static str, format: Format) -> Api {
    api_at(path, &[], format)
}

/// An API at these domains only.
const fn api_at(path: &'static str, domains: &'static [&'static str], format: Format) -> Api {
    Api {
        path: Pattern::new(path),
        domains,
        format,
        is_get: false,
        proof: Proof::None,
    }
}

/// An API whose path other services use too.
const fn api_if(path: &'static str, proof: Proof, format: Format) -> Api {
    Api {
        proof,
        ..api(path, format)
    }
}

/// An API whose requests are `GET`.
const fn get_if(path: &'static str, proof: Proof, format: Format) -> Api {
    Api {
        is_get: true,
        ..api_if(path, proof, format)
    }
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
            api("/chat/moderations", Format::Moderations),
            api_if("/ocr", Proof::Host, Format::Ocr),
            api_if("/batch/jobs", Proof::Host, Format::Batches),
            get_if("/batch/jobs/*", Proof::Host, Format::StoredBatch),
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
        apis: &[
            api_at("/v1/sonar", &["perplexity.ai"], Format::OpenAiChat),
            api_at("/v1/agent", &["perplexity.ai"], Format::OpenAiResponses),
            get_if("/async/chat/completions/*", Proof::Host, Format::StoredChat),
            get_if("/v1/async/sonar/*", Proof::Host, Format::StoredChat),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("ibm.watsonx.ai"),
        hosts: &[Host::Domain("ml.cloud.ibm.com")],
        apis: &[
            api("/ml/v1/text/chat", Format::OpenAiChat),
            api("/ml/v1/text/chat_stream", Format::OpenAiChat),
            api("/ml/v1/text/generation", Format::WatsonxGeneration),
            api("/ml/v1/text/generation_stream", Format::WatsonxGeneration),
            api("/ml/v1/text/rerank", Format::WatsonxRerank),
            api("/ml/v1/deployments/*/text/chat", Format::OpenAiChat),
            api("/ml/v1/deployments/*/text/chat_stream", Format::OpenAiChat),
            api("/ml/v1/deployments/*/text/generation", Format::WatsonxGeneration),
            api(
                "/ml/v1/deployments/*/text/generation_stream",
                Format::WatsonxGeneration,
            ),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("anthropic"),
        hosts: &[Host::Domain("anthropic.com")],
        apis: &[
            api("/v1/messages", Format::Anthropic),
            api_if(
                "/v1/messages/batches",
                Proof::Value(&["requests[].custom_id"]),
                Format::Batches,
            ),
            get_if("/v1/messages/batches/*", Proof::Host, Format::StoredBatch),
        ],
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
            api("/publishers/*/models/*:rawPredict", Format::OpenAiChat),
            api("/publishers/*/models/*:streamRawPredict", Format::OpenAiChat),
            api_if(
                "/publishers/google/models/*:predict",
                Proof::Value(&["instances[].content"]),
                Format::VertexEmbeddings,
            ),
            api_if(
                "/publishers/google/models/*:predict",
                Proof::Value(&["instances[].prompt"]),
                Format::VertexImages,
            ),
            api_at(":rawPredict", &["googleapis.com"], Format::OpenAiChat),
            api_at(":rawPredict", &["googleapis.com"], Format::OpenAiCompletions),
            api_at(":streamRawPredict", &["googleapis.com"], Format::OpenAiChat),
            api_at(
                ":streamRawPredict",
                &["googleapis.com"],
                Format::OpenAiCompletions,
            ),
            Api {
                domains: &["googleapis.com"],
                ..api_if(
                    ":predict",
                    Proof::Value(&["instances[].content"]),
                    Format::VertexEmbeddings,
                )
            },
            Api {
                domains: &["googleapis.com"],
                ..api_if(
                    ":predict",
                    Proof::Value(&["instances[].prompt"]),
                    Format::VertexImages,
                )
            },
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
            api_if(":batchGenerateContent", GEMINI_BATCH, Format::Batches),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("ollama"),
        apis: &[
            api_if("/api/chat", OLLAMA, Format::OllamaChat),
            api_if("/api/generate", OLLAMA, Format::OllamaGenerate),
            api_if("/api/embed", OLLAMA, Format::Embeddings),
            api_if("/api/embeddings", OLLAMA, Format::Embeddings),
        ],
        default_port: Some(11434),
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
        id: Some("voyage_ai"),
        hosts: &[Host::Domain("voyageai.com")],
        apis: &[
            api("/multimodalembeddings", Format::Embeddings),
            api("/contextualizedembeddings", Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("dashscope"),
        hosts: &[
            Host::Domain("dashscope.aliyuncs.com"),
            Host::Domain("dashscope-intl.aliyuncs.com"),
            Host::Domain("dashscope-us.aliyuncs.com"),
        ],
        apis: &[
            api("/aigc/text-generation/generation", Format::DashScope),
            api("/aigc/multimodal-generation/generation", Format::DashScope),
            api("/text-embedding/text-embedding", Format::Embeddings),
            api("/multimodal-embedding/multimodal-embedding", Format::Embeddings),
            api("/text-rerank/text-rerank", Format::DashScopeRerank),
            api_if("/reranks", NAMES_MODEL, Format::Rerank),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("databricks"),
        hosts: &[
            Host::Domain("azuredatabricks.net"),
            Host::Domain("cloud.databricks.com"),
            Host::Domain("gcp.databricks.com"),
        ],
        apis: &[
            api("/serving-endpoints/*/invocations", Format::OpenAiChat),
            api("/serving-endpoints/*/invocations", Format::Embeddings),
            api("/serving-endpoints/*/invocations", Format::OpenAiCompletions),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("aws.sagemaker"),
        hosts: &[Host::Service {
            labels: &["sagemaker"],
            domains: &["amazonaws.com", "amazonaws.com.cn"],
        }],
        apis: &[
            api("/endpoints/*/invocations", Format::OpenAiChat),
            api("/endpoints/*/invocations", Format::OpenAiCompletions),
            api_if("/endpoints/*/invocations", TGI, Format::Tgi),
            api("/endpoints/*/invocations-response-stream", Format::OpenAiChat),
            api(
                "/endpoints/*/invocations-response-stream",
                Format::OpenAiCompletions,
            ),
            api_if("/endpoints/*/invocations-response-stream", TGI, Format::Tgi),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("oci"),
        hosts: &[Host::Domain("oraclecloud.com")],
        apis: &[
            api("/actions/chat", Format::OciChat),
            api_at("/actions/embedText", &["oraclecloud.com"], Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("snowflake"),
        hosts: &[Host::Domain("snowflakecomputing.com")],
        apis: &[
            api("/cortex/inference:complete", Format::Cortex),
            api("/cortex/inference:embed", Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("cloudflare"),
        hosts: &[Host::Domain("api.cloudflare.com")],
        apis: &[
            api("/ai/run/**", Format::WorkersAiChat),
            api("/ai/run/**", Format::WorkersAiCompletion),
            // Behind its gateway, which has OpenAI's API below the same path.
            api("/workers-ai/@**", Format::WorkersAiChat),
            api("/workers-ai/@**", Format::WorkersAiCompletion),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("baidu"),
        hosts: &[Host::Domain("baidubce.com")],
        apis: &[api("/wenxinworkshop/chat/*", Format::Qianfan)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("tencent"),
        hosts: &[
            Host::Domain("hunyuan.tencentcloudapi.com"),
            Host::Domain("hunyuan.cloud.tencent.com"),
        ],
        apis: &[api_at("", &["hunyuan.tencentcloudapi.com"], Format::Hunyuan)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("lm_studio"),
        apis: &[api_if("/api/v1/chat", LM_STUDIO, Format::LmStudio)],
        default_port: Some(1234),
        ..Provider::PLAIN
    },
    Provider {
        id: Some("reka"),
        hosts: &[Host::Domain("reka.ai")],
        apis: &[api_at("/v1/chat", &["reka.ai"], Format::Reka)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("writer"),
        hosts: &[Host::Domain("writer.com")],
        apis: &[api_at("/v1/chat", &["writer.com"], Format::OpenAiChat)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("replicate"),
        hosts: &[Host::Domain("replicate.com")],
        apis: &[
            api_at("/predictions", &["replicate.com"], Format::Replicate),
            Api {
                domains: &["replicate.com"],
                ..get_if("/v1/predictions/*", Proof::Host, Format::ReplicateStored)
            },
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("vercel"),
        apis: &[api("/ai/language-model", Format::VercelLanguageModel)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("aleph_alpha"),
        hosts: &[Host::Domain("aleph-alpha.com")],
        apis: &[api_if("/complete", ALEPH_ALPHA, Format::AlephAlpha)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("sap"),
        hosts: &[Host::Domain("hana.ondemand.com")],
        apis: &[api("/v2/completion", Format::SapOrchestration)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("triton"),
        apis: &[
            api("/v2/models/*/generate", Format::Triton),
            api("/v2/models/*/generate_stream", Format::Triton),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("kobold"),
        apis: &[
            api_if("/api/v1/generate", KOBOLD, Format::Kobold),
            api_if("/api/extra/generate/stream", KOBOLD, Format::Kobold),
        ],
        default_port: Some(5001),
        ..Provider::PLAIN
    },
    Provider {
        id: Some("huggingface"),
        hosts: &[Host::Domain("huggingface.co"), Host::Domain("huggingface.cloud")],
        apis: &[
            api_if("/generate", TGI, Format::Tgi),
            api_if("/generate_stream", TGI, Format::Tgi),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("sglang"),
        apis: &[api_if("/generate", SGLANG, Format::SgLang)],
        default_port: Some(30000),
        ..Provider::PLAIN
    },
    Provider {
        id: Some("yandex"),
        hosts: &[Host::Domain("api.cloud.yandex.net")],
        apis: &[
            api("/foundationModels/v1/completion", Format::Yandex),
            api("/foundationModels/v1/textEmbedding", Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("naver"),
        hosts: &[Host::Domain("ntruss.com")],
        apis: &[api_at("/chat-completions/*", &["ntruss.com"], Format::Clova)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("meta"),
        hosts: &[Host::Domain("api.llama.com")],
        apis: &[
            api_at(
                "/compat/v1/chat/completions",
                &["api.llama.com"],
                Format::OpenAiChat,
            ),
            api_at("/v1/chat/completions", &["api.llama.com"], Format::LlamaApi),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("minimax"),
        apis: &[api("/text/chatcompletion_v2", Format::OpenAiChat)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("sensenova"),
        apis: &[api("/llm/chat-completions", Format::OpenAiChat)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("deepinfra"),
        apis: &[api_at("/v1/inference/**", &["deepinfra.com"], Format::DeepInfra)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("zhipu"),
        apis: &[Api {
            domains: &["bigmodel.cn", "z.ai"],
            ..get_if("/async-result/*", Proof::None, Format::StoredChat)
        }],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("nvidia"),
        hosts: &[Host::Domain("api.nvidia.com")],
        apis: &[
            api("/ranking", Format::NimRanking),
            api("/reranking", Format::NimRanking),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("mixedbread"),
        apis: &[api_if("/reranking", NAMES_MODEL, Format::MixedbreadReranking)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("vllm"),
        apis: &[api_if("/score", NAMES_MODEL, Format::VllmScore)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("pinecone"),
        hosts: &[Host::Domain("pinecone.io")],
        apis: &[api_at("/embed", &["pinecone.io"], Format::Embeddings)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("nomic"),
        hosts: &[Host::Domain("nomic.ai")],
        apis: &[api_at("/embedding/text", &["nomic.ai"], Format::Embeddings)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("llama_cpp"),
        apis: &[
            api_if("/completion", LLAMA_CPP, Format::LlamaCpp),
            api_if("/infill", LLAMA_CPP, Format::LlamaCpp),
        ],
        ..Provider::PLAIN
    },
    // Text Embeddings Inference says nothing of itself.
    Provider {
        id: Some("_OTHER"),
        apis: &[
            api("/rerank", Format::TeiRerank),
            api_if("/embed", Proof::HostValueOrAnswer(&[]), Format::Embeddings),
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
        apis: &[get_if(
            "/chat/deferred-completion/*",
            Proof::Host,
            Format::StoredChat,
        )],
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
            api("/responses/compact", Format::OpenAiResponses),
            api_if("/responses", NAMES_MODEL, Format::OpenAiResponses),
            get_if(
                "/responses/*",
                Proof::HostValueOrAnswer(&[]),
                Format::OpenAiStoredResponse,
            ),
            api_if("/completions", NAMES_MODEL, Format::OpenAiCompletions),
            api_if("/embeddings", NAMES_MODEL, Format::Embeddings),
            api_if("/embeddings/multimodal", NAMES_MODEL, Format::Embeddings),
            api("/images/generations", Format::OpenAiImages),
            api("/images/edits", Format::OpenAiImageEdits),
            api("/images/variations", Format::OpenAiImageEdits),
            api("/audio/transcriptions", Format::OpenAiTranscriptions),
            api("/audio/translations", Format::OpenAiTranslations),
            api("/audio/speech", Format::OpenAiSpeech),
            api_if("/moderations", NAMES_MODEL, Format::Moderations),
            api_if("/rerank", NAMES_MODEL, Format::Rerank),
            api_if("/batches", BATCH, Format::Batches),
            get_if("/batches/*", Proof::Host, Format::StoredBatch),
            api_if("/files", Proof::Host, Format::Files),
        ],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
];

/// What own services at the same path lack.
const NAMES_MODEL: Proof = Proof::HostValueOrAnswer(&["model"]);
/// Many chat services have Ollama's paths, and name a model too.
const OLLAMA: Proof = Proof::HostValueOrAnswer(&[
    "keep_alive",
    "options.num_ctx",
    "options.num_predict",
    "options.temperature",
    "raw",
    "think",
]);
const TGI: Proof = Proof::HostValueOrAnswer(&["parameters.max_new_tokens", "parameters.details"]);
const SGLANG: Proof = Proof::HostValueOrAnswer(&[
    "sampling_params.max_new_tokens",
    "sampling_params.temperature",
    "sampling_params.top_p",
]);
const LM_STUDIO: Proof = Proof::HostValueOrAnswer(&["system_prompt", "context_length", "integrations[]"]);
const KOBOLD: Proof = Proof::HostValueOrAnswer(&["max_length", "max_context_length"]);
const ALEPH_ALPHA: Proof = Proof::HostValueOrAnswer(&["maximum_tokens"]);
const LLAMA_CPP: Proof = Proof::HostValueOrAnswer(&["n_predict", "cache_prompt", "id_slot", "input_prefix"]);
const GEMINI_BATCH: Proof = Proof::Value(&[
    "batch.displayName",
    "batch.display_name",
    "batch.inputConfig.fileName",
    "batch.input_config.file_name",
]);
const BATCH: Proof = Proof::Value(&["input_file_id"]);

/// The ends of paths that look like a model call's and only count tokens.
const NOT_CALLS: &[&str] = &["/models/count-tokens:rawPredict"];

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::{PROVIDERS, Pattern, Provider, Target, tail};
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
            "api.anthropic.com/v1/messages/batches/b-1/results",
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
            let pattern = Pattern::new(pattern);
            let found = pattern.may_end(tail(path)) && pattern.ends(path);
            assert_eq!(found, expected, "{path} {pattern:?}");
        }
    }
}
