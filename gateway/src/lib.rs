#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_log;
mod api;
mod body;
mod budget;
mod callers;
mod config;
mod exchange_body;
mod form;
mod gateway;
mod layers;
mod model_field;
mod operations;
mod pem;
mod received_body;
mod refusal;
mod router;
mod routing;
mod running;
mod served_connection;
mod server;
mod target_path;
mod tls;
mod trace_id;
mod upstream;

pub use self::api::Api;
pub use self::config::{Config, ConfigError};
pub use self::gateway::Gateway;
pub use self::server::Server;
