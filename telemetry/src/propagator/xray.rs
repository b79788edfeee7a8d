//! AWS X-Ray's header (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).

use opentelemetry_aws::trace::XrayPropagator;

use super::Boxed;
use crate::error::InitError;

pub(super) fn propagator() -> Result<Boxed, InitError> {
    Ok(Box::new(XrayPropagator::new()))
}
