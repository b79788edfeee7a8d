//! Who counts a call's tokens, where it passes more than one hop.

/// What a layer is to the calls that pass through it: see
/// [`LlmLayer::with_role`](crate::LlmLayer::with_role).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Role {
    /// The application that makes the call, and counts its tokens.
    #[default]
    Client,
    /// A hop on the way, such as a gateway: the application before it counts.
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
