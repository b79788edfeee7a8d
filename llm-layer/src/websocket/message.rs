//! The messages of WebSocket libraries.

/// A message of a WebSocket library: axum's (feature `axum-ws`), tungstenite's (feature `tungstenite`), or
/// your own.
pub trait WebSocketMessage {
    /// Returns the text of a text message, or of a binary message that is valid UTF-8: Gemini sends JSON in
    /// binary messages.
    fn as_text(&self) -> Option<&str>;

    /// Returns whether it closes the connection.
    fn is_close(&self) -> bool;
}

#[cfg(feature = "axum-ws")]
impl WebSocketMessage for axum::extract::ws::Message {
    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }
}

#[cfg(feature = "tungstenite")]
impl WebSocketMessage for tungstenite::Message {
    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }
}
