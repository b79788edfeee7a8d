//! How an exchange ended, and why.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error_message::error_message;

/// How an exchange ended.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum End<'a> {
    /// The response was delivered completely (or up to its head, if the observer ended there).
    Complete,
    /// The body ended with trailers, which `on_frame` saw.
    Trailers,
    /// The body failed.
    BodyError(Cause<'a>),
    /// The service failed before there was a response.
    ServiceError(Cause<'a>),
    /// The caller dropped the future, or the body before its end.
    Dropped,
    /// The inner service, future or body panicked.
    Panicked,
}

/// A borrowed error of any type, for observers.
#[derive(Clone, Copy)]
pub struct Cause<'a> {
    any: &'a dyn Any,
    text: &'a dyn fmt::Display,
    type_name: &'static str,
}

/// The boxed error of tower and axum.
type BoxError = Box<dyn Error + Send + Sync>;

impl<'a> Cause<'a> {
    /// Creates a cause from an error.
    pub fn new<E: fmt::Display + 'static>(error: &'a E) -> Self {
        Self {
            any: error,
            text: error,
            type_name: std::any::type_name::<E>(),
        }
    }

    /// Returns the name of the error's static type, such as `reqwest::error::Error`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns the error, if its type is `T`.
    #[must_use]
    pub fn downcast_ref<T: 'static>(&self) -> Option<&'a T> {
        self.any.downcast_ref()
    }

    /// Returns the error with its chain of sources, if its type is a boxed or shared `dyn Error`,
    /// [`std::io::Error`], or the error of axum, hyper-util's client and its bodies, reqwest,
    /// reqwest-middleware, tonic, or a timeout of tower or Tokio (with the features of these names).
    ///
    /// For any other type, use [`Cause::downcast_ref`].
    #[must_use]
    pub fn as_error(&self) -> Option<&'a (dyn Error + 'static)> {
        let causes = [
            self.downcast_ref::<BoxError>().map(|boxed| boxed.as_ref() as _),
            self.downcast_ref::<Box<dyn Error + Send>>()
                .map(|boxed| boxed.as_ref() as _),
            self.downcast_ref::<Box<dyn Error>>().map(|boxed| boxed.as_ref()),
            self.as_known::<std::io::Error>(),
            self.as_known::<Arc<dyn Error + Send + Sync>>(),
            #[cfg(feature = "tower")]
            self.as_known::<tower::timeout::error::Elapsed>(),
            #[cfg(feature = "tower")]
            self.as_known::<tower::load_shed::error::Overloaded>(),
            #[cfg(feature = "tower")]
            self.as_known::<tokio::time::error::Elapsed>(),
            #[cfg(feature = "axum")]
            self.as_known::<axum::Error>(),
            #[cfg(feature = "hyper-util")]
            self.as_known::<hyper_util::client::legacy::Error>(),
            #[cfg(feature = "hyper-util")]
            self.as_known::<hyper::Error>(),
            #[cfg(feature = "tonic")]
            self.as_known::<tonic::Status>(),
            #[cfg(feature = "tonic")]
            self.as_known::<tonic::transport::Error>(),
            #[cfg(feature = "reqwest")]
            self.as_known::<reqwest::Error>(),
            #[cfg(feature = "reqwest-middleware")]
            self.as_known::<reqwest_middleware::Error>(),
        ];
        causes.into_iter().flatten().next()
    }

    fn as_known<E: Error + 'static>(&self) -> Option<&'a (dyn Error + 'static)> {
        self.downcast_ref::<E>().map(|error| error as _)
    }
}

/// Writes the text of the error [without secrets](crate::error_message).
impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&error_message(self.text))
    }
}

impl fmt::Debug for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.type_name)
    }
}
