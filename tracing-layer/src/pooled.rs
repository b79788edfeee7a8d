//! Values on the heap whose memory is used again.
//!
//! What is observed of an exchange takes a few hundred bytes. Beside the future and the body that pass it on,
//! it would be copied with each of their moves: from the call to the response, and by each outer layer. In a
//! box it is written once, but a box costs an allocation. Therefore each thread keeps the boxes of exchanges
//! that have ended for later ones.

use std::cell::RefCell;
use std::fmt;
use std::thread::LocalKey;

/// A value in a box that is used again.
pub(crate) struct Pooled<T: Poolable> {
    /// `None` only while it is dropped.
    memory: Option<Memory<T>>,
}

/// A type whose memory is used again.
pub(crate) trait Poolable: Sized + 'static {
    /// Returns the free memory of the thread.
    fn free() -> &'static LocalKey<Free<Self>>;
}

/// The free memory of a thread. The boxes are empty.
pub(crate) type Free<T> = RefCell<Vec<Memory<T>>>;

type Memory<T> = Box<Option<T>>;

impl<T: Poolable> Pooled<T> {
    #[inline]
    pub(crate) fn new(value: T) -> Self {
        let pop = |free: &Free<T>| free.try_borrow_mut().ok()?.pop();
        let free = T::free().try_with(pop).ok().flatten();
        let mut memory = free.unwrap_or_default();
        // Not assigned, which would move the value once more.
        let _ = memory.insert(value);
        Self { memory: Some(memory) }
    }

    /// Returns the value. There always is one.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.memory.as_ref()?.as_ref().as_ref()
    }

    /// Returns the value. There always is one.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.memory.as_mut()?.as_mut().as_mut()
    }
}

impl<T: Poolable> Drop for Pooled<T> {
    fn drop(&mut self) {
        let Some(mut memory) = self.memory.take() else {
            return;
        };
        // Before the pool is borrowed, since this may run any code.
        *memory = None;
        let _ = T::free().try_with(|free| {
            if let Ok(mut free) = free.try_borrow_mut() {
                if free.len() < MAX_FREE {
                    free.push(memory);
                }
            }
        });
    }
}

impl<T: Poolable + fmt::Debug> fmt::Debug for Pooled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// The maximum number of free boxes of a thread, of one type: about 10 KiB.
const MAX_FREE: usize = 32;

#[cfg(test)]
mod tests {
    use std::ptr;
    use std::sync::Arc;

    use super::*;

    struct Value(Arc<()>);

    thread_local! {
        static FREE: Free<Value> = const { RefCell::new(Vec::new()) };
    }

    impl Poolable for Value {
        fn free() -> &'static LocalKey<Free<Self>> {
            &FREE
        }
    }

    #[test]
    fn memory_is_used_again() {
        let held = Arc::new(());
        let first = Pooled::new(Value(Arc::clone(&held)));
        let address = first.get().map(ptr::from_ref);
        let count = first.get().map(|value| Arc::strong_count(&value.0));
        assert_eq!(count, Some(2), "held by the value");
        drop(first);
        assert_eq!(
            Arc::strong_count(&held),
            1,
            "the value is dropped, not only its box is freed"
        );
        let second = Pooled::new(Value(Arc::clone(&held)));
        assert_eq!(second.get().map(ptr::from_ref), address, "the same box");
    }

    #[test]
    fn a_burst_leaves_little_memory() {
        let held = Arc::new(());
        let burst: Vec<_> = (0..1_000)
            .map(|_| Pooled::new(Value(Arc::clone(&held))))
            .collect();
        drop(burst);
        assert_eq!(FREE.with_borrow(Vec::len), MAX_FREE, "of a thousand");
        assert_eq!(Arc::strong_count(&held), 1, "and no values");
    }

    #[test]
    fn a_value_may_end_on_another_thread() {
        let value = Pooled::new(Value(Arc::default()));
        let ended = std::thread::spawn(move || {
            drop(value);
            FREE.with_borrow(Vec::len)
        });
        assert_eq!(ended.join().ok(), Some(1), "its memory is used again there");
    }
}
