//! The ends of paths.

/// The end of a path, in which `*` matches one segment or the rest of one, and `**`, at its end, any number of them.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: &'static str,
    /// Its last bytes, as many as `mask` has, up to the last `*`. Of all patterns, few have those of a path, so
    /// the others need not be compared.
    pub(super) tail: u64,
    pub(super) mask: u64,
    /// The position of the first `*`.
    pub(super) star: Option<usize>,
}

impl Pattern {
    pub(super) const fn new(text: &'static str) -> Self {
        let (mut tail, mut mask) = (0, 0);
        let (mut rest, mut star, mut at) = (text.as_bytes(), None, 0);
        while let [byte, behind @ ..] = rest {
            if *byte == b'*' {
                (tail, mask) = (0, 0);
                star = if star.is_none() { Some(at) } else { star };
            } else {
                tail = tail << 8 | *byte as u64;
                mask = mask << 8 | 0xff;
            }
            at += 1;
            rest = behind;
        }
        Self {
            text,
            tail,
            mask,
            star,
        }
    }

    /// Returns whether a path with these last bytes may end so.
    pub(super) fn may_end(&self, tail: u64) -> bool {
        (tail ^ self.tail) & self.mask == 0
    }

    /// Returns whether a path ends so.
    pub(super) fn ends(&self, path: &str) -> bool {
        let Some((before, after)) = self.star.and_then(|star| self.text.split_at_checked(star)) else {
            return path.ends_with(self.text);
        };
        if after == "**" {
            return path.split_once(before).is_some_and(|(_, rest)| !rest.is_empty());
        }
        let after = after.strip_prefix('*').unwrap_or(after);
        let segment = path
            .strip_suffix(after)
            .and_then(|head| Some(head.split_at(head.rfind('/')? + 1)));
        segment.is_some_and(|(head, segment)| head.ends_with(before) && !segment.is_empty())
    }
}

/// The last eight bytes of a path, the last one lowest.
pub(super) fn tail(path: &str) -> u64 {
    let bytes = path.as_bytes().iter().rev().take(8).rev();
    bytes.fold(0, |tail, byte| tail << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, tail};

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
        ];
        for (path, pattern, expected) in cases {
            let pattern = Pattern::new(pattern);
            let found = pattern.may_end(tail(path)) && pattern.ends(path);
            assert_eq!(found, expected, "{path} {pattern:?}");
        }
    }
}
