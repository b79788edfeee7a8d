//! The file exporter when the disk or the descriptors run out: in a child process, whose limits a shell
//! sets.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, FileConfig, Telemetry, TelemetryConfig, init};

use crate::{TEST_TIMEOUT, turn};

/// Runs the test of this name again, under the limits, and with the directory that [`folder`] returns there.
fn limited(test: &str, limits: &str) {
    let folder = std::env::temp_dir().join(format!("throughline-{test}-{}", std::process::id()));
    let program = std::env::current_exe().expect("this program");
    let child = Command::new("sh")
        .args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(["--exact", &format!("exhausted::{test}"), "--nocapture"])
        .env(FOLDER, &folder)
        .output()
        .expect("a child");
    let _ = fs::remove_dir_all(&folder);
    let (stdout, stderr) = (
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr),
    );
    assert!(
        child.status.success() && stdout.contains("1 passed"),
        "{}\n{stdout}\n{stderr}",
        child.status
    );
}

/// The directory of a test that runs under limits.
fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

const FOLDER: &str = "THROUGHLINE_TEST_FOLDER";

fn to_file(file: FileConfig) -> Telemetry {
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::File)
        .with_metrics_exporter(Exporter::None)
        .with_file(file);
    init(config).expect("started")
}

/// Records a span that fills one line.
fn line(telemetry: &Telemetry, name: &str) -> Result<(), String> {
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    tracer.start(name.to_owned()).end();
    telemetry.flush(TEST_TIMEOUT).map_err(|error| error.to_string())
}

/// The names of the spans in a file of whole lines.
fn names(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a file");
    assert!(text.is_empty() || text.ends_with('\n'), "whole lines: {text}");
    let name = |line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        let name = line.pointer("/resourceSpans/0/scopeSpans/0/spans/0/name");
        name.and_then(|name| name.as_str()).expect("a name").to_owned()
    };
    text.lines().map(name).collect()
}

#[test]
fn a_full_disk_costs_what_finds_no_room_and_no_half_line_stays() {
    let Some(folder) = folder() else {
        // A file of some kilobytes is a full disk; the signal that comes with it is ignored.
        return limited(
            "a_full_disk_costs_what_finds_no_room_and_no_half_line_stays",
            "trap '' XFSZ; ulimit -f 8",
        );
    };
    let _turn = turn();
    let path = folder.join("spans.jsonl");
    let telemetry = to_file(FileConfig::default().with_path(path.to_string_lossy()));
    let mut recorded = 0;
    let error = loop {
        recorded += 1;
        assert!(recorded < 1_000, "the limit was not reached");
        if let Err(error) = line(&telemetry, &format!("before {recorded}")) {
            break error;
        }
    };
    let full = "File too large (os error 27)";
    assert_eq!(
        error,
        format!("not everything was delivered; traces: {full}"),
        "why"
    );
    line(&telemetry, "lost too").expect_err("still full");
    let mut found = names(&path);
    OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(0))
        .expect("truncated");
    line(&telemetry, "after").expect("there is room again");
    assert_eq!(names(&path), ["after"], "the first line in the empty file");
    found.extend(names(&path));
    let traces = telemetry.diagnose().signals.remove(0);
    assert_eq!(
        (
            traces.counts.delivered,
            traces.counts.lost,
            traces.failure.as_deref()
        ),
        (found.len() as u64, 2, Some(full)),
        "each span is accounted for"
    );
    assert_eq!(
        found.len(),
        recorded,
        "all but the lost one, and the one after: {found:?}"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn without_descriptors_nothing_is_lost_and_the_history_stays() {
    let Some(folder) = folder() else {
        let test = "without_descriptors_nothing_is_lost_and_the_history_stays";
        return limited(test, "ulimit -n 64");
    };
    let _turn = turn();
    let path = folder.join("spans.jsonl");
    let file = FileConfig::default()
        .with_path(path.to_string_lossy())
        .with_max_bytes(2_000)
        .with_max_files(9);
    let telemetry = to_file(file);
    let numbered = |number: u32| folder.join(format!("spans.jsonl.{number}"));
    // No descriptor is needed to see these.
    let history = || -> Vec<(u64, u64)> {
        let files = (1..=9).filter_map(|number| fs::metadata(numbered(number)).ok());
        files.map(|file| (file.ino(), file.len())).collect()
    };
    let expected: RefCell<BTreeSet<String>> = RefCell::default();
    let record = |name: String| {
        line(&telemetry, &name).unwrap_or_else(|error| panic!("{name}: {error}"));
        expected.borrow_mut().insert(name);
    };
    let mut count = 0;
    while history().len() < 2 {
        count += 1;
        record(format!("before {count}"));
    }
    let lines = names(&numbered(1)).len();
    let before = history();
    let descriptors: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(descriptors.len() > 10, "the number of free descriptors");
    // One file's worth: it should be rotated, and cannot be.
    (0..lines).for_each(|line| record(format!("without descriptors {line}")));
    assert_eq!(history(), before, "no old file moved");
    fs::rename(&path, folder.join("renamed")).expect("renamed");
    record("without descriptors, after a rename".to_owned());
    fs::remove_file(&path).expect("there is a new file");
    expected
        .borrow_mut()
        .remove("without descriptors, after a rename");
    record("without descriptors, after a removal".to_owned());
    drop(descriptors);
    count = 0;
    while history().len() == before.len() {
        count += 1;
        assert!(count <= 2 * lines, "it is not rotated any more");
        record(format!("after {count}"));
    }
    assert_eq!(history()[1..], before, "behind the file that was full");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let files = fs::read_dir(&folder).expect("a directory");
    let paths = files.map(|entry| entry.expect("an entry").path());
    let found: Vec<String> = paths.flat_map(|path| names(&path)).collect();
    let expected = expected.into_inner();
    assert_eq!(found.len(), expected.len(), "each once");
    assert_eq!(
        found.into_iter().collect::<BTreeSet<_>>(),
        expected,
        "all of them"
    );
}
