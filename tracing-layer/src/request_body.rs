//! The size of a request's body.

use http_body::Body;

/// The size of a request's body, in bytes.
#[derive(Debug, Default)]
pub(crate) enum RequestBytes {
    /// The size is unknown.
    #[default]
    Unknown,
    /// The body reported its size.
    Known(u64),
    /// The bytes are counted as they pass.
    #[cfg(any(feature = "axum", feature = "reqwest"))]
    Counted(std::sync::Arc<std::sync::atomic::AtomicU64>),
}

impl RequestBytes {
    /// Returns the size that the body reports. If it reports none, a body of axum or reqwest is replaced by
    /// one that counts.
    pub(crate) fn from_body<B: Body + 'static>(body: &mut B) -> Self {
        match body.size_hint().exact() {
            Some(bytes) => Self::Known(bytes),
            None => Self::counted(body),
        }
    }

    #[cfg(any(feature = "axum", feature = "reqwest"))]
    fn counted<B: 'static>(body: &mut B) -> Self {
        counted::count_any(body)
    }

    #[cfg(not(any(feature = "axum", feature = "reqwest")))]
    fn counted<B>(_: &B) -> Self {
        Self::Unknown
    }

    /// Returns the size so far.
    pub(crate) fn so_far(&self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Known(bytes) => Some(*bytes),
            #[cfg(any(feature = "axum", feature = "reqwest"))]
            Self::Counted(counter) => Some(counter.load(std::sync::atomic::Ordering::Relaxed)),
        }
    }
}

#[cfg(any(feature = "axum", feature = "reqwest"))]
mod counted {
    use std::any::Any;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Buf;
    use http_body::{Body, Frame};
    use opentelemetry::Context;

    use super::RequestBytes;
    use crate::observe::{End, EndAt, EndGuard, Observe, ResponseBody, ResponseHead};

    /// Makes a body count. This works for types that can hold any other body, so that the type is unchanged.
    pub(super) fn count_any(body: &mut dyn Any) -> RequestBytes {
        #[cfg(feature = "axum")]
        if let Some(body) = body.downcast_mut::<axum::body::Body>() {
            let (counted, bytes) = count(std::mem::take(body));
            *body = axum::body::Body::new(counted);
            return bytes;
        }
        #[cfg(feature = "reqwest")]
        if let Some(body) = body.downcast_mut::<reqwest::Body>() {
            let (counted, bytes) = count(std::mem::take(body));
            *body = reqwest::Body::wrap(counted);
            return bytes;
        }
        RequestBytes::Unknown
    }

    /// Counts the bytes of a body that passes.
    struct Counter(Arc<AtomicU64>);

    fn count<B: Body>(body: B) -> (ResponseBody<B, Counter>, RequestBytes) {
        let bytes = Arc::new(AtomicU64::new(0));
        let guard = EndGuard::new(Counter(Arc::clone(&bytes)));
        (
            ResponseBody::new(body, None, Some(guard)),
            RequestBytes::Counted(bytes),
        )
    }

    impl Observe for Counter {
        fn context(&self) -> Option<&Context> {
            None
        }

        fn on_response(&mut self, _: ResponseHead<'_>) -> EndAt {
            EndAt::Body
        }

        fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
            let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }

        fn on_end(self, _: End<'_>) {}
    }
}

#[cfg(test)]
#[cfg(all(feature = "axum", feature = "reqwest"))]
mod tests {
    use std::pin::pin;

    use http_body_util::{BodyExt, Full};
    use throughline_test_support::{Script, ScriptedBody};

    use super::*;

    fn streamed() -> ScriptedBody {
        ScriptedBody::new([Script::Data("ab"), Script::Pending, Script::Data("cde")])
    }

    async fn counted<B: Body<Error: std::fmt::Debug> + Unpin + 'static>(mut body: B) -> [Option<u64>; 2] {
        let bytes = RequestBytes::from_body(&mut body);
        let before = bytes.so_far();
        pin!(body).collect().await.expect("the body passes");
        [before, bytes.so_far()]
    }

    #[tokio::test]
    async fn bytes_of_bodies() {
        let axum = |body| counted(axum::body::Body::new(body));
        assert_eq!(axum(streamed()).await, [Some(0), Some(5)], "axum's, counted");
        let reqwest = counted(reqwest::Body::wrap(streamed())).await;
        assert_eq!(reqwest, [Some(0), Some(5)], "reqwest's, counted");
        assert_eq!(
            counted(streamed()).await,
            [None, None],
            "of any other type, unknown"
        );
        let full = counted(Full::<bytes::Bytes>::from("abc")).await;
        assert_eq!(full, [Some(3), Some(3)], "of known length");
    }
}
