//! What a proxy changes in an HTTP message before it forwards it: the target, and the headers that belong to
//! one connection.
//!
//! ```
//! use http::{HeaderMap, Request};
//! use throughline_forward::{Upstream, forward_request};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let upstream: Upstream = "https://models.example/base".parse()?;
//! let request = Request::post("/v1/chat/completions?x=1").header("connection", "x-mine").header("x-mine", "1").body(())?;
//!
//! let target = upstream.join(request.uri())?;
//! let forwarded = forward_request(request, target);
//! assert_eq!(forwarded.uri(), "https://models.example/base/v1/chat/completions?x=1");
//! assert_eq!(forwarded.headers(), &HeaderMap::new());
//! # Ok(())
//! # }
//! ```
//!
//! | part | change |
//! |---|---|
//! | target | scheme and host of the upstream; its base path before the path of the request; its query unchanged |
//! | `Host` | removed, so that an HTTP client sets it to that of the target |
//! | `Connection` and the headers it lists, `Proxy-Connection`, `Keep-Alive`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade`, `Proxy-Authenticate`, `Proxy-Authorization` | removed, in requests and in responses ([RFC 9110, section 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)) |
//! | `Content-Length` beside `Transfer-Encoding` | removed, since the latter overrides it ([RFC 9112, section 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)) |
//! | `Expect` | removed from requests: the server of the proxy answers it when it reads the body |
//! | version | HTTP/1.1; a client that speaks HTTP/2 changes it |
//! | everything else, the body too | none |
//!
//! The host of a target is always that of the [`Upstream`], whatever the request names, and its path is
//! always below the base path. So a caller cannot direct a request to another server.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod hop_by_hop;
mod message;
mod upstream;

pub use self::hop_by_hop::remove_hop_by_hop;
pub use self::message::{forward_request, forward_response};
pub use self::upstream::{InvalidTarget, InvalidUpstream, Upstream};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
