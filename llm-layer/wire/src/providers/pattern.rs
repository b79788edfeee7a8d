//! The ends of paths.

/// The end of a path, in which `*` matches one segment or the rest of one, and `**`, at its end, any number
/// of them.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: &'static str,
    pub(super) tail: Tail,
    /// The position of the first `*`.
    star: Option<usize>,
}

/// The last bytes of a pattern, as many as `mask` has, behind the last `*`. If that is its last segment, the bytes
/// before it. Of all patterns, few have those of a path and a segment that begins like one of it, so the others need
/// not be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    bytes: u64,
    mask: u64,
    /// Whether the last segment is `*`.
    ends_with_star: bool,
    /// The bit of the first byte of the pattern's first segment.
    segment: u64,
}

impl Pattern {
    pub(super) const fn new(text: &'static str) -> Self {
        let (mut tail, mut mask) = (0, 0);
        let (mut rest, mut star, mut at, mut ends_with_star) = (text.as_bytes(), None, 0, false);
        while let [byte, behind @ ..] = rest {
            if *byte == b'*' && star.is_none() && behind.is_empty() && tail as u8 == b'/' {
                ends_with_star = true;
            } else if *byte == b'*' {
                (tail, mask) = (0, 0);
            } else {
                tail = tail << 8 | *byte as u64;
                mask = mask << 8 | 0xff;
            }
            if *byte == b'*' && star.is_none() {
                star = Some(at);
            }
            at += 1;
            rest = behind;
        }
        let segment = match text.as_bytes() {
            [b'/', first, ..] if *first != b'*' => segment_bit(*first),
            _ => 0,
        };
        Self {
            text,
            tail: Tail {
                bytes: tail,
                mask,
                ends_with_star,
                segment,
            },
            star,
        }
    }

    /// Returns whether a path ends so.
    pub(super) fn ends(&self, path: &str) -> bool {
        let Some((before, after)) = self.star.and_then(|star| self.text.split_at_checked(star)) else {
            return path.ends_with(self.text);
        };
        if after == "**" {
            return behind(path, before).is_some_and(|rest| !rest.is_empty());
        }
        let mut segments = path.rsplit('/');
        let mut parts = self.text.trim_start_matches('/').rsplit('/');
        let fits = |part| segments.next().is_some_and(|segment| is_segment(segment, part));
        parts.all(fits) && segments.next().is_some()
    }
}

impl Tail {
    /// Returns whether a path with these last bytes may end so.
    pub(super) fn may_end(&self, tails: &Tails) -> bool {
        let tail = match self.ends_with_star {
            true => tails.before_last_segment,
            false => tails.path,
        };
        (tail ^ self.bytes) & self.mask == 0 && self.segment & !tails.segments == 0
    }
}

/// Returns whether a segment of a path is a segment of a pattern, which may have one `*`.
fn is_segment(segment: &str, pattern: &str) -> bool {
    let Some((begin, end)) = pattern.split_once('*') else {
        return segment == pattern;
    };
    let inside = segment
        .strip_prefix(begin)
        .and_then(|rest| rest.strip_suffix(end));
    inside.is_some_and(|inside| !inside.is_empty())
}

/// Returns what stands behind the first occurrence of a part of a path that begins with a slash.
///
/// For one search of a short text, the standard library's searcher takes longer to set up than this.
pub(super) fn behind<'a>(path: &'a str, part: &str) -> Option<&'a str> {
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let mut rests = slashes.filter_map(|(at, _)| path.get(at..)?.strip_prefix(part));
    rests.next()
}

/// The last eight bytes of a path, and of what stands before its last segment; the last byte lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tails {
    path: u64,
    before_last_segment: u64,
    /// The bits of the first bytes of all segments.
    segments: u64,
}

impl Tails {
    pub(super) fn new(path: &str) -> Self {
        let before = path.rfind('/').and_then(|slash| path.get(..=slash));
        let (mut segments, mut previous) = (0, 0);
        for byte in path.bytes() {
            if previous == b'/' {
                segments |= segment_bit(byte);
            }
            previous = byte;
        }
        Self {
            path: tail(path),
            before_last_segment: tail(before.unwrap_or_default()),
            segments,
        }
    }
}

/// One of 64 bits for the first byte of a segment.
const fn segment_bit(first: u8) -> u64 {
    1 << (first & 63)
}

fn tail(text: &str) -> u64 {
    let bytes = text.as_bytes().iter().rev().take(8).rev();
    bytes.fold(0, |tail, byte| tail << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Tails};

    #[test]
    fn patterns() {
        let cases = [
            ("/v1/chat/completions", "/chat/completions", true),
            ("/chat/completions/x", "/chat/completions", false),
            ("/model/m/invoke", "/model/*/invoke", true),
            ("/model/a%2Fb:0/invoke", "/model/*/invoke", true),
            ("/model//invoke", "/model/*/invoke", false),
            ("/a/invoke", "/model/*/invoke", false),
            ("/model/m/n/invoke", "/model/*/invoke", false),
            ("/v1/conversations/c-1", "/v1/conversations/*", true),
            ("/v1/conversations/c-1/history", "/v1/conversations/*", false),
            ("/p/mistralai/models/m@1:rawPredict", "/models/*:rawPredict", true),
            ("", "/models/*", false),
            ("/v1/async/sonar/1", "/v1/async/sonar/*", true),
            ("/v1/async/sonar/", "/v1/async/sonar/*", false),
            ("/v1/async/sonar", "/v1/async/sonar/*", false),
            ("/v1/batches/b/results/r", "/batches/*/results/*", true),
            ("/v1/batches/b/other/r", "/batches/*/results/*", false),
            ("/batches//results/r", "/batches/*/results/*", false),
            ("/v4/accounts/a/ai/run/@cf/meta/m", "/ai/run/**", true),
            ("/v4/accounts/a/ai/run/", "/ai/run/**", false),
            ("/v4/accounts/a/ai/run", "/ai/run/**", false),
            ("/ai/ai/run/é", "/ai/run/**", true),
            ("/é/ai/run/m", "/ai/run/**", true),
            ("", "/ai/run/**", false),
        ];
        for (path, pattern, expected) in cases {
            let pattern = Pattern::new(pattern);
            let found = pattern.tail.may_end(&Tails::new(path)) && pattern.ends(path);
            assert_eq!(found, expected, "{path} {pattern:?}");
        }
    }
}
