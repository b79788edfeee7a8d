//! Files of OTLP/JSON lines.

use std::fs;
use std::path::PathBuf;

use throughline_viewer::Viewer;

use crate::support::{hex, ok, task};

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("throughline-viewer-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn line(trace: u128) -> String {
    serde_json::to_string(&task(trace)).expect("JSON") + "\n"
}

#[tokio::test]
async fn rotated_parts_are_read_too_and_invalid_lines_are_reported() {
    let folder = Folder::new("rotated");
    let path = folder.0.join("trace.jsonl");
    fs::write(folder.0.join("trace.jsonl.2"), line(1)).expect("written");
    fs::write(
        folder.0.join("trace.jsonl.1"),
        line(2) + "\n{\"x\":1}\nnonsense\n" + &line(3),
    )
    .expect("written");
    fs::write(folder.0.join("trace.jsonl.4"), line(9)).expect("written");
    let mut newest = line(4);
    newest.push_str(&line(5)[..100]);
    fs::write(&path, newest).expect("written");

    let viewer = Viewer::default();
    let report = viewer.add_file(&path).expect("the files can be read");
    let names: Vec<_> = report
        .files
        .iter()
        .map(|file| file.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names,
        ["trace.jsonl.2", "trace.jsonl.1", "trace.jsonl"],
        "the oldest first, up to a gap"
    );
    assert_eq!(
        (report.lines, report.invalid_lines),
        (4, 3),
        "valid and invalid lines"
    );
    let invalid: Vec<_> = report
        .invalid
        .iter()
        .map(|line| {
            format!(
                "{}:{}: {}",
                line.file.file_name().expect("a name").display(),
                line.line,
                line.reason
            )
        })
        .collect();
    let expected = [
        "trace.jsonl.1:3: it has no resourceSpans, resourceLogs or resourceMetrics",
        "trace.jsonl.1:4: not OTLP/JSON: expected ident at line 1 column 2",
        "trace.jsonl:2: it is cut; is it still being written?",
    ];
    assert_eq!(invalid, expected, "each with its place");
    let list = ok(&viewer, "/api/traces").await;
    assert_eq!(list["matched"], 4, "the traces of all parts");
    ok(&viewer, &format!("/api/traces/{}", hex(1))).await;
}

#[test]
fn missing_file_is_an_error() {
    let error = Viewer::default()
        .add_file("/nonexistent/trace.jsonl".as_ref())
        .expect_err("no such file");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
}
