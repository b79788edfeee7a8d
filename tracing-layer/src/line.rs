//! Texts that are written into a buffer of the thread, so that a text that was seen recently costs no
//! allocation.

use std::cell::Cell;

/// Passes the text that `write` writes to `read`.
pub(crate) fn with<T>(write: impl FnOnce(&mut String), read: impl FnOnce(&str) -> T) -> T {
    // Taken, not borrowed: if the code that writes a line writes another line, that one gets its own buffer.
    let mut line = LINE.try_with(Cell::take).unwrap_or_default();
    line.clear();
    line.reserve(CAPACITY);
    write(&mut line);
    let read = read(&line);
    if line.capacity() <= MAX_CAPACITY {
        let _ = LINE.try_with(|last| last.set(line));
    }
    read
}

thread_local! {
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// The initial capacity, in bytes. It suffices for most lines.
const CAPACITY: usize = 256;
/// The maximum capacity that a thread holds, in bytes, so that the network cannot make it grow.
const MAX_CAPACITY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_its_own() {
        let nested = with(
            |line| {
                line.push_str("outer ");
                line.push_str(&with(|line| line.push_str("inner"), str::to_owned));
            },
            str::to_owned,
        );
        assert_eq!(nested, "outer inner", "a line within a line");
        for length in [0, 10, 100_000, 3] {
            let text = "x".repeat(length);
            assert_eq!(
                with(|line| line.push_str(&text), str::len),
                length,
                "{length} bytes"
            );
        }
        let capacity = LINE.take().capacity();
        assert!(capacity <= MAX_CAPACITY, "{capacity} bytes stay");
    }
}
