//! gRPC, which is HTTP with other names: what a call records in the place of what other requests do.
//!
//! The layers recognise a call by its content type. Context, span, metrics and ending are those of any other
//! request; the names are those of the conventions for RPC, and the status is in the head or in the trailers.

mod call;
mod code;
mod content_type;
mod deadline;
mod failure;
mod side;
mod web_status;

pub(crate) use self::call::Call;
pub(crate) use self::side::Side;
