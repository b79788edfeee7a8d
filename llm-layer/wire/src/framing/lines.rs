//! JSON documents: one, one a line, or the elements of an array.

use memchr::memchr;

use super::Receive;
use super::repeats::Events;
use crate::json::{Malformed, Scanner};

/// Reads documents line by line. A document may span several lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    scanner: Scanner,
    /// The line has not ended, even if its document has.
    open: bool,
    broken: bool,
}

impl Events for Lines {
    fn is_between(&self) -> bool {
        !self.broken && !self.open && self.scanner.is_between()
    }

    fn read<'a>(&mut self, bytes: &'a [u8], receive: &mut impl Receive) -> &'a [u8] {
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
        let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.open = !line.ends_with(b"\n");
        self.broken = self.broken || self.scanner.feed(line, receive).is_err();
        rest
    }

    fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Malformed> {
        if self.broken {
            return Err(Malformed);
        }
        self.scanner.finish(receive)
    }
}
