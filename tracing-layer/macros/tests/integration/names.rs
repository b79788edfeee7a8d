//! What a span is called.

use throughline_tracing_layer::traced;

use crate::{below, now};

#[traced]
fn r#match() {}

#[traced(name = "given")]
fn named() {}

struct Planner<T>(T);

impl<T> Planner<T> {
    #[traced]
    fn plan(&self) {}

    #[traced]
    fn make(inner: T) -> Self {
        Self(inner)
    }

    #[traced]
    fn neither() {}
}

struct Executor;

#[traced]
impl Executor {
    const LIMIT: u8 = 3;

    fn run() -> u8 {
        Self::LIMIT
    }

    #[traced(name = "execute", record(code))]
    async fn execute(code: &str) -> usize {
        code.len()
    }

    #[traced(skip)]
    fn skipped() {}

    const fn constant() -> u8 {
        1
    }
}

trait Role {
    #[traced]
    fn by_attribute(&self) {}

    fn required(&self);
}

#[traced]
trait Whole {
    fn provided(&self) {}

    fn declared(&self);
}

impl Role for Executor {
    #[traced]
    fn required(&self) {}
}

impl<T> Role for Planner<T> {
    #[traced]
    fn required(&self) {}
}

#[traced]
impl Whole for (u8, Executor) {
    fn declared(&self) {}
}

#[traced]
impl Whole for &Executor {
    fn declared(&self) {}
}

#[test]
fn functions_and_methods() {
    let tree = below("names", || {
        r#match();
        named();
        Planner::make(1).plan();
        Planner::make("other").plan();
        Planner::<u8>::neither();
        Executor::run();
        now(Executor::execute("code"));
        Executor::skipped();
        Executor::constant();
    });
    let expected = "\
Internal match
Internal given
Internal Planner::make
Internal Planner::plan
Internal Planner::make
Internal Planner::plan
Internal neither
Internal Executor::run
Internal execute
  - code=\"code\"
";
    assert_eq!(tree, expected, "by the type where the tokens tell of one");
}

#[test]
fn traits() {
    let tree = below("traits", || {
        for _ in 0..2 {
            Executor.by_attribute();
            Planner(1).by_attribute();
        }
        Executor.required();
        Planner(1).required();
        let object: &dyn Role = &Executor;
        object.by_attribute();
        (1, Executor).provided();
        (1, Executor).declared();
        (&Executor).declared();
    });
    let expected = "\
Internal Executor::by_attribute
Internal Planner::by_attribute
Internal Executor::by_attribute
Internal Planner::by_attribute
Internal Executor::required
Internal Planner::required
Internal Executor::by_attribute
Internal (u8, integration::names::Executor)::provided
Internal (u8, integration::names::Executor)::declared
Internal Executor::declared
";
    assert_eq!(tree, expected, "by the type that implements the trait");
}

struct Service;

#[async_trait::async_trait]
trait Handle {
    async fn handle(&self, text: &str) -> Result<usize, std::num::ParseIntError>;
    async fn provided(&self) -> usize {
        1
    }
}

#[async_trait::async_trait]
impl Handle for Service {
    #[traced(err, record(text))]
    async fn handle(&self, text: &str) -> Result<usize, std::num::ParseIntError> {
        tokio::task::yield_now().await;
        text.parse()
    }
}

struct Outside;

#[traced]
#[async_trait::async_trait]
impl Handle for Outside {
    async fn handle(&self, text: &str) -> Result<usize, std::num::ParseIntError> {
        text.parse()
    }
}

#[test]
fn async_trait_on_either_side() {
    let tree = below("async_trait", || {
        assert_eq!(now(Service.handle("7")), Ok(7), "ready");
        assert!(now(Service.handle("x")).is_err(), "failed");
        assert_eq!(now(Outside.handle("8")), Ok(8), "ready");
        assert_eq!(now(Outside.provided()), 1, "ready");
    });
    let expected = "\
Internal Service::handle
  - text=\"7\"
Internal Service::handle [error: invalid digit found in string]
  - error.type=\"core::num::error::ParseIntError\"
  - text=\"x\"
  ! exception exception.message=\"invalid digit found in string\" \
exception.type=\"core::num::error::ParseIntError\"
Internal Outside::handle
";
    assert_eq!(tree, expected, "the futures it boxes are traced");
}
