//! The services that send requests.

use tower_service::Service;

/// A client of requests of type `R`. Every [`Service`] of them implements it.
///
/// A layer that sends requests has this bound on the service inside, so that the compiler names the type of body that
/// the client must take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a client of `{R}`",
    label = "not a client of `{R}`",
    note = "inside of `LlmLayer` and `IncludeUsageLayer`, an `http::Request<B>` is an `http::Request<RequestBody<B>>`. For a \
            client with one type of body, such as hyper's, write `type Body = RequestBody<…>` and `Client<_, Body>`",
    note = "`reqwest::Client` is a client of `reqwest::Request` of the same version of reqwest; the feature `reqwest` has \
            version 0.13"
)]
pub trait HttpClient<R>: Service<R, Response = Self::Answer, Error = Self::Failure> {
    /// The type of the response. It equals [`Service::Response`], which would make the compiler report an unsatisfied
    /// `Service` in place of this trait.
    type Answer;

    /// The type of the error. It equals [`Service::Error`].
    type Failure;
}

#[diagnostic::do_not_recommend]
impl<S, R> HttpClient<R> for S
where
    S: Service<R>,
{
    type Answer = S::Response;
    type Failure = S::Error;
}
