//! Adapters for HTTP libraries that do not take a tower service of reqwest or `http` types.

#[cfg(feature = "async-openai")]
mod async_openai;
#[cfg(feature = "aws-smithy")]
mod aws_smithy;
#[cfg(feature = "reqwest-middleware")]
mod reqwest_middleware;

#[cfg(feature = "async-openai")]
pub use self::async_openai::AsyncOpenAi;
#[cfg(feature = "aws-smithy")]
pub use self::aws_smithy::{AwsHttpClient, AwsTransport};
#[cfg(feature = "reqwest-middleware")]
pub use self::reqwest_middleware::LlmMiddleware;
