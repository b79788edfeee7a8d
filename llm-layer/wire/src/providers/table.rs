//! The rows: one a provider.

use super::provider::{Api, Host, IncludeUsage, Provider, api, api_at, api_if, get_if};
use crate::candidates::Proof;
use crate::formats::Format;

/// The providers. To add one, add a row: its name, its hosts, and the fields in which it is not
/// [plain](Provider::PLAIN). APIs that others offer under the same path need no entry of their own.
///
/// All APIs that fit a path are candidates, in the order of the table, and the provider that is usual for the
/// first of them counts. So a longer path stands before its own end, such as `/agents/completions` before
/// `/completions`.
pub(super) const PROVIDERS: &[Provider] = &[
    Provider {
        id: Some("mistral_ai"),
        hosts: &[Host::Domain("mistral.ai")],
        apis: &[
            api("/agents/completions", Format::OpenAiChat),
            api("/chat/moderations", Format::Moderations),
            api_if("/ocr", Proof::Host, Format::Ocr),
            api_if("/batch/jobs", Proof::Host, Format::Batches),
            get_if("/batch/jobs/*", Proof::Host, Format::StoredBatch),
            api_if(
                "/v1/conversations",
                MISTRAL_CONVERSATION,
                Format::MistralConversations,
            ),
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
            get_if(
                "/v1/messages/batches/*/results",
                Proof::None,
                Format::AnthropicBatchResults,
            ),
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
            api_if(":predict", VERTEX_CHAT, Format::VertexChat),
            Api {
                domains: &["googleapis.com"],
                ..api_if(":predict", VERTEX_COMPLETION, Format::VertexCompletion)
            },
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
            api(":predictLongRunning", Format::Veo),
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
            api_at("/apps/*/completion", &["aliyuncs.com"], Format::DashScopeApp),
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
            // Agents have OpenAI's Responses.
            api_if(
                "/serving-endpoints/*/invocations",
                Proof::Value(&["input[].role"]),
                Format::OpenAiResponses,
            ),
            api("/serving-endpoints/*/invocations", Format::Embeddings),
            api("/serving-endpoints/*/invocations", Format::OpenAiCompletions),
            // MLflow's gateway.
            api_if("/gateway/*/invocations", CHAT, Format::OpenAiChat),
            api_if("/gateway/*/invocations", ANSWERS, Format::Embeddings),
            api_if("/gateway/*/invocations", ANSWERS, Format::OpenAiCompletions),
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
            api_at("/actions/rerankText", &["oraclecloud.com"], Format::OciRerank),
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
            api("/ai/run/@**", Format::WorkersAiChat),
            api("/ai/run/@**", Format::WorkersAiCompletion),
            // Behind its gateway, which has OpenAI's API below the same path.
            api("/workers-ai/@**", Format::WorkersAiChat),
            api("/workers-ai/@**", Format::WorkersAiCompletion),
            Api {
                domains: &["gateway.ai.cloudflare.com"],
                ..api_if("/v1/*/*", UNIVERSAL, Format::CloudflareUniversal)
            },
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
        apis: &[
            api("/v2/completion", Format::SapOrchestration),
            api("/inference/deployments/*/invoke", Format::BedrockInvoke),
            api(
                "/inference/deployments/*/invoke-with-response-stream",
                Format::BedrockInvoke,
            ),
            api("/inference/deployments/*/converse", Format::BedrockConverse),
            api(
                "/inference/deployments/*/converse-stream",
                Format::BedrockConverse,
            ),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("salesforce"),
        hosts: &[Host::Domain("salesforce.com")],
        apis: &[
            api_at("/chat-generations", &["salesforce.com"], Format::EinsteinChat),
            api_at("/generations", &["salesforce.com"], Format::EinsteinGeneration),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("dify"),
        hosts: &[Host::Domain("dify.ai")],
        apis: &[
            api_if("/chat-messages", DIFY, Format::Dify),
            api_if("/completion-messages", DIFY, Format::Dify),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("coze"),
        hosts: &[Host::Domain("coze.com"), Host::Domain("coze.cn")],
        apis: &[api_at("/v3/chat", &["coze.com", "coze.cn"], Format::Coze)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("runpod"),
        hosts: &[Host::Domain("runpod.ai")],
        apis: &[
            api_at("/v2/*/run", &["runpod.ai"], Format::RunPod),
            api_at("/v2/*/runsync", &["runpod.ai"], Format::RunPod),
            Api {
                domains: &["runpod.ai"],
                ..get_if("/v2/*/status/*", Proof::Answer, Format::RunPodStored)
            },
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("assemblyai"),
        hosts: &[Host::Domain("assemblyai.com")],
        apis: &[api_at("/lemur/v3/generate/*", &["assemblyai.com"], Format::Lemur)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("elevenlabs"),
        hosts: &[Host::Domain("elevenlabs.io")],
        apis: &[
            api_at("/v1/text-to-speech/**", &["elevenlabs.io"], Format::TextToSpeech),
            api_at("/v1/speech-to-text", &["elevenlabs.io"], Format::SpeechToText),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("deepgram"),
        hosts: &[Host::Domain("deepgram.com")],
        apis: &[
            api_at("/v1/speak", &["deepgram.com"], Format::TextToSpeech),
            api_at("/v1/listen", &["deepgram.com"], Format::SpeechToText),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("stability_ai"),
        hosts: &[Host::Domain("stability.ai")],
        apis: &[api_at(
            "/stable-image/generate/*",
            &["stability.ai"],
            Format::StabilityImages,
        )],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("nlp_cloud"),
        hosts: &[Host::Domain("nlpcloud.io")],
        apis: &[api_at("/gpu/*/generation", &["nlpcloud.io"], Format::NlpCloud)],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("predibase"),
        hosts: &[Host::Domain("predibase.com")],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("letta"),
        hosts: &[Host::Domain("letta.com")],
        apis: &[
            api_if("/v1/agents/*/messages", ANSWERS, Format::Letta),
            api_if("/v1/agents/*/messages/stream", ANSWERS, Format::Letta),
        ],
        default_port: Some(8283),
        ..Provider::PLAIN
    },
    Provider {
        id: Some("triton"),
        apis: &[
            api_if("/v2/models/*/generate", TRITON, Format::Triton),
            api_if("/v2/models/*/generate_stream", TRITON, Format::Triton),
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
            api_at(
                "/pipeline/feature-extraction",
                &["huggingface.co"],
                Format::Embeddings,
            ),
            Api {
                domains: &["huggingface.co"],
                ..api_if("/models/**", HUB_GENERATION, Format::HuggingFacePipeline)
            },
            Api {
                domains: &["huggingface.co"],
                ..api_if("/models/**", Proof::Answer, Format::HuggingFacePipeline)
            },
            // An endpoint of one's own answers at its root.
            api_at("", &["endpoints.huggingface.cloud"], Format::Tgi),
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
        hosts: &[
            Host::Domain("api.nvidia.com"),
            Host::Domain("api.nvcf.nvidia.com"),
        ],
        apis: &[
            // A function that NVIDIA hosts.
            api_at("/nvcf/pexec/functions/*", &["nvidia.com"], Format::OpenAiChat),
            api_if("/ranking", NAMES_MODEL, Format::NimRanking),
            api_if("/reranking", NAMES_MODEL, Format::NimRanking),
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
            api_if("/rerank", TEI_RERANK, Format::TeiRerank),
            api_if("/embed", Proof::HostValueOrAnswer(&[]), Format::Embeddings),
        ],
        ..Provider::PLAIN
    },
    Provider {
        id: Some("aws.bedrock"),
        hosts: &[
            // Your own model on an AWS host is not Bedrock.
            Host::Service {
                labels: &[
                    "bedrock-runtime",
                    "bedrock-runtime-fips",
                    "bedrock-agent-runtime",
                    "bedrock-mantle",
                ],
                domains: &["amazonaws.com", "amazonaws.com.cn", "api.aws"],
            },
        ],
        apis: &[
            api_at("/rerank", &["amazonaws.com"], Format::BedrockRerank),
            api("/agents/*/agentAliases/*/sessions/*/text", Format::BedrockAgent),
            api_at("/agents/*", &["amazonaws.com"], Format::BedrockAgent),
            api_if("/flows/*/aliases/*", FLOW, Format::BedrockFlow),
            api("/retrieveAndGenerate", Format::BedrockKnowledgeBase),
            api("/retrieveAndGenerateStream", Format::BedrockKnowledgeBase),
            api("/model/*/converse", Format::BedrockConverse),
            api("/model/*/converse-stream", Format::BedrockConverse),
            api_if("/model/*/invoke", INVOKE_MODEL, Format::BedrockInvoke),
            api_if(
                "/model/*/invoke-with-response-stream",
                INVOKE_MODEL,
                Format::BedrockInvoke,
            ),
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
            api("/prompts/*/completions", Format::StoredPromptChat),
            api_if("/completions", NAMES_MODEL, Format::OpenAiCompletions),
            api_if("/embeddings", NAMES_MODEL, Format::Embeddings),
            api_if("/embeddings/multimodal", NAMES_MODEL, Format::Embeddings),
            api_if("/images/generations", IMAGE, Format::OpenAiImages),
            api_if("/images/edits", IMAGE, Format::OpenAiImageEdits),
            api_if("/images/variations", IMAGE, Format::OpenAiImageEdits),
            api("/videos", Format::OpenAiVideos),
            api_at("/videos/*/remix", &["openai.com"], Format::OpenAiVideoRemix),
            api("/videos/generations", Format::OpenAiVideos),
            api("/video/generations/jobs", Format::OpenAiVideos),
            api_if("/audio/transcriptions", AUDIO, Format::OpenAiTranscriptions),
            api_if("/audio/translations", AUDIO, Format::OpenAiTranslations),
            api_if("/audio/speech", AUDIO, Format::OpenAiSpeech),
            api_if("/moderations", NAMES_MODEL, Format::Moderations),
            api_if("/rerank", NAMES_MODEL, Format::Rerank),
            api_if("/batches", BATCH, Format::Batches),
            get_if("/batches/*", Proof::Host, Format::StoredBatch),
            get_if("/files/*/content", Proof::Answer, Format::OpenAiBatchResults),
            api("/threads/runs", Format::AgentRuns),
            api("/threads/*/runs", Format::AgentRuns),
            api("/threads/*/runs/*/submit_tool_outputs", Format::AgentRunOutputs),
            get_if("/threads/*/runs/*", Proof::Host, Format::StoredAgentRun),
            api_if("/files", Proof::Host, Format::Files),
        ],
        include_usage: IncludeUsage::Yes,
        ..Provider::PLAIN
    },
];

/// What own services at the same path lack.
const NAMES_MODEL: Proof = Proof::HostValueOrAnswer(&["model"]);
/// The answer shows it.
const ANSWERS: Proof = Proof::HostValueOrAnswer(&[]);
const CHAT: Proof = Proof::HostValueOrAnswer(&["messages[].role"]);
const MISTRAL_CONVERSATION: Proof = Proof::HostValueOrAnswer(&["model", "agent_id"]);
const TRITON: Proof =
    Proof::HostValueOrAnswer(&["max_tokens", "parameters.max_tokens", "parameters.temperature"]);
const FLOW: Proof = Proof::HostValueOrAnswer(&["inputs[].nodeName"]);
/// Each model has a format of its own.
const INVOKE_MODEL: Proof = Proof::HostValueOrAnswer(&[
    "anthropic_version",
    "inferenceConfig.maxTokens",
    "inferenceConfig.max_new_tokens",
    "inputText",
    "max_gen_len",
    "max_tokens",
    "messages[].role",
    "schemaVersion",
]);
/// Own services have sound and images too.
const AUDIO: Proof = Proof::HostValueOrAnswer(&["model", "response_format", "voice"]);
const IMAGE: Proof = Proof::HostValueOrAnswer(&["model", "n", "quality", "response_format", "size"]);
/// The answer has the number of tokens in its head.
const TEI_RERANK: Proof = Proof::HostValueOrAnswer(&["raw_scores", "return_text", "truncate"]);
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
/// Models of all kinds have the same path.
const HUB_GENERATION: Proof = Proof::Value(&[
    "parameters.max_new_tokens",
    "parameters.return_full_text",
    "parameters.do_sample",
    "parameters.temperature",
]);
const SGLANG: Proof = Proof::HostValueOrAnswer(&[
    "sampling_params.max_new_tokens",
    "sampling_params.temperature",
    "sampling_params.top_p",
]);
const LM_STUDIO: Proof = Proof::HostValueOrAnswer(&["system_prompt", "context_length", "integrations[]"]);
const DIFY: Proof = Proof::HostValueOrAnswer(&["response_mode"]);
const KOBOLD: Proof = Proof::HostValueOrAnswer(&["max_length", "max_context_length"]);
const ALEPH_ALPHA: Proof = Proof::HostValueOrAnswer(&["maximum_tokens"]);
const LLAMA_CPP: Proof = Proof::HostValueOrAnswer(&["n_predict", "cache_prompt", "id_slot", "input_prefix"]);
const GEMINI_BATCH: Proof = Proof::Value(&[
    "batch.displayName",
    "batch.display_name",
    "batch.inputConfig.fileName",
    "batch.input_config.file_name",
]);
/// Models of many kinds have the same path.
const VERTEX_CHAT: Proof = Proof::Value(&["instances[].messages[].content", "instances[].messages[].role"]);
const VERTEX_COMPLETION: Proof = Proof::Value(&[
    "instances[].max_tokens",
    "parameters.maxOutputTokens",
    "parameters.max_tokens",
]);
/// Messages, contents or a prompt for one of many providers.
const UNIVERSAL: Proof = Proof::Value(&[
    "[].query.messages[].role",
    "[].query.contents[].parts[].text",
    "[].query.prompt",
]);
const BATCH: Proof = Proof::Value(&["input_file_id"]);

/// The ends of paths that look like a model call's and only count tokens.
pub(super) const NOT_CALLS: &[&str] = &["/models/count-tokens:rawPredict"];
