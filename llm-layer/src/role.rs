//! The role of a layer when a call passes several hops.

/// The role of a layer in the calls that pass through it, which decides whether it reports their tokens. See
/// [`LlmLayer::with_role`](crate::LlmLayer::with_role).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Role {
    /// The application that makes the call and reports its tokens.
    #[default]
    Client,
    /// A hop on the way, such as a gateway. Its caller reports the tokens.
    Proxy,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Proxy => "proxy",
        }
    }
}
