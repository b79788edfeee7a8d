//! The formats that this crate reads: one file each, and a row in the table below.
//!
//! A format that needs no code is a [`table::Table`] of paths, for example [`llama_cpp`].

mod agent_runs;
mod aleph_alpha;
mod anthropic;
mod batch_results;
mod batches;
mod bedrock;
mod bedrock_agents;
mod bedrock_invoke;
mod cloudflare_universal;
mod clova;
mod cohere;
mod cortex;
mod coze;
mod dashscope;
mod deepinfra;
mod dify;
mod einstein;
mod embeddings;
mod errors;
mod gemini;
mod gemini_interactions;
mod gemini_live;
mod hunyuan;
mod kobold;
mod lemur;
mod letta;
mod llama_api;
mod llama_cpp;
mod lm_studio;
mod mistral;
mod moderations;
mod named_count;
mod nlp_cloud;
mod oci;
mod ocr;
mod ollama;
mod openai_audio;
mod openai_chat;
mod openai_completions;
mod openai_images;
mod openai_responses;
mod openai_usage;
mod qianfan;
mod reka;
mod replicate;
mod rerank;
mod runpod;
mod sap;
mod sglang;
mod table;
mod tgi;
mod triton;
mod usage_elsewhere;
mod vercel;
mod vertex_images;
mod vertex_predict;
mod videos;
mod voices;
mod watsonx;
mod workers_ai;
mod yandex;

use http::HeaderMap;

use crate::content::{Content, Document};
use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;

/// Defines [`Format`] by its rows: a name and a decoder each.
macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident => $decoder:expr,)*) => {
        /// A wire format that this crate reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$doc])* $name,)*
        }

        impl Format {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn decoder(self) -> &'static dyn WireFormat {
                match self {
                    $(Self::$name => &$decoder,)*
                }
            }
        }
    };
}

formats! {
    /// OpenAI chat completions.
    OpenAiChat => openai_chat::OpenAiChat::Create,
    /// A deferred chat completion, by `GET`.
    StoredChat => openai_chat::OpenAiChat::Fetch,
    /// A chat completion by a prompt that a gateway stores.
    StoredPromptChat => openai_chat::OpenAiChat::Prompt,
    /// OpenAI Responses.
    OpenAiResponses => openai_responses::OpenAiResponses::Create,
    /// A stored response of OpenAI, by `GET`.
    OpenAiStoredResponse => openai_responses::OpenAiResponses::Fetch,
    /// Legacy completions.
    OpenAiCompletions => openai_completions::OpenAiCompletions,
    /// OpenAI's generation of images.
    OpenAiImages => openai_images::GENERATIONS,
    /// OpenAI's edits and variations of images.
    OpenAiImageEdits => openai_images::EDITS,
    /// OpenAI's transcription of speech.
    OpenAiTranscriptions => openai_audio::TRANSCRIPTIONS,
    /// OpenAI's translation of speech.
    OpenAiTranslations => openai_audio::TRANSLATIONS,
    /// OpenAI's speech.
    OpenAiSpeech => openai_audio::SPEECH,
    /// OpenAI's and Mistral's moderation.
    Moderations => moderations::MODERATIONS,
    /// The creation of a batch.
    Batches => batches::CREATE,
    /// The state of a batch, by `GET`.
    StoredBatch => batches::FETCH,
    /// The results of a batch of OpenAI, in a file.
    OpenAiBatchResults => batch_results::OPENAI,
    /// The results of a batch of Anthropic.
    AnthropicBatchResults => batch_results::ANTHROPIC,
    /// The upload of a file.
    Files => batches::UPLOAD,
    /// Embeddings, of any provider but Vertex and Bedrock.
    Embeddings => embeddings::Embeddings::Texts,
    /// Embeddings of Vertex's `:predict`.
    VertexEmbeddings => embeddings::Embeddings::Instances,
    /// Embeddings of Bedrock's InvokeModel.
    BedrockEmbeddings => embeddings::Embeddings::InvokeModel,
    /// Images of Vertex's `:predict`.
    VertexImages => vertex_images::VERTEX_IMAGES,
    /// Chats of Vertex's `:predict`.
    VertexChat => vertex_predict::CHAT,
    /// Completions of Vertex's `:predict`.
    VertexCompletion => vertex_predict::COMPLETION,
    /// OpenAI's videos.
    OpenAiVideos => videos::OPENAI,
    /// A video of OpenAI that changes another.
    OpenAiVideoRemix => videos::REMIX,
    /// Google's videos.
    Veo => videos::VEO,
    /// Rerank of Cohere, Jina, Voyage and vLLM.
    Rerank => rerank::DOCUMENTS,
    /// Rerank of Text Embeddings Inference.
    TeiRerank => rerank::TEXTS,
    /// Ranking of NVIDIA's NIM.
    NimRanking => rerank::PASSAGES,
    /// Reranking of Mixedbread.
    MixedbreadReranking => rerank::INPUT,
    /// Rerank of watsonx.
    WatsonxRerank => rerank::INPUTS,
    /// Rerank of DashScope.
    DashScopeRerank => rerank::DASHSCOPE,
    /// Rerank of Oracle Cloud's generative AI.
    OciRerank => rerank::OCI,
    /// Rerank of Bedrock.
    BedrockRerank => rerank::BEDROCK,
    /// Score of vLLM.
    VllmScore => rerank::SCORES,
    /// Mistral's OCR.
    Ocr => ocr::OCR,
    /// Anthropic Messages.
    Anthropic => anthropic::Anthropic,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini => gemini::Gemini,
    /// Gemini's interactions.
    GeminiInteractions => gemini_interactions::GeminiInteractions,
    /// Gemini's live sessions, over a WebSocket.
    GeminiLive => gemini_live::GeminiLive,
    /// Mistral's conversations.
    MistralConversations => mistral::MistralConversations,
    /// Ollama's `/api/chat`.
    OllamaChat => ollama::Ollama::Chat,
    /// Ollama's `/api/generate`.
    OllamaGenerate => ollama::Ollama::Generate,
    /// Cohere's chat.
    Cohere => cohere::Cohere,
    /// Bedrock's Converse.
    BedrockConverse => bedrock::Converse,
    /// An agent of Bedrock.
    BedrockAgent => bedrock_agents::AGENT,
    /// A flow of Bedrock.
    BedrockFlow => bedrock_agents::FLOW,
    /// A knowledge base of Bedrock.
    BedrockKnowledgeBase => bedrock_agents::KNOWLEDGE_BASE,
    /// Bedrock's InvokeModel.
    BedrockInvoke => bedrock_invoke::InvokeModel,
    /// YandexGPT's own API.
    Yandex => yandex::COMPLETION,
    /// Naver's CLOVA Studio.
    Clova => clova::CHAT,
    /// Meta's Llama API.
    LlamaApi => llama_api::CHAT,
    /// SGLang's own API.
    SgLang => sglang::GENERATE,
    /// DeepInfra's own API.
    DeepInfra => deepinfra::INFERENCE,
    /// DashScope's own API.
    DashScope => dashscope::DASHSCOPE,
    /// Applications of DashScope.
    DashScopeApp => dashscope::APP,
    /// Chat of Oracle Cloud's generative AI.
    OciChat => oci::OCI_CHAT,
    /// Snowflake's Cortex.
    Cortex => cortex::CORTEX,
    /// Chat of Cloudflare's Workers AI.
    WorkersAiChat => workers_ai::CHAT,
    /// Completions of Cloudflare's Workers AI.
    WorkersAiCompletion => workers_ai::COMPLETION,
    /// Text Generation Inference, also behind SageMaker.
    Tgi => tgi::TGI,
    /// Text generation of Hugging Face's inference providers.
    HuggingFacePipeline => tgi::PIPELINE,
    /// llama.cpp's own completions.
    LlamaCpp => llama_cpp::LLAMA_CPP,
    /// Text generation of watsonx.
    WatsonxGeneration => watsonx::GENERATION,
    /// Baidu's Qianfan.
    Qianfan => qianfan::QIANFAN,
    /// Tencent's Hunyuan.
    Hunyuan => hunyuan::HUNYUAN,
    /// LM Studio's own chat.
    LmStudio => lm_studio::LM_STUDIO,
    /// Triton's generation, also of TensorRT-LLM.
    Triton => triton::TRITON,
    /// KoboldCpp's own completions.
    Kobold => kobold::KOBOLD,
    /// The orchestration of SAP's AI Core.
    SapOrchestration => sap::ORCHESTRATION,
    /// Aleph Alpha's completions.
    AlephAlpha => aleph_alpha::COMPLETE,
    /// Replicate's predictions.
    Replicate => replicate::CREATE,
    /// A prediction of Replicate, by `GET`.
    ReplicateStored => replicate::FETCH,
    /// The language models of Vercel's AI gateway, in the AI SDK's own form.
    VercelLanguageModel => vercel::VercelLanguageModel,
    /// Reka's chat.
    Reka => reka::REKA,
    /// Messages of Dify's apps.
    Dify => dify::MESSAGES,
    /// Chat with Coze's bots.
    Coze => coze::CHAT,
    /// Chat of Salesforce's Einstein.
    EinsteinChat => einstein::CHAT,
    /// Text generation of Salesforce's Einstein.
    EinsteinGeneration => einstein::GENERATION,
    /// Runs of OpenAI's assistants, and of Foundry's agents.
    AgentRuns => agent_runs::CREATE,
    /// The outputs of tools for such a run.
    AgentRunOutputs => agent_runs::CONTINUE,
    /// Such a run, by `GET`.
    StoredAgentRun => agent_runs::FETCH,
    /// Jobs of RunPod.
    RunPod => runpod::CREATE,
    /// A job of RunPod, by `GET`.
    RunPodStored => runpod::FETCH,
    /// Letta's agents.
    Letta => letta::LETTA,
    /// NLP Cloud's text generation.
    NlpCloud => nlp_cloud::GENERATION,
    /// AssemblyAI's LeMUR.
    Lemur => lemur::GENERATE,
    /// Speech of ElevenLabs and Deepgram.
    TextToSpeech => voices::TEXT_TO_SPEECH,
    /// Transcription of ElevenLabs and Deepgram.
    SpeechToText => voices::SPEECH_TO_TEXT,
    /// The universal endpoint of Cloudflare's AI gateway.
    CloudflareUniversal => cloudflare_universal::CloudflareUniversal,
    /// Stability's images.
    StabilityImages => openai_images::STABILITY,
}

#[deny(clippy::missing_trait_methods)]
impl WireFormat for Format {
    fn operation(&self) -> Operation {
        self.decoder().operation()
    }

    fn members(&self) -> &'static [&'static str] {
        self.decoder().members()
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.decoder().matches(request)
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        self.decoder().request_value(at, value, request);
    }

    fn request_head(&self, headers: &HeaderMap, request: &mut RequestInfo) {
        self.decoder().request_head(headers, request);
    }

    fn finish_request(&self, path: &str, request: &mut RequestInfo) {
        self.decoder().finish_request(path, request);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        self.decoder().prompt(at)
    }

    fn content(&self, body: &Document) -> Content {
        self.decoder().content(body)
    }

    fn reports_usage(&self, request: &RequestInfo) -> bool {
        self.decoder().reports_usage(request)
    }

    fn alternatives(&self) -> &'static str {
        self.decoder().alternatives()
    }

    fn envelopes(&self) -> &'static [&'static str] {
        self.decoder().envelopes()
    }

    fn is_shown_by_text(&self) -> bool {
        self.decoder().is_shown_by_text()
    }

    fn head(&self, headers: &HeaderMap, reply: &mut Reply) {
        self.decoder().head(headers, reply);
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        self.decoder().channel(at, reply)
    }

    fn items(&self) -> &'static [&'static str] {
        self.decoder().items()
    }

    fn continued(&self, at: &Path, reply: &Reply) -> Option<&'static str> {
        self.decoder().continued(at, reply)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        read_value(self.decoder(), at, value, reply);
    }

    fn ignores(&self, at: &Path) -> bool {
        is_ignored(at)
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        begin_event(self.decoder(), name, reply);
    }
}

/// Passes a value of an answer to a decoder, and reads what the APIs share.
#[inline]
pub(crate) fn read_value(decoder: &dyn WireFormat, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
    errors::read(at.as_str(), value, reply);
    decoder.value(at, value, reply);
    usage_elsewhere::read(decoder, at, value, reply);
}

/// Passes the name of an event to a decoder.
pub(crate) fn begin_event(decoder: &dyn WireFormat, name: &str, reply: &mut Reply) {
    errors::begin_event(name, reply);
    decoder.event(name, reply);
}

/// Whether values at this path differ between the events of a stream and are not read by any format.
pub(crate) fn is_ignored(at: &Path) -> bool {
    // The paths of most values are longer.
    at.len() <= LONGEST_IGNORED && IGNORED.contains(&at.as_str())
}

/// What differs in the events of a stream, and no format reads.
const IGNORED: &[&str] = &[
    "created",
    "created_at",
    "event_id",
    "obfuscation",
    "p",
    "sequence_number",
];

/// The length of the longest of them.
const LONGEST_IGNORED: usize = "sequence_number".len();

#[cfg(test)]
mod tests {
    use super::{Format, IGNORED, LONGEST_IGNORED};
    use crate::framing::Repeat;
    use crate::json::Scanner;
    use crate::reading::{Reading, TextPiece};
    use crate::recognised::AnyFormat;
    use crate::reply::Reply;

    #[test]
    fn the_longest_ignored_path_is_the_bound() {
        let longest = IGNORED.iter().map(|path| path.len()).max();
        assert_eq!(longest, Some(LONGEST_IGNORED), "{IGNORED:?}");
    }

    #[test]
    fn what_is_ignored_says_nothing() {
        for (format, name) in Format::ALL
            .iter()
            .flat_map(|format| IGNORED.iter().map(move |name| (*format, name)))
        {
            let wire = AnyFormat::from(format);
            let mut reply = Reply::new(wire.alternatives(), wire.envelopes());
            let mut reading = Reading {
                format: &wire,
                reply: &mut reply,
                answer: None,
                on_text: |_: TextPiece<'_>| (),
            };
            let mut is_unchanged_by = |document: String| {
                let fed = Scanner::default().feed(document.as_bytes(), &mut reading);
                assert_eq!(fed, Ok(()), "{document}");
                reading.is_unchanged()
            };
            for event in ["", "error", "response.completed", "conversation.response.error"] {
                is_unchanged_by(format!(r#"{{"type":"{event}"}}"#));
                for value in ["\"completed\"", "7", "null"] {
                    let document = format!(r#"{{"type":"{event}","{name}":{value}}}"#);
                    assert!(is_unchanged_by(document.clone()), "{format:?}: {document}");
                }
            }
        }
    }
}
