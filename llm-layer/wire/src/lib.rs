//! Recognises LLM calls and reads their requests and answers, byte by byte, into typed values.
//!
//! For gateways, log processors and test mocks. Bytes go in and typed values come out: the crate does no I/O
//! and needs no runtime. Bodies may be cut anywhere, and are read in bounded memory, whatever their length.
//!
//! ```
//! use bytes::Bytes;
//! use http::{HeaderMap, Method};
//! use throughline_llm_wire::{Channel, Target, read_request};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "https://api.openai.com/v1/chat/completions".parse()?;
//! let body = Bytes::from(r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#);
//! let target = Target::new(&Method::POST, &url, None);
//! let request = read_request(&target, &HeaderMap::new(), &[], &body).ok_or("not a model call")?;
//! assert_eq!(request.recognised.provider, "openai");
//! assert_eq!(request.info.model.as_deref(), Some("gpt-4o"));
//!
//! let mut response = request.response_reader();
//! response.read_head(&HeaderMap::from_iter([(http::header::CONTENT_TYPE, "text/event-stream".parse()?)]));
//! let mut answer = String::new();
//! for chunk in [
//!     "data: {\"id\":\"c-1\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"choices\":[{\"del",
//!     "ta\":{\"content\":\"lo!\"},\"finish_reason\":\"stop\"}]}\n\n",
//!     "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n",
//! ] {
//!     response.feed(chunk.as_bytes(), |piece| {
//!         if piece.channel == Channel::Content {
//!             answer.push_str(piece.text);
//!         }
//!     });
//! }
//! assert!(response.finish(|_| ()), "the stream is well-formed");
//! assert_eq!(answer, "Hello!");
//! let reply = response.reply();
//! assert_eq!((reply.usage().input(), reply.usage().output()), (Some(8), Some(3)));
//! assert_eq!(reply.finish_reasons(1).collect::<Vec<_>>(), [Some("stop")]);
//! # Ok(())
//! # }
//! ```
//!
//! | type | contains |
//! |---|---|
//! | [`ModelRequest`] | provider, format, model, stream, parameters, number of alternatives; the body, to be read again |
//! | [`TextPiece`] | text by alternative and [`Channel`]: content, reasoning, tool calls |
//! | [`Reply`] | id, model, finish reasons, usage with all its parts, errors |
//! | [`Answer`] | the answer's messages with tool calls, if [`ResponseReader::with_capture`] is set |
//! | [`Content`] | the messages and tool definitions of a request, from [`RequestCopy::document`] |
//!
//! # Which requests are model calls
//!
//! A `POST` request is a model call if its path ends with one of these, at any host unless one is named, and
//! its body has the shape of that API. `GET` is named where it applies.
//!
//! | API | path ends with |
//! |---|---|
//! | OpenAI chat completions, and compatible APIs | `/chat/completions` |
//! | OpenAI Responses, legacy completions, embeddings | `/responses`, `/responses/compact`, `/completions`, `/embeddings`, `/embeddings/multimodal` |
//! | a stored response | `GET /responses/{id}`; deferred chats by `GET` at x.ai, perplexity.ai, bigmodel.cn and z.ai |
//! | images, videos | `/images/generations`, `/images/edits`, `/images/variations`, `/videos`, `/videos/{video}/remix` at openai.com, `/videos/generations`, `/video/generations/jobs`, `:predictLongRunning`; `:predict` with prompts at googleapis.com; `/stable-image/generate/{service}` at stability.ai |
//! | audio | `/audio/transcriptions`, `/audio/translations`, `/audio/speech`; `/v1/text-to-speech/{voice}`, `/v1/speech-to-text` at elevenlabs.io; `/v1/speak`, `/v1/listen` at deepgram.com |
//! | rerank, moderation, OCR | `/rerank`, `/reranks`, `/reranking`, `/ranking`, `/score`, `/moderations`, `/chat/moderations`; `/ocr` at mistral.ai |
//! | batches | `/batches`, `/v1/messages/batches`, `:batchGenerateContent`; `/batch/jobs` at mistral.ai; `GET` of a batch at the provider's host |
//! | results of batches | `GET /v1/messages/batches/{id}/results`; `GET /files/{id}/content`, if the content is that of a batch; within the batch of Gemini. The usage of all answers is added up |
//! | runs of agents | `/threads/{id}/runs`, `/threads/runs`, of OpenAI's assistants and Foundry's agents; `GET /threads/{id}/runs/{id}` at the provider's host; `/v1/agents/{agent}/messages`, `/messages/stream` of Letta |
//! | Bedrock's agents, flows, knowledge bases | `/agents/{agent}/agentAliases/{alias}/sessions/{session}/text`, at amazonaws.com `/agents/{session}`; `/flows/{flow}/aliases/{alias}`, `/retrieveAndGenerate`, `/retrieveAndGenerateStream`; their tokens are known only from an agent's trace (`enableTrace`) |
//! | stored prompts of gateways | `/prompts/{id}/completions` |
//! | files | `/files` at the provider's host |
//! | Azure OpenAI and Foundry | OpenAI's, below `/openai/deployments/{model}`, `/openai/v1` or `/models` |
//! | Anthropic Messages, also on Vertex | `/v1/messages`, `/publishers/anthropic/models/{model}:rawPredict`, `:streamRawPredict` |
//! | Gemini, Vertex, Code Assist | `:generateContent`, `:streamGenerateContent`, `:embedContent`, `:batchEmbedContents`, `/v1beta/interactions`; embeddings at googleapis.com, chats and completions by `:predict`, and OpenAI-compatible models by `:rawPredict` |
//! | Ollama | `/api/chat`, `/api/generate`, `/api/embed`, `/api/embeddings` |
//! | Cohere | `/v2/chat`, `/v2/embed`; `/v1/chat`, `/v1/embed` at cohere.com |
//! | Mistral | OpenAI's, `/v1/fim/completions`, `/agents/completions`, `/v1/conversations`; `/v1/conversations/{id}` at mistral.ai |
//! | Bedrock | `/model/{model}/` and `converse`, `converse-stream`, `invoke`, `invoke-with-response-stream`; embeddings by the model's name or the request's shape; `/rerank` at amazonaws.com |
//! | SageMaker | `/endpoints/{endpoint}/invocations`, `/invocations-response-stream`, of language models |
//! | Databricks, MLflow | `/serving-endpoints/{endpoint}/invocations`, `/gateway/{route}/invocations` |
//! | watsonx | OpenAI's, `/ml/v1/text/chat`, `/chat_stream`, `/generation`, `/generation_stream`, `/rerank`, also below `/ml/v1/deployments/{deployment}` |
//! | Perplexity, Reka, Writer | OpenAI's; `/v1/sonar`, `/v1/agent` at perplexity.ai, `/v1/chat` at reka.ai and writer.com |
//! | Oracle Cloud, SAP AI Core, Snowflake Cortex | `/actions/chat`, `/actions/embedText`, `/actions/rerankText`, `/v2/completion`, `/inference/deployments/{deployment}/` and what Bedrock has, `/cortex/inference:complete`, `:embed` |
//! | Cloudflare | `/ai/run/@{model}`, `/workers-ai/@{model}`; `/v1/{account}/{gateway}` at gateway.ai.cloudflare.com |
//! | DashScope | OpenAI's, `/aigc/text-generation/generation`, `/aigc/multimodal-generation/generation`, `/text-embedding/text-embedding`, `/multimodal-embedding/multimodal-embedding`, `/text-rerank/text-rerank`, `/apps/{app}/completion` |
//! | Qianfan, Hunyuan | OpenAI's, `/wenxinworkshop/chat/{model}`; any path at hunyuan.tencentcloudapi.com |
//! | Voyage, Text Embeddings Inference | OpenAI's, `/multimodalembeddings`, `/contextualizedembeddings`, `/rerank`, `/embed` |
//! | Pinecone, Nomic | `/embed` at pinecone.io, `/embedding/text` at nomic.ai |
//! | Text Generation Inference, SGLang | OpenAI's, `/generate`, `/generate_stream`; `/models/{model}` and `/models/{model}/pipeline/feature-extraction` at huggingface.co; any path at endpoints.huggingface.cloud |
//! | Triton, TensorRT-LLM | OpenAI's, `/v2/models/{model}/generate`, `/generate_stream` |
//! | llama.cpp, KoboldCpp, LM Studio | OpenAI's; `/completion`, `/infill`; `/api/v1/generate`, `/api/extra/generate/stream`; `/api/v1/chat` |
//! | Aleph Alpha | `/complete` |
//! | MiniMax, SenseNova, DeepInfra | OpenAI's; `/text/chatcompletion_v2`; `/llm/chat-completions`; `/v1/inference/{model}` at deepinfra.com |
//! | Meta, YandexGPT, CLOVA Studio | `/v1/chat/completions` at api.llama.com; `/foundationModels/v1/completion`, `/textEmbedding`; `/chat-completions/{model}` at ntruss.com |
//! | Replicate | `/predictions`, `GET /v1/predictions/{id}` at replicate.com |
//! | Salesforce | `/chat-generations`, `/generations` at salesforce.com |
//! | RunPod | OpenAI's, `/v2/{endpoint}/run`, `/runsync`, `GET /v2/{endpoint}/status/{job}` at runpod.ai |
//! | AssemblyAI, NVIDIA | OpenAI's; `/lemur/v3/generate/{task}` at assemblyai.com; `/nvcf/pexec/functions/{function}` at nvidia.com |
//! | NLP Cloud | `/gpu/{model}/generation` at nlpcloud.io |
//! | Dify, Coze | `/chat-messages`, `/completion-messages`; `/v3/chat` at coze.com and coze.cn |
//! | Vercel's AI gateway | OpenAI's and Anthropic's, `/ai/language-model` |
//!
//! Other services use some of these paths too, such as `/api/chat`, `/generate` or `/files`. There the request
//! must go to a host of the table of providers or have a member that only the API has, or the answer must be
//! one of the API's. Otherwise the request is not a model call.
//!
//! These are known not to be model calls, since no model runs or none generates, embeds or ranks:
//!
//! | what | path ends with |
//! |---|---|
//! | token counting | `/v1/messages/count_tokens`, `/responses/input_tokens`, `:countTokens`, `/models/count-tokens:rawPredict`, `/model/{model}/count-tokens` |
//! | tokenizers | `/tokenize`, `/detokenize`, `/apply-template` |
//! | what belongs to a response | `/responses/{id}/cancel`, `/responses/{id}/input_items`, `DELETE /responses/{id}` |
//! | the end of a batch | `/batches/{id}/cancel` |
//! | models | `/models`, `/api/tags`, `/api/show`, `/api/pull`, `/v2/models/{model}` |
//! | fine-tuning | `/fine_tuning/jobs`, `/fine-tunes`, `:tune` |
//! | caches and stores | `/cachedContents`, `/vector_stores`, `/conversations` of OpenAI |
//!
//! These are not recognised, though a model runs: classification, and runtimes of Bedrock's AgentCore, whose answers
//! have any shape.
//!
//! An answer may be wrapped: a format names the members of the root that gateways and platforms put the whole
//! answer in, such as `data`, `result`, `output`, `response` and `body` (see [`WireFormat::envelopes`]). They may
//! hold an object, an array, or a string of JSON, as of Lambda's proxies. A `code` beside no result is that of an
//! error, unless it stands for success.
//!
//! Use a [`Rule`] to include or exclude requests by path, host or model. Calls over a WebSocket are found by
//! [`websocket`].
//!
//! # Adding a provider
//!
//! A provider is one row of the table in `src/providers/table.rs`: its name, its hosts, and how it differs from
//! others, such as paths of its own or streams that report usage unasked. [`Provider`] gives access to the
//! row. For example, a provider with OpenAI's API:
//!
//! ```text
//! Provider {
//!     id: Some("acme"),
//!     hosts: &[Host::Domain("acme.example")],
//!     streams_report_usage: true,
//!     ..Provider::PLAIN
//! },
//! ```
//!
//! A provider that only you use needs no row: see [`Rule::with_domain`] and [`Rule::with_provider`].
//!
//! # Formats of your own
//!
//! For any other provider, implement [`WireFormat`] and name its path in a [`Rule`]:
//!
//! ```
#![doc = include_str!("example.rs")]
//!
//! let rule = throughline_llm_wire::Rule::new("/v7/ask", Acme)
//!     .with_domain("acme.example")
//!     .with_provider("acme");
//! ```
//!
//! A provider whose format differs only in details can delegate to [`Format`], which implements `WireFormat`
//! too.
//!
//! ## How a request is read
//!
//! The body is read once into a [`RequestInfo`]:
//!
//! | hook | called | for |
//! |---|---|---|
//! | [`WireFormat::request_head`] | before the body | values in headers |
//! | [`WireFormat::request_value`] | for each string (its first 1 KiB), number, `true`, `false`, `null` | the parameters |
//! | [`WireFormat::finish_request`] | when the body was read | values in the path |
//! | [`WireFormat::matches`] | after that | whether the request is in this format |
//!
//! The path of a value is its keys joined by points, each array as `[]`: `messages[].content`. To count the
//! prompt later, the body is read again, and [`WireFormat::prompt`] returns which values are part of the
//! prompt.
//!
//! ## How an answer is read
//!
//! JSON is read incrementally and not stored. It may be one document, one per line, the elements of an array,
//! or the data of server-sent events or of Amazon's event stream, by `content-type` or, if that is wrong, by
//! the first byte. For each document, these hooks are called in this order:
//!
//! | hook | called | for |
//! |---|---|---|
//! | [`WireFormat::head`] | before the body | values in headers |
//! | [`WireFormat::event`] | for the line `event:`, the header `:event-type`, or a member `type` or `event_type` at the root | streams of named events |
//! | [`WireFormat::channel`] | when a string begins, and for each of its pieces | text of the answer, of any length |
//! | [`WireFormat::value`] | for each number, `true`, `false`, `null`, and string that is not text (its first 1 KiB) | everything else |
//!
//! ## Rules for hooks
//!
//! Hooks run while the answer is read, for each value, so they must not block. If a hook panics, the rest of
//! the answer is not read, and [`ResponseReader::unseen`] is [`Unseen::Panicked`].
//!
//! The effect of a hook must depend on its arguments only, including the [`Reply`]. If an event repeats an
//! earlier one that changed nothing, only its text is passed on and no hook is called. Values that
//! [`WireFormat::ignores`] names may differ.
//!
//! This crate is a part of [Throughline](https://docs.rs/throughline).
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `encodings` | requests and answers encoded with gzip, deflate, br or zstd; without it they are not read |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod billing;
mod candidates;
mod content;
mod cut;
mod encoding;
mod form;
mod format;
mod formats;
mod framing;
mod function_reader;
mod guarded;
pub mod json;
mod operation;
mod parameter;
mod path_segments;
mod prompt_part;
mod prompt_reader;
mod prompt_visitor;
mod providers;
mod reading;
mod recognise;
mod recognised;
mod reply;
mod request;
mod request_copy;
mod request_reader;
mod response_reader;
mod rule;
pub mod sse;
mod target;
mod unseen;
mod usage;
pub mod websocket;

pub use self::billing::Billing;
pub use self::content::{Answer, Content, Document, ToolCall};
pub use self::format::WireFormat;
pub use self::formats::Format;
pub use self::json::{Path, Scalar};
pub use self::operation::Operation;
pub use self::parameter::{Parameter, ParameterValue};
pub use self::prompt_part::PromptPart;
pub use self::prompt_visitor::PromptVisitor;
pub use self::providers::Provider;
pub use self::reading::TextPiece;
pub use self::recognise::recognise;
pub use self::recognised::{AnyFormat, Recognised};
pub use self::reply::{Channel, Reply, ReplyDetail, ReplyError};
pub use self::request::RequestInfo;
pub use self::request_copy::RequestCopy;
pub use self::request_reader::{ModelRequest, RequestReader, read_request};
pub use self::response_reader::ResponseReader;
pub use self::rule::Rule;
pub use self::target::Target;
pub use self::unseen::Unseen;
pub use self::usage::{Usage, UsagePart};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
