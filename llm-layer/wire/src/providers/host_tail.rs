//! The last bytes of a host name. Comparing them first rules out nearly all domains of the table.

/// The last bytes of a host or a domain, up to eight, in lower case.
#[derive(Debug, Clone, Copy)]
pub(super) struct HostTail {
    bytes: u64,
    mask: u64,
}

impl HostTail {
    /// The bit that makes a letter lower case, in each byte. It is already set in digits, dots and hyphens.
    const LOWER_CASE: u64 = 0x2020_2020_2020_2020;

    pub(super) fn from_domain(domain: &str) -> Self {
        Self {
            bytes: Self::last_bytes(domain),
            mask: domain.bytes().take(8).fold(0, |mask, _| mask << 8 | 0xff),
        }
    }

    /// Returns the last eight bytes of a host name in lower case, or all of a shorter one.
    pub(super) fn last_bytes(host: &str) -> u64 {
        let bytes = match host.as_bytes().last_chunk() {
            Some(last) => u64::from_be_bytes(*last),
            None => host.bytes().fold(0, |tail, byte| tail << 8 | u64::from(byte)),
        };
        bytes | Self::LOWER_CASE
    }

    /// Returns whether a host with these [last bytes](Self::last_bytes) may end with this domain.
    pub(super) fn may_end(self, host: u64) -> bool {
        (host ^ self.bytes) & self.mask == 0
    }
}

#[cfg(test)]
mod tests {
    use super::HostTail;

    #[test]
    fn ends_of_hosts_in_any_case() {
        for (domain, host, expected) in [
            ("openai.com", "api.OpenAI.com", true),
            ("x.ai", "api.x.ai", true),
            ("x.ai", "x.ai", true),
            ("x.ai", "y.ai", false),
            ("mistral.ai", "ai", false),
            ("z.ai", "api.x.ai", false),
        ] {
            let may_end = HostTail::from_domain(domain).may_end(HostTail::last_bytes(host));
            assert_eq!(may_end, expected, "{domain} of {host}");
        }
    }
}
