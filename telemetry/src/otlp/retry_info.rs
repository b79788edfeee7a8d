//! Reads the retry delay that a collector requests from the details of a gRPC status.

use std::time::Duration;

use prost::Message;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct StatusDetails {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Returns the retry delay in the details of a status.
pub(super) fn retry_delay(details: &[u8]) -> Option<Duration> {
    let status = StatusDetails::decode(details).ok()?;
    let mut details = status.details.iter();
    let detail = details.find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*detail.value).ok()?.delay?;
    let (seconds, nanos) = (
        u64::try_from(delay.seconds).ok()?,
        u32::try_from(delay.nanos).ok()?,
    );
    Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanos.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_of_a_status_is_found_among_its_details() {
        let status = |details| StatusDetails { details }.encode_to_vec();
        let detail = |name: &str, value: Vec<u8>| Detail {
            type_url: format!("type.googleapis.com/google.rpc.{name}"),
            value,
        };
        let wait = |seconds, nanos| {
            RetryInfo {
                delay: Some(Delay { seconds, nanos }),
            }
            .encode_to_vec()
        };
        let other = detail("DebugInfo", vec![1]);
        for (details, expected) in [
            (
                vec![other.clone(), detail("RetryInfo", wait(2, 500_000_000))],
                Some(Duration::from_millis(2_500)),
            ),
            (vec![detail("RetryInfo", wait(-1, 0))], None),
            (
                vec![detail("RetryInfo", wait(i64::MAX, i32::MAX))],
                Some(Duration::new(i64::MAX as u64 + 2, 147_483_647)),
            ),
            (vec![detail("RetryInfo", Vec::new())], None),
            (vec![other], None),
            (Vec::new(), None),
        ] {
            assert_eq!(retry_delay(&status(details.clone())), expected, "{details:?}");
        }
        assert_eq!(retry_delay(b"\xff\xff"), None, "no status at all");
    }
}
