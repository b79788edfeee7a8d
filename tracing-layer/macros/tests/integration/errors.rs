//! What `err` tells of every kind of error.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;

use throughline_tracing_layer::traced;

use crate::{below, now};

#[derive(Debug)]
struct Failure(io::Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[traced(err)]
fn concrete(fail: bool) -> Result<u8, Failure> {
    let number: Result<u8, _> = if fail {
        Err(io::Error::other("disk"))
    } else {
        Ok(1)
    };
    let number = number.map_err(Failure)?;
    Ok(number)
}

#[traced(err)]
async fn boxed() -> Result<u8, Box<dyn Error + Send + Sync>> {
    tokio::task::yield_now().await;
    Err(Failure(io::Error::other("disk")))?
}

#[traced(err)]
fn text() -> Result<(), String> {
    Err("only a text".to_owned())
}

#[traced(err)]
fn generic<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced(err)]
fn future() -> impl Future<Output = Result<(), fmt::Error>> {
    std::future::ready(Err(fmt::Error))
}

#[traced(err)]
fn iterator(fail: bool) -> Result<impl Iterator<Item = u8>, fmt::Error> {
    if fail {
        return Err(fmt::Error);
    }
    Ok(std::iter::once(1))
}

#[traced(err)]
fn refused() -> Result<(), io::Error> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

/// An error that borrows, which no class can be told of but its type.
#[derive(Debug)]
struct Borrowed<'a>(&'a str);

impl fmt::Display for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Borrowed<'_> {}

#[traced(err)]
fn borrowed(text: &str) -> Result<(), Borrowed<'_>> {
    Err(Borrowed(text))
}

#[test]
fn the_class_of_an_error_is_the_one_that_the_layers_record() {
    let tree = below("classes", || {
        assert!(refused().is_err(), "an error");
        assert!(borrowed("text").is_err(), "an error");
    });
    let expected = "\
Internal refused [error: connection refused]
  - error.type=\"connection_refused\"
  ! exception exception.message=\"connection refused\" exception.type=\"std::io::error::Error\"
Internal borrowed [error: text]
  - error.type=\"integration::errors::Borrowed<'_>\"
  ! exception exception.message=\"text\" exception.type=\"integration::errors::Borrowed<'_>\"
";
    assert_eq!(tree, expected, "its kind, and its type where it borrows");
}

#[test]
fn errors_are_recorded() {
    let tree = below("errors", || {
        assert!(concrete(false).is_ok(), "no error");
        assert!(concrete(true).is_err(), "an error");
        assert!(now(boxed()).is_err(), "an error");
        assert!(text().is_err(), "an error");
        assert!(generic(fmt::Error).is_err(), "an error");
        assert!(now(future()).is_err(), "an error");
        assert_eq!(iterator(false).map(Iterator::count), Ok(1), "no error");
        assert!(iterator(true).is_err(), "an error");
    });
    let fmt_error = "\
[error: an error occurred when formatting an argument]
  - error.type=\"core::fmt::Error\"
  ! exception exception.message=\"an error occurred when formatting an argument\" \
exception.type=\"core::fmt::Error\"
";
    let chain = "exception.message=\"failed\" exception.stacktrace=\"failed\\nCaused by: disk\"";
    let expected = format!(
        "\
Internal concrete
Internal concrete [error: failed]
  - error.type=\"integration::errors::Failure\"
  ! exception {chain} exception.type=\"integration::errors::Failure\"
Internal boxed [error: failed]
  - error.type=\"_OTHER\"
  ! exception {chain}
Internal text [error: only a text]
  - error.type=\"_OTHER\"
  ! exception exception.message=\"only a text\" exception.type=\"alloc::string::String\"
Internal generic {fmt_error}Internal future {fmt_error}Internal iterator
Internal iterator {fmt_error}"
    );
    assert_eq!(tree, expected, "status, type and exception");
}
