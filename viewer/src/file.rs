//! Files of OTLP/JSON lines, and their rotated parts.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::otlp::{self, JsonError, LineKind};
use crate::store::Store;

/// What a file and its rotated parts contained.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct FileReport {
    /// The files that were read, the oldest first.
    pub files: Vec<PathBuf>,
    /// The number of lines with telemetry.
    pub lines: u64,
    /// The first lines that were skipped, because they are not OTLP/JSON.
    pub invalid: Vec<InvalidLine>,
    /// The number of all lines that were skipped.
    pub invalid_lines: u64,
}

/// A line that was skipped.
#[derive(Debug)]
#[non_exhaustive]
pub struct InvalidLine {
    /// The file.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: u64,
    /// Why it was skipped.
    pub reason: String,
}

/// Adds the lines of a file and of its rotated parts.
pub(crate) fn add(store: &Store, path: &Path) -> io::Result<FileReport> {
    let mut report = FileReport::default();
    let rotated = (1..)
        .map(|number| with_number(path, number))
        .take_while(|part| part.is_file());
    report.files = rotated.collect();
    report.files.reverse();
    report.files.push(path.to_owned());
    for file in report.files.clone() {
        add_lines(store, &file, &mut report)?;
    }
    Ok(report)
}

/// Adds a line of OTLP/JSON.
pub(crate) fn add_line(store: &Store, line: &[u8]) -> Result<LineKind, JsonError> {
    let mut request = otlp::parse(line).map_err(JsonError)?;
    if request.is_empty() {
        return Ok(LineKind::Empty);
    }
    store.add_traces(&request.traces());
    store.add_logs(&request.logs());
    store.add_metrics(&request.metrics());
    Ok(LineKind::Telemetry)
}

/// The path of a rotated part.
fn with_number(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn add_lines(store: &Store, path: &Path, report: &mut FileReport) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = reader
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let is_whole = line.last() == Some(&b'\n');
        if !is_whole && line.len() as u64 == MAX_LINE_BYTES {
            skip_line(&mut reader)?;
            report.add_invalid(path, number, format!("longer than {MAX_LINE_BYTES} bytes"));
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match add_line(store, &line) {
            Ok(LineKind::Telemetry) => report.lines += 1,
            Ok(LineKind::Empty) => {
                let reason = "it has no resourceSpans, resourceLogs or resourceMetrics".to_owned();
                report.add_invalid(path, number, reason);
            }
            Err(error) if error.is_cut() && !is_whole => {
                report.add_invalid(path, number, "it is cut; is it still being written?".to_owned());
            }
            Err(error) => report.add_invalid(path, number, error.to_string()),
        }
    }
    Ok(())
}

/// Reads to the end of a line without holding it.
fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

impl FileReport {
    fn add_invalid(&mut self, file: &Path, line: u64, reason: String) {
        self.invalid_lines += 1;
        if self.invalid.len() < MAX_INVALID_LINES {
            self.invalid.push(InvalidLine {
                file: file.to_owned(),
                line,
                reason,
            });
        }
    }
}

/// The maximum length of a line.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// The maximum number of skipped lines that are reported one by one.
const MAX_INVALID_LINES: usize = 10;
