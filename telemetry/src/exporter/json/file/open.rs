//! Opens the exporter's file, which must be a regular file and is readable by its owner only.
//!
//! The path may be in a directory that others can write to, such as `/tmp`, so its target is not trusted. A
//! symbolic link would let another user choose the file that grows; a FIFO would block `init` until a reader
//! opens it; a device cannot be rotated. The target is checked by name first, because opening a device can
//! have effects, and again on the open descriptor, because it may have been replaced in between.

use std::error::Error;
use std::fmt;
use std::fs::{self, DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The error of a path that is not a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct NotRegular {
    found: &'static str,
}

impl fmt::Display for NotRegular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it is {}: use the path of a regular or a new file; for standard output, use the exporter console-json",
            self.found
        )
    }
}

impl Error for NotRegular {}

/// Opens a regular file for appending, or creates it with its parent directories.
pub(super) fn append(path: &Path) -> io::Result<File> {
    match open(path, options().create(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_directories(path)?;
            open(path, options().create(true))
        }
        opened => opened,
    }
}

/// Creates a file at a path that does not exist.
pub(super) fn create(path: &Path) -> io::Result<File> {
    open(path, options().create_new(true))
}

/// Whether an open file is still the one at the path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(there) => file.metadata().is_ok_and(|open| is_same(&open, &there)),
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// Whether the last line of a file is incomplete, as after a crash during a write.
pub(super) fn is_torn(mut file: &File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(there) => check_is_regular(&there)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options.open(path)?;
    check_is_regular(&file.metadata()?)?;
    Ok(file)
}

fn check_is_regular(there: &Metadata) -> io::Result<()> {
    if there.is_file() {
        return Ok(());
    }
    let found = kind(there.file_type());
    Err(io::Error::new(io::ErrorKind::InvalidInput, NotRegular { found }))
}

/// Read access is for checking the last line. Append mode writes after the lines of other processes.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;

        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

fn create_directories(path: &Path) -> io::Result<()> {
    let Some(directory) = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Without device and inode numbers, files are distinguished by their length.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    other.is_file() && one.len() == other.len()
}

fn kind(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if found.is_fifo() {
            return "a FIFO";
        }
        if found.is_socket() {
            return "a socket";
        }
        if found.is_char_device() || found.is_block_device() {
            return "a device";
        }
    }
    if found.is_symlink() {
        "a symbolic link"
    } else if found.is_dir() {
        "a directory"
    } else {
        "not a regular file"
    }
}
