//! Responses whose body can be drained.

use http::Response;
use http_body::Body;

use super::drains::Drains;
use crate::response::LlmResponse;

/// A response whose body can be drained: `http::Response`, and `reqwest::Response` with the feature
/// `reqwest`.
pub trait Drainable: LlmResponse<Drains> {
    /// The type of the body.
    type Body: Body + Send + 'static;

    /// Returns the body of a successful response. The bodies of errors report no usage.
    fn rest(self) -> Option<Self::Body>;
}

impl<B: Body + Send + 'static> Drainable for Response<B> {
    type Body = B;

    fn rest(self) -> Option<B> {
        self.status().is_success().then(|| self.into_body())
    }
}

#[cfg(feature = "reqwest")]
impl Drainable for reqwest::Response {
    type Body = reqwest::Body;

    fn rest(self) -> Option<reqwest::Body> {
        self.status().is_success().then(|| self.into())
    }
}
