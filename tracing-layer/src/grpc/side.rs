//! What an error is on each side of a call.

use super::code::Code;

/// The side of a call. They do not agree on what an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

impl Side {
    /// Returns whether a call with this status has failed. On a server, a status that reports a mistake of
    /// the client is no failure.
    pub(super) fn is_failure(self, code: Code) -> bool {
        match code {
            Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => true,
            Code::Ok => false,
            _ => self == Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_does_not_fail_by_mistakes_of_the_client() {
        let failures = |side: Side| -> Vec<&str> {
            let codes = (0..17).filter_map(Code::from_number);
            codes
                .filter(|code| side.is_failure(*code))
                .map(Code::as_str)
                .collect()
        };
        let server = [
            "UNKNOWN",
            "DEADLINE_EXCEEDED",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
        ];
        assert_eq!(failures(Side::Server), server, "on a server");
        let client = failures(Side::Client);
        assert_eq!((client.len(), client.contains(&"OK")), (16, false), "on a client");
    }
}
