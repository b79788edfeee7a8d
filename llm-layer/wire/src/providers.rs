//! The APIs and hosts that are known without being told.

use crate::candidates::{Candidate, built_in};
use crate::{Format, Target};

/// The formats that are spoken at a path, and by whom, in the order in which they count.
pub(crate) fn find<'a>(target: &'a Target<'_>, path: &'a str) -> impl Iterator<Item = Candidate> + 'a {
    let is_call = !NO_CALLS.iter().any(|end| path.ends_with(end));
    let apis = APIS.iter().filter(move |(end, domain, _, _)| {
        is_call && ends_with(path, end) && (domain.is_empty() || target.is_at(domain))
    });
    apis.flat_map(move |(_, _, format, usual)| built_in(*format, provider(target, path).unwrap_or(usual)))
}

/// The provider whose host it is; somebody's gateway to Azure OpenAI is known by Azure's path.
fn provider(target: &Target<'_>, path: &str) -> Option<&'static str> {
    let by_path = || path.contains("/openai/deployments/").then_some("azure.ai.openai");
    target
        .host
        .and_then(|host| at_host(host, target, path))
        .or_else(by_path)
}

fn at_host(host: &str, target: &Target<'_>, path: &str) -> Option<&'static str> {
    let is_bedrock = host.split('.').any(|label| BEDROCK.contains(&label));
    if is_bedrock && AWS.iter().any(|domain| target.is_at(domain)) {
        return Some("aws.bedrock");
    }
    let multi_region = host.starts_with("aiplatform.") && host.ends_with(".rep.googleapis.com");
    if multi_region || host.ends_with(VERTEX) {
        return Some("gcp.vertex_ai");
    }
    let (_, provider) = PROVIDERS.iter().find(|(domain, _)| target.is_at(domain))?;
    let is_inference = ["/models/", "/anthropic/"]
        .iter()
        .any(|part| path.starts_with(part));
    match *provider {
        "azure.ai.openai" if is_inference => Some("azure.ai.inference"),
        provider => Some(provider),
    }
}

/// Whether a path ends with a pattern, in which `*` stands for one segment or the rest of one.
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

/// A path's end, the domain it must be at if the end alone says too little, the format, and whose it is elsewhere.
type Api = (&'static str, &'static str, Format, &'static str);

const APIS: &[Api] = &[
    ("/chat/completions", "", Format::OpenAiChat, "openai"),
    ("/agents/completions", "", Format::OpenAiChat, "mistral_ai"),
    ("/v1/sonar", "perplexity.ai", Format::OpenAiChat, "perplexity"),
    ("/ml/v1/text/chat", "", Format::OpenAiChat, "ibm.watsonx.ai"),
    (
        "/ml/v1/text/chat_stream",
        "",
        Format::OpenAiChat,
        "ibm.watsonx.ai",
    ),
    ("/responses", "", Format::OpenAiResponses, "openai"),
    ("/completions", "", Format::OpenAiCompletions, "openai"),
    ("/api/embeddings", "", Format::Embeddings, "ollama"),
    ("/embeddings", "", Format::Embeddings, "openai"),
    ("/v1/messages", "", Format::Anthropic, "anthropic"),
    (
        "/publishers/anthropic/models/*:rawPredict",
        "",
        Format::Anthropic,
        "gcp.vertex_ai",
    ),
    (
        "/publishers/anthropic/models/*:streamRawPredict",
        "",
        Format::Anthropic,
        "gcp.vertex_ai",
    ),
    (
        ":rawPredict",
        "googleapis.com",
        Format::OpenAiChat,
        "gcp.vertex_ai",
    ),
    (
        ":rawPredict",
        "googleapis.com",
        Format::OpenAiCompletions,
        "gcp.vertex_ai",
    ),
    (
        ":streamRawPredict",
        "googleapis.com",
        Format::OpenAiChat,
        "gcp.vertex_ai",
    ),
    (
        ":streamRawPredict",
        "googleapis.com",
        Format::OpenAiCompletions,
        "gcp.vertex_ai",
    ),
    (":generateContent", "", Format::Gemini, "gcp.gen_ai"),
    (":streamGenerateContent", "", Format::Gemini, "gcp.gen_ai"),
    (
        "/v1beta/interactions",
        "",
        Format::GeminiInteractions,
        "gcp.gen_ai",
    ),
    (
        "/interactions",
        "googleapis.com",
        Format::GeminiInteractions,
        "gcp.gen_ai",
    ),
    (":embedContent", "", Format::Embeddings, "gcp.gen_ai"),
    (":batchEmbedContents", "", Format::Embeddings, "gcp.gen_ai"),
    (
        ":predict",
        "googleapis.com",
        Format::VertexEmbeddings,
        "gcp.vertex_ai",
    ),
    ("/api/chat", "", Format::OllamaChat, "ollama"),
    ("/api/generate", "", Format::OllamaGenerate, "ollama"),
    ("/api/embed", "", Format::Embeddings, "ollama"),
    ("/v2/chat", "", Format::Cohere, "cohere"),
    ("/v1/chat", "cohere.com", Format::Cohere, "cohere"),
    ("/v1/chat", "cohere.ai", Format::Cohere, "cohere"),
    ("/v2/embed", "", Format::Embeddings, "cohere"),
    ("/v1/embed", "cohere.com", Format::Embeddings, "cohere"),
    ("/v1/embed", "cohere.ai", Format::Embeddings, "cohere"),
    (
        "/v1/conversations",
        "",
        Format::MistralConversations,
        "mistral_ai",
    ),
    (
        "/v1/conversations/*",
        "mistral.ai",
        Format::MistralConversations,
        "mistral_ai",
    ),
    (
        "/v1/conversations/*/restart",
        "mistral.ai",
        Format::MistralConversations,
        "mistral_ai",
    ),
    ("/model/*/converse", "", Format::BedrockConverse, "aws.bedrock"),
    (
        "/model/*/converse-stream",
        "",
        Format::BedrockConverse,
        "aws.bedrock",
    ),
    ("/model/*/invoke", "", Format::BedrockInvoke, "aws.bedrock"),
    (
        "/model/*/invoke-with-response-stream",
        "",
        Format::BedrockInvoke,
        "aws.bedrock",
    ),
];

/// What looks like a model call, and counts tokens only.
const NO_CALLS: &[&str] = &["/models/count-tokens:rawPredict"];

const PROVIDERS: &[(&str, &str)] = &[
    ("openai.com", "openai"),
    ("openai.azure.com", "azure.ai.openai"),
    ("openai.azure.us", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.openai"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("inference.ai.azure.com", "azure.ai.inference"),
    ("anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("cohere.com", "cohere"),
    ("cohere.ai", "cohere"),
    ("mistral.ai", "mistral_ai"),
    ("groq.com", "groq"),
    ("deepseek.com", "deepseek"),
    ("perplexity.ai", "perplexity"),
    ("x.ai", "x_ai"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("moonshot.ai", "moonshot_ai"),
    ("moonshot.cn", "moonshot_ai"),
    ("openrouter.ai", "openrouter"),
];

/// The end of Vertex's hosts, which have a region in front of it, with a hyphen.
const VERTEX: &str = "aiplatform.googleapis.com";

/// Where AWS's services are. Who runs a model of their own there is not Bedrock.
const AWS: &[&str] = &["amazonaws.com", "amazonaws.com.cn", "api.aws"];
/// The names of Bedrock's services in their hosts, whatever stands in front and behind: regions, endpoints of a VPC.
const BEDROCK: &[&str] = &["bedrock-runtime", "bedrock-runtime-fips", "bedrock-mantle"];

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::{Target, ends_with};
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
