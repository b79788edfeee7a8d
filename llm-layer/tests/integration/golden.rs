//! Golden exchanges: every file pair of `throughline-llm-wire`, whole and cut at every byte.
//!
//! A case is `<name>.request.http` (request line, headers, blank line, body), `<name>.response.http` (status, headers,
//! blank line, body) and `<name>.expected.txt` (span tree, blank line, metrics). With `UPDATE_GOLDEN=1` in the
//! environment the last is written: read what it says.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{Request, Response};
use throughline_llm_layer::LlmLayer;
use throughline_test_support::Recorder;

use crate::support::{Chunks, MASKED, exchange, layer, metrics};

pub(crate) struct Case {
    pub(crate) name: String,
    request: (String, Bytes),
    response: (String, Bytes),
    expected: PathBuf,
}

/// All exchanges.
pub(crate) fn all() -> Vec<Case> {
    let mut all = Vec::new();
    cases(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/wire/tests/golden")),
        &mut all,
    );
    assert!(!all.is_empty(), "there are cases");
    all
}

pub(crate) fn cases(folder: &Path, cases: &mut Vec<Case>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            self::cases(&path, cases);
        } else if let Some(name) = name.strip_suffix(".request.http") {
            cases.push(Case {
                name: name.to_owned(),
                request: split(&path),
                response: split(Path::new(&format!("{name}.response.http"))),
                expected: format!("{name}.expected.txt").into(),
            });
        }
    }
}

/// Head and body of a file.
fn split(path: &Path) -> (String, Bytes) {
    let bytes = fs::read(path).unwrap();
    let end = bytes
        .windows(2)
        .position(|two| two == b"\n\n")
        .expect("a blank line");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head, Bytes::copy_from_slice(&bytes[end + 2..]))
}

impl Case {
    pub(crate) fn request_body(&self) -> &Bytes {
        &self.request.1
    }

    pub(crate) fn response_body(&self) -> &Bytes {
        &self.response.1
    }

    pub(crate) fn request(&self, cut: usize) -> Request<Chunks> {
        let mut lines = self.request.0.lines();
        let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            request = request.header(name, value);
        }
        request.body(chunks(&self.request.1, cut)).unwrap()
    }

    pub(crate) fn response(&self, cut: usize) -> Response<Chunks> {
        let mut lines = self.response.0.lines();
        let mut response = Response::builder().status(lines.next().unwrap());
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            response = response.header(name, value);
        }
        response.body(chunks(&self.response.1, cut)).unwrap()
    }

    /// Runs the case with request and answer cut in two, and checks that every byte passed.
    pub(crate) fn run(&self, layer: &LlmLayer, cut: usize) {
        let (sent, response) = exchange(layer, self.request(cut), self.response(cut));
        assert_eq!(
            sent, self.request.1,
            "{}: the request as sent, cut at {cut}",
            self.name
        );
        assert_eq!(
            *response.body(),
            self.response.1,
            "{}: the answer, cut at {cut}",
            self.name
        );
    }
}

fn chunks(bytes: &Bytes, cut: usize) -> Chunks {
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    let chunk = |part: &[u8]| (!part.is_empty()).then(|| Bytes::copy_from_slice(part));
    chunk(head).into_iter().chain(chunk(tail)).collect()
}

#[test]
fn golden() {
    let mut failures = Vec::new();
    for case in all() {
        let recorder = Recorder::new();
        case.run(&layer(&recorder), 0);
        let tree = recorder.tree(MASKED);
        let seen = format!("{tree}\n{}\n", metrics(&recorder).join("\n"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&case.expected, &seen).unwrap();
        }
        let expected = fs::read_to_string(&case.expected).unwrap_or_default();
        if seen != expected {
            failures.push(format!("{}: whole\n{}", case.name, difference(&expected, &seen)));
            continue;
        }

        let recorder = Recorder::new();
        let length = case.request.1.len().max(case.response.1.len());
        for cut in 1..length {
            // A layer counts a result that is fetched twice once.
            let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
            case.run(&layer, cut);
        }
        let trees = recorder.tree(MASKED);
        let expected = tree.repeat(length.saturating_sub(1));
        if trees != expected {
            failures.push(format!(
                "{}: cut at every byte\n{}",
                case.name,
                difference(&expected, &trees)
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} cases failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The first lines in which two texts differ.
fn difference(expected: &str, seen: &str) -> String {
    let missing = expected
        .lines()
        .filter(|line| !seen.lines().any(|other| other == *line));
    let unexpected = seen
        .lines()
        .filter(|line| !expected.lines().any(|other| other == *line));
    let missing = missing.map(|line| format!("    missing: {line}"));
    let lines: Vec<_> = missing
        .chain(unexpected.map(|line| format!("    unexpected: {line}")))
        .take(12)
        .collect();
    lines.join("\n")
}
