//! The layer as a middleware of reqwest-middleware.

use std::future::Future;
use std::pin::Pin;

use http::Extensions;
use opentelemetry::Context;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::{Attempts, ClientExchange, ClientLayer};
use crate::observe::ResponseFuture;

/// Add it last, after middlewares that retry, so that each attempt has its own span.
///
/// The attempts of one request, such as those of reqwest-retry, are counted, since the extensions of the
/// chain belong to one logical request. If they have an [`Attempts`] or an
/// [`UrlTemplate`](super::UrlTemplate), it is used.
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
            // The extensions belong to one logical request, and remain if an outer middleware sends it again.
            let counts = |cx: &Context| cx.is_telemetry_suppressed() || cx.get::<Attempts>().is_some();
            if extensions.get::<Attempts>().is_none() && !Context::map_current(counts) {
                extensions.insert(Attempts::new());
            }
            let exchange = ClientExchange::begin(self.settings(), &mut request, Some(extensions));
            ResponseFuture::start(exchange, || next.run(request, extensions)).await
        })
    }
}
