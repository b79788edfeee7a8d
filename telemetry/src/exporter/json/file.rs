//! A file that begins anew when it is large enough, and holds whole lines only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::config::FileConfig;

use super::lines::Sink;

/// The newest file has the path, the one before it the path with `.1`, and so on.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    max_files: u32,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

impl RotatingFile {
    /// Opens the file to append, and makes the folders it lies in.
    pub(super) fn open(config: &FileConfig) -> io::Result<Self> {
        let path = PathBuf::from(config.resolved());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let open = Mutex::new(Open::at(&path)?);
        Ok(Self {
            path,
            max_bytes: config.max_bytes,
            max_files: config.max_files,
            open,
        })
    }

    fn rotate(&self, open: &mut Open) -> io::Result<()> {
        open.file.sync_all()?;
        for older in (1..self.max_files).rev() {
            rename_if_there(&self.numbered(older), &self.numbered(older + 1))?;
        }
        if self.max_files == 0 {
            fs::remove_file(&self.path)?;
        } else {
            fs::rename(&self.path, self.numbered(1))?;
        }
        *open = Open::at(&self.path)?;
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }
}

impl Sink for RotatingFile {
    fn line(&self, line: &str) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = line.len() as u64;
        if open.bytes > 0 && open.bytes.saturating_add(bytes) > self.max_bytes {
            self.rotate(&mut open)?;
        }
        if let Err(error) = open.file.write_all(line.as_bytes()) {
            // Half a line would spoil the next one, which may fit again.
            let _ = open.file.set_len(open.bytes);
            return Err(error);
        }
        open.bytes += bytes;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .file
            .sync_all()
    }
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of one test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn config(path: &Path) -> FileConfig {
        FileConfig::default().with_path(path.to_string_lossy())
    }

    #[test]
    fn a_full_file_makes_room_and_the_oldest_goes() {
        let folder = Folder::new("rotation");
        let path = folder.0.join("deep").join("spans.jsonl");
        let file = RotatingFile::open(&config(&path).with_max_bytes(8).with_max_files(2)).expect("opened");
        for line in ["one\n", "two\n", "three\n", "longer than the limit\n", "five\n"] {
            file.line(line).expect("written");
        }
        file.sync().expect("synced");
        let read = |path: PathBuf| fs::read_to_string(path).ok();
        assert_eq!(read(path.clone()).as_deref(), Some("five\n"), "the newest");
        assert_eq!(
            read(file.numbered(1)).as_deref(),
            Some("longer than the limit\n"),
            "a line is never cut"
        );
        assert_eq!(
            read(file.numbered(2)).as_deref(),
            Some("three\n"),
            "the oldest kept"
        );
        assert_eq!(read(file.numbered(3)), None, "gone");

        let again = RotatingFile::open(&config(&path)).expect("opened again");
        again.line("six\n").expect("written");
        assert_eq!(
            read(path).as_deref(),
            Some("five\nsix\n"),
            "a file that is there is continued"
        );
    }

    #[test]
    fn each_process_has_its_file() {
        let folder = Folder::new("pid");
        let file = RotatingFile::open(&config(&folder.0.join("spans{pid}.json"))).expect("opened");
        assert_eq!(
            file.path,
            folder.0.join(format!("spans{}.json", std::process::id())),
            "the path"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_that_passes() {
        let file = RotatingFile::open(&config(Path::new("/dev/full"))).expect("opened");
        for _ in 0..2 {
            let error = file.line("{}\n").expect_err("no room");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "told each time");
        }
    }
}
