//! A file that rotates when it reaches a size, and contains complete lines only.
//!
//! Other programs can change the file: `logrotate` renames or truncates it, `/tmp` cleaners remove it, and
//! other processes append to it. The disk or the file descriptors can run out. Therefore, the only state
//! between lines is the open descriptor and whether the last line is incomplete:
//!
//! 1. Before each line, the file at the path is compared with the open one. If they differ, the path is
//!    opened again. The old descriptor is closed first, so that a process without free descriptors has one
//!    for the new file.
//! 2. If the line would exceed the size, the file is rotated. Nothing is renamed until the next file is open.
//!    If that fails, the file grows up to twice its size. Beyond that, lines are rejected.
//! 3. A partially written line is removed. If another process has appended to it, the line is terminated
//!    instead.
//!
//! A line is one batch, so the system calls for this cost little compared with encoding it.

mod open;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::config::FileConfig;
use crate::health::warn;

use super::lines::LineSink;

pub(super) use self::open::NotRegular;

/// The newest file has the path, the one before it the path with `.1`, and so on.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    max_files: u32,
    open: Mutex<OpenFile>,
}

#[derive(Debug, Default)]
struct OpenFile {
    /// `None` while the path cannot be opened.
    file: Option<File>,
    /// Whether the file ends with a partial line.
    is_torn: bool,
    /// Whether a failed rotation was reported.
    is_said: bool,
}

impl RotatingFile {
    /// Opens the file for appending, and creates its parent directories.
    ///
    /// # Errors
    /// Returns the system's error, or [`NotRegular`] if the path is not a regular file.
    pub(super) fn open(config: &FileConfig) -> io::Result<Self> {
        let path = PathBuf::from(config.resolved());
        let mut open = OpenFile::default();
        open.current(&path)?;
        Ok(Self {
            path,
            max_bytes: config.max_bytes,
            max_files: config.max_files,
            open: Mutex::new(open),
        })
    }

    /// Rotates the file if the line would exceed its size.
    fn make_room(&self, open: &mut OpenFile, bytes: u64) -> io::Result<()> {
        let length = open.current(&self.path)?.metadata()?.len();
        let longer = length.saturating_add(bytes);
        if length == 0 || longer <= self.max_bytes {
            return Ok(());
        }
        let error = match self.rotate(open) {
            Ok(()) => {
                open.is_said = false;
                return Ok(());
            }
            // Another process is rotating the file. This line may exceed the size.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => error,
        };
        if longer > self.max_bytes.saturating_mul(2) {
            let why = format!("it cannot be rotated: {error}");
            return Err(io::Error::new(error.kind(), why));
        }
        if !std::mem::replace(&mut open.is_said, true) {
            let path = self.path.display();
            warn(&format!(
                "the file {path} cannot be rotated and grows up to twice file.max_bytes: {error} (reported once)"
            ));
        }
        Ok(())
    }

    /// Renames the file to number 1, after shifting the previous ones, and starts a new one.
    ///
    /// The new file is opened under another name first: without a descriptor or space for it, nothing is
    /// renamed. A later failure leaves at worst no file at the path, which the next line repairs.
    ///
    /// # Errors
    /// Returns the system's error, or [`io::ErrorKind::WouldBlock`] while another process rotates the file.
    fn rotate(&self, open: &mut OpenFile) -> io::Result<()> {
        let _lock = lock(&self.path)?;
        let name = self.with_suffix(format_args!(".{}.new", std::process::id()));
        // A file may remain from a killed process with the same id.
        let _ = fs::remove_file(&name);
        let next = open::create(&name)?;
        let is_here = |file: &File| open::is_at(file, &self.path);
        let moved = if open.file.as_ref().is_some_and(is_here) {
            self.shift().and_then(|()| self.place(&name))
        } else {
            Err(io::ErrorKind::AlreadyExists.into())
        };
        if let Err(error) = moved {
            let _ = fs::remove_file(&name);
            return match error.kind() {
                // Another process moved the file or started the next one. Use that file.
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => open.current(&self.path).map(drop),
                _ => Err(error),
            };
        }
        let last = open.file.replace(next);
        open.is_torn = false;
        last.map_or(Ok(()), |last| last.sync_all())
    }

    /// Moves the files up to the first free number, so that failed attempts do not remove the oldest files.
    fn shift(&self) -> io::Result<()> {
        if self.max_files == 0 {
            return Ok(());
        }
        let is_free = |number: &u32| fs::symlink_metadata(self.numbered(*number)).is_err();
        let free = (1..=self.max_files).find(is_free).unwrap_or(self.max_files);
        for older in (1..free).rev() {
            fs::rename(self.numbered(older), self.numbered(older + 1))?;
        }
        fs::rename(&self.path, self.numbered(1))
    }

    /// Renames the new file to the path.
    fn place(&self, name: &Path) -> io::Result<()> {
        if self.max_files == 0 {
            return fs::rename(name, &self.path);
        }
        // A link fails if another process has created the file in the meantime. A rename would replace it.
        match fs::hard_link(name, &self.path) {
            Ok(()) => {
                let _ = fs::remove_file(name);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems do not support hard links.
            Err(_) => fs::rename(name, &self.path),
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.with_suffix(format_args!(".{number}"))
    }

    fn with_suffix(&self, suffix: std::fmt::Arguments<'_>) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix.to_string());
        path.into()
    }
}

impl OpenFile {
    /// Returns the file at the path. Opens it again if it is not the open one.
    fn current(&mut self, path: &Path) -> io::Result<&File> {
        if let Some(file) = self.file.take().filter(|file| open::is_at(file, path)) {
            return Ok(self.file.insert(file));
        }
        let file = open::append(path)?;
        self.is_torn = open::is_torn(&file)?;
        Ok(self.file.insert(file))
    }

    /// Appends a line, completely or not at all.
    fn append(&mut self, line: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let before = file.metadata()?.len();
        let (mut written, result) = if self.is_torn {
            // One write for both, because other processes may write between two writes.
            write(file, &[b"\n", line.as_bytes()].concat())
        } else {
            write(file, line.as_bytes())
        };
        if result.is_err() && written > 0 {
            // A partial line would corrupt the next one. Lines that other processes have written behind it
            // must remain.
            let is_last = file.metadata()?.len() == before + written;
            if is_last && file.set_len(before).is_ok() {
                written = 0;
            }
        }
        if result.is_ok() || written > 0 {
            self.is_torn = result.is_err();
        }
        result
    }
}

impl LineSink for RotatingFile {
    fn line(&self, line: &str) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.make_room(&mut open, line.len() as u64)?;
        open.append(line)
    }

    fn sync(&self) -> io::Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

/// Writes as many bytes as possible, and returns their number.
fn write(file: &mut File, bytes: &[u8]) -> (u64, io::Result<()>) {
    let mut rest = bytes;
    let result = loop {
        match file.write(rest) {
            Ok(0) if rest.is_empty() => break Ok(()),
            Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    ((bytes.len() - rest.len()) as u64, result)
}

/// Locks the directory of a file against rotation by other processes, until the lock is dropped. A lock on
/// the file itself is not sufficient: if another program renames the file, two processes may lock different
/// files.
#[cfg(unix)]
fn lock(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};

    let directory = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    let directory = match File::open(directory.unwrap_or_else(|| Path::new("."))) {
        // The directory may be writable but not readable.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        directory => directory?,
    };
    match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => Err(error.into()),
        // Some file systems do not support locks.
        _ => Ok(Some(directory)),
    }
}

/// Other systems do not allow renaming a file that another process has open.
#[cfg(not(unix))]
fn lock(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}
