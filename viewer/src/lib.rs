//! A page to look at traces, prompts, tokens and cost, with no backend.
//!
//! A [`Viewer`] has a bounded store in memory, a page with a JSON API, and, with the feature `receiver`, a
//! receiver of OTLP. The binary `throughline-viewer` runs all of them. In a service, the exporter `viewer` of
//! `throughline-telemetry` fills a viewer without a network.
//!
//! ```
//! use throughline_viewer::{Viewer, ViewerConfig};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let viewer = Viewer::new(ViewerConfig::default());
//! let listener = TcpListener::bind("127.0.0.1:0").await?; // a free port
//! println!("http://{}/", listener.local_addr()?);
//! let shutdown = async { /* such as tokio::signal::ctrl_c() */ };
//! viewer.serve_page(listener, shutdown).await
//! # }
//! ```
//!
//! # The store
//! Telemetry is stored in at most [`ViewerConfig::with_max_bytes`] and
//! [`ViewerConfig::with_max_traces`]. Beyond that, the oldest trace is dropped as a whole. Traces that are
//! still running are passed over if there are others. If one trace alone exceeds the limit, its further spans
//! are dropped. What was dropped is counted and shown. Log records have a quarter of the memory.
//!
//! Spans may arrive in any order, late and more than once. Spans without their parent are roots that are marked
//! as such, and cycles of parents are broken.
//!
//! # Access
//! The page has no password. It is served to requests whose `Host` is `localhost`, a name below it, an IP
//! address, or a [name that was added](ViewerConfig::with_host), so that no other page can read it by pointing
//! its own name to this machine. Requests with a foreign `Origin` are refused. There are no cookies, and the
//! Content-Security-Policy allows only the files of the page itself. The program chooses the address; listen on
//! a loopback address unless the network is trusted.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod api;
mod assets;
mod config;
#[cfg(feature = "receiver")]
mod file;
mod guard;
mod ids;
#[cfg(feature = "receiver")]
mod otlp;
#[cfg(feature = "receiver")]
mod receiver;
mod search;
mod semconv;
mod server;
mod shared;
mod store;
mod value;
mod viewer;

pub use self::config::ViewerConfig;
#[cfg(feature = "receiver")]
pub use self::file::{FileReport, InvalidLine};
#[cfg(feature = "receiver")]
pub use self::otlp::{JsonError, LineKind};
pub use self::store::Receipt;
pub use self::viewer::Viewer;
