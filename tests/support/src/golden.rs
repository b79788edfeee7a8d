//! Golden exchanges: a request and its response in files, with what is expected of them.
//!
//! A case is `<name>.request.http` (request line, headers, blank line, body), `<name>.response.http` (status,
//! headers, blank line, body) and one file for each kind of expectation, such as `<name>.expected.txt`. With
//! `UPDATE_GOLDEN=1` in the environment, expectations are written instead of compared: review them before you
//! commit them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

/// An exchange.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoldenCase {
    /// The path of its files, without their endings.
    pub name: String,
    /// What the client sends.
    pub request: GoldenMessage,
    /// What the provider answers.
    pub response: GoldenMessage,
}

/// A request or a response, as its file has it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GoldenMessage {
    /// Method and URI of a request, the status of a response.
    pub first_line: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Reads all cases below a folder, sorted by path.
///
/// # Panics
/// Panics if a file cannot be read, or if there is no case.
#[must_use]
pub fn read_cases(folder: &Path) -> Vec<GoldenCase> {
    let mut cases = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.to_str().unwrap().strip_suffix(".request.http") {
                cases.push(GoldenCase {
                    name: name.to_owned(),
                    request: GoldenMessage::read(&path),
                    response: GoldenMessage::read(Path::new(&format!("{name}.response.http"))),
                });
            }
        }
    }
    assert!(!cases.is_empty(), "no golden case in {}", folder.display());
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl GoldenCase {
    /// The method and the URI of the request.
    #[must_use]
    pub fn target(&self) -> (Method, Uri) {
        let (method, uri) = self.request.first_line.split_once(' ').unwrap();
        (method.parse().unwrap(), uri.parse().unwrap())
    }

    /// The request with this body in place of its own.
    pub fn request_with<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = self.target();
        request.headers_mut().clone_from(&self.request.headers);
        request
    }

    /// The response with this body in place of its own.
    pub fn response_with<B>(&self, body: B) -> Response<B> {
        let mut response = Response::new(body);
        *response.status_mut() = self.response.first_line.parse::<StatusCode>().unwrap();
        response.headers_mut().clone_from(&self.response.headers);
        response
    }

    /// What is expected, by the kind of expectation: the text of `<name>.<kind>.txt`, or an empty one if
    /// there is none.
    #[must_use]
    pub fn expected(&self, kind: &str) -> String {
        fs::read_to_string(self.expectation(kind)).unwrap_or_default()
    }

    /// Compares `actual` with what is expected, or writes it if expectations are to be updated.
    ///
    /// # Errors
    /// Returns the lines in which they differ.
    pub fn compare(&self, kind: &str, actual: &str) -> Result<(), String> {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(self.expectation(kind), actual).unwrap();
        }
        compare(&format!("{}: whole", self.name), &self.expected(kind), actual)
    }

    fn expectation(&self, kind: &str) -> PathBuf {
        format!("{}.{kind}.txt", self.name).into()
    }
}

/// Compares a text with the expected one, line by line.
///
/// # Errors
/// Returns `what` and the first lines that are in one of them only.
pub fn compare(what: &str, expected: &str, actual: &str) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    let mut difference = what.to_owned();
    let missing = lines_without(expected, actual).map(|line| ("missing", line));
    let unexpected = lines_without(actual, expected).map(|line| ("unexpected", line));
    for (how, line) in missing.chain(unexpected).take(MAX_LINES) {
        let _ = write!(difference, "\n    {how}: {line}");
    }
    Err(difference)
}

fn lines_without<'a>(text: &'a str, other: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .filter(|line| !other.lines().any(|other| other == *line))
}

/// Of a difference, so many lines are shown.
const MAX_LINES: usize = 12;

/// Panics with all failures, if there are any.
///
/// # Panics
/// Panics if one of the results is an error.
pub fn assert_all_passed(results: impl IntoIterator<Item = Result<(), String>>) {
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

impl GoldenMessage {
    fn read(file: &Path) -> Self {
        let bytes = Bytes::from(fs::read(file).unwrap());
        let end = bytes.windows(2).position(|pair| pair == b"\n\n");
        let end = end.unwrap_or_else(|| panic!("{} has no blank line", file.display()));
        let head = String::from_utf8(bytes.slice(..end).to_vec()).unwrap();
        let mut lines = head.lines();
        let mut message = Self {
            first_line: lines.next().unwrap().to_owned(),
            headers: HeaderMap::new(),
            body: bytes.slice(end + 2..),
        };
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let header: (HeaderName, HeaderValue) = (name.parse().unwrap(), value.parse().unwrap());
            message.headers.append(header.0, header.1);
        }
        message
    }

    /// The body in two parts, the first `cut` bytes long, or as long as the body if that is shorter.
    #[must_use]
    pub fn parts(&self, cut: usize) -> [Bytes; 2] {
        let mut rest = self.body.clone();
        let first = rest.split_to(cut.min(rest.len()));
        [first, rest]
    }
}
