//! Where a request goes: the providers, the models, and the circuits of providers that fail.

mod circuit;
mod credentials;
mod provider;
mod routes;

pub(crate) use self::credentials::of_caller as credential_of_caller;
pub(crate) use self::provider::Provider;
pub(crate) use self::routes::{RequestedModel, Route, RouteError, Routes, Target};
