//! The guide. Its pages are in `src`; mdBook makes a book of them.
//!
//! Each page is the documentation of a module here, so that `cargo test --doc` compiles its code. The
//! pages about libraries that are dependencies of `tests/clients` alone are compiled there.

#[cfg(doctest)]
#[doc = include_str!("src/agents.md")]
mod agents {}
#[cfg(doctest)]
#[doc = include_str!("src/backends.md")]
mod backends {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/async-openai.md")]
mod clients_async_openai {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/hyper.md")]
mod clients_hyper {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/loopback.md")]
mod clients_loopback {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/reqwest.md")]
mod clients_reqwest {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/rmcp.md")]
mod clients_rmcp {}
#[cfg(doctest)]
#[doc = include_str!("src/clients/websocket.md")]
mod clients_websocket {}
#[cfg(doctest)]
#[doc = include_str!("src/configuration.md")]
mod configuration {}
#[cfg(doctest)]
#[doc = include_str!("src/design-questions.md")]
mod design_questions {}
#[cfg(doctest)]
#[doc = include_str!("src/existing-service.md")]
mod existing_service {}
#[cfg(doctest)]
#[doc = include_str!("src/gateway.md")]
mod gateway {}
#[cfg(doctest)]
#[doc = include_str!("src/grpc.md")]
mod grpc {}
#[cfg(doctest)]
#[doc = include_str!("src/introduction.md")]
mod introduction {}
#[cfg(doctest)]
#[doc = include_str!("src/llm-calls.md")]
mod llm_calls {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/arch.md")]
mod migrate_arch {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/axum-tracing-opentelemetry.md")]
mod migrate_axum_tracing_opentelemetry {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/opentelemetry-instrumentation-tower.md")]
mod migrate_opentelemetry_instrumentation_tower {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/ray.md")]
mod migrate_ray {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/reqwest-tracing.md")]
mod migrate_reqwest_tracing {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/taskweaver.md")]
mod migrate_taskweaver {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/tinyllm.md")]
mod migrate_tinyllm {}
#[cfg(doctest)]
#[doc = include_str!("src/migrate/tower-otel.md")]
mod migrate_tower_otel {}
#[cfg(doctest)]
#[doc = include_str!("src/reading-the-output.md")]
mod reading_the_output {}
#[cfg(doctest)]
#[doc = include_str!("src/start.md")]
mod start {}
#[cfg(doctest)]
#[doc = include_str!("src/streaming.md")]
mod streaming {}
#[cfg(doctest)]
#[doc = include_str!("src/troubleshooting.md")]
mod troubleshooting {}
#[cfg(doctest)]
#[doc = include_str!("src/without-docker.md")]
mod without_docker {}
