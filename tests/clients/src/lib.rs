//! The pages about client libraries, so that their code is compiled.

/// Amazon Bedrock.
#[doc = include_str!("../../../docs/src/clients/bedrock.md")]
pub mod bedrock {}

/// genai.
#[doc = include_str!("../../../docs/src/clients/genai.md")]
pub mod genai {}

/// llm.
#[doc = include_str!("../../../docs/src/clients/llm.md")]
pub mod llm {}

/// ollama-rs.
#[doc = include_str!("../../../docs/src/clients/ollama-rs.md")]
pub mod ollama_rs {}

/// reqwest 0.12.
#[doc = include_str!("../../../docs/src/clients/reqwest-012.md")]
pub mod reqwest_012 {}

/// rig.
#[doc = include_str!("../../../docs/src/clients/rig.md")]
pub mod rig {}
