//! The layer as a middleware of reqwest-middleware.

use std::future::Future;
use std::pin::Pin;

use http::Extensions;
use opentelemetry::Context;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::{Attempts, ClientExchange, ClientLayer};
use crate::observe::ResponseFuture;

/// Put it last, after what retries, so that each attempt is a span of its own.
///
/// Attempts of one request, such as those of reqwest-retry, are counted: the extensions of the chain are those of one
/// logical request. [`Attempts`] and [`UrlTemplate`](super::UrlTemplate) that are among them are used.
impl Middleware for ClientLayer {
    fn handle<'this, 'chain, 'next, 'all>(
        &'this self,
        mut request: Request,
        extensions: &'chain mut Extensions,
        next: Next<'next>,
    ) -> Pin<Box<dyn Future<Output = Result<Response>> + Send + 'all>>
    where
        'this: 'all,
        'chain: 'all,
        'next: 'all,
        Self: 'all,
    {
        Box::pin(async move {
            // The extensions are of one logical request, and stay where a middleware outside sends it again.
            let counts = |cx: &Context| cx.is_telemetry_suppressed() || cx.get::<Attempts>().is_some();
            if extensions.get::<Attempts>().is_none() && !Context::map_current(counts) {
                extensions.insert(Attempts::new());
            }
            let exchange = ClientExchange::begin(self.settings(), &mut request, Some(extensions));
            ResponseFuture::start(exchange, || next.run(request, extensions)).await
        })
    }
}
