//! Every kind of function: what is in its span, and when that ends.

use std::fmt::Display;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use throughline_tracing_layer::span::span;
use throughline_tracing_layer::traced;
use tokio::task::yield_now;

use crate::{below, now};

fn inner() {
    drop(span("inner"));
}

#[traced]
fn function(number: u8) -> u8 {
    inner();
    if number > 1 {
        return number;
    }
    number + 1
}

#[traced]
fn generic<'a, T: Display + ?Sized, const N: usize>(text: &'a str, _: &T) -> &'a str {
    inner();
    text.get(N..).unwrap_or(text)
}

#[traced]
fn iterator<'a>(words: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    inner();
    words.iter().map(|word| word.len())
}

/// A body whose last expression borrows from a local, and that has items of its own.
#[traced]
fn temporaries() -> usize {
    fn helper(text: &str) -> std::cell::RefCell<String> {
        text.to_owned().into()
    }
    inner();
    let cell = helper("four");
    cell.borrow().len()
}

#[traced]
fn never() -> ! {
    inner();
    panic!("never returns")
}

#[test]
fn functions() {
    let tree = below("functions", || {
        assert_eq!(function(1), 2, "by its last expression");
        assert_eq!(function(2), 2, "by return");
        assert_eq!(generic::<str, 1>("ab", "x"), "b", "a reference from an argument");
        assert_eq!(iterator(&["a", "bc"]).sum::<usize>(), 3, "an iterator");
        assert_eq!(temporaries(), 4, "borrows");
        assert!(std::panic::catch_unwind(|| never()).is_err(), "panics");
    });
    let expected = "\
Internal function
  Internal inner
Internal function
  Internal inner
Internal generic
  Internal inner
Internal iterator
  Internal inner
Internal temporaries
  Internal inner
Internal never [error: panicked]
  - error.type=\"panic\"
  Internal inner
";
    assert_eq!(tree, expected, "a span each");
}

#[traced]
async fn asynchronous(text: &str, mut owned: Vec<u8>) -> usize {
    inner();
    yield_now().await;
    inner();
    owned.push(1);
    text.len() + owned.len()
}

#[traced]
async fn dynamic(deep: bool) -> Box<dyn Display + Send> {
    if deep {
        return Box::new(1);
    }
    yield_now().await;
    Box::new("text")
}

#[traced]
async fn opaque() -> impl Display {
    yield_now().await;
    "opaque"
}

#[traced]
fn future(text: &str) -> impl Future<Output = usize> + '_ {
    inner();
    if text.is_empty() {
        drop(span("early"));
    }
    async move {
        yield_now().await;
        inner();
        text.len()
    }
}

#[traced]
fn boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    if text.is_empty() {
        return Box::pin(ready(0));
    }
    Box::pin(async move {
        yield_now().await;
        inner();
        text.len()
    })
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn futures() {
    let tree = below("futures", || {
        assert_eq!(now(is_send(asynchronous("a", vec![]))), 2, "async fn");
        assert_eq!(
            now(is_send(dynamic(true))).to_string(),
            "1",
            "a trait object, by return"
        );
        assert_eq!(now(is_send(dynamic(false))).to_string(), "text", "a trait object");
        assert_eq!(now(opaque()).to_string(), "opaque", "impl Trait");
        assert_eq!(now(is_send(future("ab"))), 2, "impl Future");
        assert_eq!(now(is_send(boxed("abc"))), 3, "a boxed future");
        assert_eq!(now(is_send(boxed(""))), 0, "a boxed future, by return");
        drop(asynchronous("never polled", vec![]));
    });
    let expected = "\
Internal asynchronous
  Internal inner
  Internal inner
Internal dynamic
Internal dynamic
Internal opaque
Internal future
  Internal inner
  Internal inner
Internal boxed
  Internal inner
Internal boxed
";
    assert_eq!(tree, expected, "a span each, and none for what was never polled");
}

struct Counter(u32);

impl Counter {
    #[traced]
    fn add(&mut self, number: u32) -> &mut u32 {
        self.0 += number;
        &mut self.0
    }

    #[traced(err)]
    fn try_add(&mut self, number: u32) -> Result<&mut u32, String> {
        self.0 = self.0.checked_add(number).ok_or("too many")?;
        Ok(&mut self.0)
    }

    #[traced]
    async fn later(&mut self) -> &mut u32 {
        yield_now().await;
        &mut self.0
    }

    #[traced]
    fn into_inner(self) -> u32 {
        self.0
    }
}

#[test]
fn methods_may_return_what_they_borrow() {
    let tree = below("borrows", || {
        let mut counter = Counter(1);
        *counter.add(1) += 1;
        assert_eq!(counter.try_add(1).map(|it| *it), Ok(4), "fallible");
        *now(counter.later()) += 1;
        assert_eq!(counter.into_inner(), 5, "changed through what was returned");
    });
    let expected = "\
Internal Counter::add
Internal Counter::try_add
Internal Counter::later
Internal Counter::into_inner
";
    assert_eq!(tree, expected, "a span each");
}

struct Shared(u32);

#[traced]
impl Shared {
    async fn own(self: Arc<Self>) -> u32 {
        yield_now().await;
        self.0
    }

    fn boxed(&self) -> Pin<Box<dyn Future<Output = &u32> + Send + '_>> {
        let ready = ready(&self.0);
        Box::pin(ready)
    }

    #[traced(err)]
    async fn borrow(&mut self, fail: bool) -> Result<&mut u32, String> {
        if fail {
            return Err("asked to".into());
        }
        yield_now().await;
        Ok(&mut self.0)
    }

    #[traced(record(text), err)]
    fn boxed_fallible<'a>(
        &'a self,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<u32, String>> + 'a>> {
        Box::pin(async move {
            text.parse()
                .map_err(|_| "no number".to_owned())
                .map(|it: u32| it + self.0)
        })
    }

    fn closure(&self, add: impl Fn(u32) -> u32) -> impl Fn(u32) -> u32 {
        let own = self.0;
        move |it| add(it) + own
    }
}

trait Native {
    #[traced]
    async fn provided(&self) -> u8 {
        yield_now().await;
        1
    }
}

impl Native for Shared {}

#[traced]
fn recursive(depth: u8) -> Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async move {
        match depth {
            0 => 0,
            _ => recursive(depth - 1).await + 1,
        }
    })
}

#[test]
fn the_rest() {
    let tree = below("rest", || {
        let mut shared = Shared(1);
        assert_eq!(now(shared.boxed()), &1, "a boxed future that borrows");
        assert_eq!(now(shared.borrow(false)), Ok(&mut 1), "a borrow, fallible");
        assert!(now(shared.borrow(true)).is_err(), "a borrow, failed");
        assert_eq!(now(shared.boxed_fallible("2")), Ok(3), "a boxed future, fallible");
        assert!(now(shared.boxed_fallible("x")).is_err(), "a boxed future, failed");
        assert_eq!(shared.closure(|it| it * 2)(3), 7, "a closure");
        assert_eq!(now(shared.provided()), 1, "an async fn of a trait");
        assert_eq!(
            now(is_send(Arc::new(shared).own())),
            1,
            "a receiver of another type"
        );
        assert_eq!(now(recursive(2)), 2, "recursion");
    });
    let expected = "\
Internal Shared::boxed
Internal Shared::borrow
Internal Shared::borrow [error: asked to]
  - error.type=\"_OTHER\"
  ! exception exception.message=\"asked to\" exception.type=\"alloc::string::String\"
Internal Shared::boxed_fallible
  - text=\"2\"
Internal Shared::boxed_fallible [error: no number]
  - error.type=\"_OTHER\"
  - text=\"x\"
  ! exception exception.message=\"no number\" exception.type=\"alloc::string::String\"
Internal Shared::closure
Internal Shared::provided
Internal Shared::own
Internal recursive
  Internal recursive
    Internal recursive
";
    assert_eq!(tree, expected, "a span each");
}
