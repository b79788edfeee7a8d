use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

/// The directory of a test, which is removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("throughline-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a directory");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Returns the files and their contents.
    fn files(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(&self.0).expect("a directory");
        entries
            .filter_map(|entry| {
                let path = entry.expect("an entry").path();
                let name = path.file_name()?.to_string_lossy().into_owned();
                Some((name, fs::read_to_string(path).ok()?))
            })
            .collect()
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

fn opened(path: &Path) -> RotatingFile {
    RotatingFile::open(&config(path)).expect("opened")
}

fn files<const N: usize>(expected: [(&str, &str); N]) -> BTreeMap<String, String> {
    expected
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
}

#[test]
fn full_file_is_rotated_and_the_oldest_is_removed() {
    let folder = Folder::new("rotation");
    let path = folder.path("spans.jsonl");
    let file = RotatingFile::open(&config(&path).with_max_bytes(8).with_max_files(2)).expect("opened");
    for line in ["one\n", "two\n", "three\n", "longer than the limit\n", "five\n"] {
        file.line(line).expect("written");
    }
    file.sync().expect("synced");
    let expected = files([
        ("spans.jsonl", "five\n"),
        ("spans.jsonl.1", "longer than the limit\n"),
        ("spans.jsonl.2", "three\n"),
    ]);
    assert_eq!(folder.files(), expected, "the newest, and the two before it");

    opened(&path).line("six\n").expect("written");
    assert_eq!(
        folder.files()["spans.jsonl"],
        "five\nsix\n",
        "a file that is there is continued"
    );

    let file = RotatingFile::open(&config(&path).with_max_bytes(1).with_max_files(0)).expect("opened");
    file.line("seven\n").expect("written");
    assert_eq!(folder.files()["spans.jsonl"], "seven\n", "no old file is wanted");
    assert_eq!(
        folder.files()["spans.jsonl.1"],
        "longer than the limit\n",
        "nothing moved"
    );
}

#[test]
fn each_process_has_its_file() {
    let folder = Folder::new("pid");
    let file = opened(&folder.path("spans{pid}.json"));
    let expected = folder.path(&format!("spans{}.json", std::process::id()));
    assert_eq!(file.path, expected, "the path");
}

#[test]
fn other_users_cannot_read_the_file() {
    let folder = Folder::new("mode");
    let path = folder.path("a/b/spans.jsonl");
    let file = RotatingFile::open(&config(&path).with_max_bytes(1)).expect("opened");
    file.line("one\n").expect("written");
    file.line("two\n").expect("written");
    for (name, expected) in [
        ("a", 0o700),
        ("a/b", 0o700),
        ("a/b/spans.jsonl", 0o600),
        ("a/b/spans.jsonl.1", 0o600),
    ] {
        let mode = fs::metadata(folder.path(name)).expect(name).permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{name}: {mode:o}");
    }
}

#[test]
fn only_a_regular_file_is_opened_and_nothing_blocks() {
    let folder = Folder::new("kinds");
    let target = folder.path("target");
    fs::write(&target, "untouched\n").expect("written");
    let link = |name: &str, to: &Path| {
        std::os::unix::fs::symlink(to, folder.path(name)).expect("a link");
    };
    link("link", &target);
    link("dangling", &folder.path("nothing"));
    link("link to a FIFO", &folder.path("fifo"));
    let made = Command::new("mkfifo").arg(folder.path("fifo")).status();
    assert!(made.expect("mkfifo").success(), "a FIFO");
    let _socket = UnixListener::bind(folder.path("socket")).expect("a socket");
    for (path, found) in [
        (folder.path("link"), "a symbolic link"),
        (folder.path("dangling"), "a symbolic link"),
        (folder.path("link to a FIFO"), "a symbolic link"),
        (folder.path("fifo"), "a FIFO"),
        (folder.path("socket"), "a socket"),
        (folder.0.clone(), "a directory"),
        (PathBuf::from("/dev/null"), "a device"),
        (PathBuf::from("/dev/stdout"), "a symbolic link"),
        (PathBuf::from("/dev/tty"), "a device"),
        (PathBuf::from("/proc/self/fd/1"), "a symbolic link"),
    ] {
        let (sender, receiver) = mpsc::channel();
        let config = config(&path);
        thread::spawn(move || sender.send(super::super::JsonExporter::to_file(&config).map(drop)));
        let opened = receiver.recv_timeout(Duration::from_secs(60));
        let error = opened.expect("it does not block").expect_err("refused");
        let expected = format!(
            "the file {:?} (file.path, THROUGHLINE_FILE_PATH) cannot be opened: it is {found}: use the path of a regular \
             or a new file; for standard output, use the exporter console-json",
            path.to_string_lossy()
        );
        assert_eq!(error.to_string(), expected, "{}", path.display());
    }
    assert_eq!(
        fs::read_to_string(target).expect("a file"),
        "untouched\n",
        "no link is followed"
    );
    assert!(
        !folder.path("nothing").exists(),
        "no link is followed to create a file"
    );
}

type Disturb<'a> = &'a dyn Fn(&Path);

#[test]
fn file_is_reopened_after_changes_by_other_programs() {
    let truncate = |path: &Path| fs::write(path, "").expect("truncated");
    let disturbances: [(&str, Disturb<'_>, &str); 8] = [
        (
            "renamed",
            &|path| fs::rename(path, path.with_extension("1")).expect("renamed"),
            "after\n",
        ),
        (
            "unlinked",
            &|path| fs::remove_file(path).expect("removed"),
            "after\n",
        ),
        ("copied and truncated", &truncate, "after\n"),
        (
            "replaced by another",
            &|path| {
                fs::write(path.with_extension("other"), "other\n").expect("written");
                fs::rename(path.with_extension("other"), path).expect("renamed");
            },
            "other\nafter\n",
        ),
        (
            "replaced by a part of a line",
            &|path| {
                fs::remove_file(path).expect("removed");
                fs::write(path, "{\"half\":").expect("written");
            },
            "{\"half\":\nafter\n",
        ),
        (
            "removed with its directory",
            &|path| fs::remove_dir_all(path.parent().expect("a directory")).expect("removed"),
            "after\n",
        ),
        (
            "renamed with its directory",
            &|path| {
                let directory = path.parent().expect("a directory");
                fs::rename(directory, directory.with_extension("old")).expect("renamed");
            },
            "after\n",
        ),
        (
            "written to by others",
            &|path| {
                let mut file = fs::OpenOptions::new().append(true).open(path).expect("opened");
                file.write_all(b"other\n").expect("written");
            },
            "before\nother\nafter\n",
        ),
    ];
    for (what, disturb, expected) in disturbances {
        let folder = Folder::new("disturbed");
        let path = folder.path("logs").join("spans.jsonl");
        let file = opened(&path);
        file.line("before\n").expect("written");
        disturb(&path);
        file.line("after\n").expect(what);
        assert_eq!(fs::read_to_string(&path).expect(what), expected, "{what}");
    }
}

#[test]
fn other_file_types_at_the_path_are_rejected_until_they_are_removed() {
    let folder = Folder::new("replaced");
    let (path, target) = (folder.path("spans.jsonl"), folder.path("target"));
    let file = opened(&path);
    file.line("before\n").expect("written");
    fs::rename(&path, &target).expect("renamed");
    std::os::unix::fs::symlink(&target, &path).expect("a link");
    let error = file.line("lost\n").expect_err("a link");
    assert!(
        error.to_string().starts_with("it is a symbolic link: "),
        "{error}"
    );
    file.sync().expect("nothing is open");
    fs::remove_file(&path).expect("removed");
    file.line("after\n").expect("written");
    let expected = files([("spans.jsonl", "after\n"), ("target", "before\n")]);
    assert_eq!(folder.files(), expected, "the link was not followed");
}

/// Each failed rotation used to move the old files by one, until all were removed.
#[test]
fn failed_rotation_loses_no_files() {
    let folder = Folder::new("failing");
    let path = folder.path("s");
    let blocked = folder.path(&format!("s.{}.new", std::process::id()));
    for (why, block, unblock) in [
        ("the new file cannot be created", blocked.as_path(), None),
        ("an old file cannot be moved", &folder.path("s.3"), Some("s.3")),
    ] {
        for (name, text) in [("s", "a\n"), ("s.1", "1\n"), ("s.2", "2\n"), ("s.3", "3\n")] {
            fs::write(folder.path(name), text).expect("written");
        }
        let _ = fs::remove_file(block);
        // A rename cannot replace a directory that is not empty.
        fs::create_dir_all(block.join("x")).expect("a directory");
        let file = RotatingFile::open(&config(&path).with_max_bytes(4).with_max_files(3)).expect("opened");
        file.line("b\n").expect("there is room");
        for line in ["c\n", "d\n"] {
            file.line(line).expect(why);
        }
        for _ in 0..5 {
            let error = file.line("lost\n").expect_err("twice the size");
            assert!(
                error.to_string().starts_with("it cannot be rotated: "),
                "{why}: {error}"
            );
        }
        let held = folder.files();
        for (name, text) in [("s", "a\nb\nc\nd\n"), ("s.1", "1\n"), ("s.2", "2\n")] {
            assert_eq!(held.get(name).map(String::as_str), Some(text), "{why}: {name}");
        }
        fs::remove_dir_all(block).expect("removed");
        if let Some(name) = unblock {
            fs::write(folder.path(name), "3\n").expect("written");
        }
        file.line("e\n").expect("rotated");
        let expected = files([
            ("s", "e\n"),
            ("s.1", "a\nb\nc\nd\n"),
            ("s.2", "1\n"),
            ("s.3", "2\n"),
        ]);
        assert_eq!(folder.files(), expected, "{why}: it goes on");
    }
}

/// Two exporters stand for two processes: each has its own descriptor and lock.
#[test]
fn every_line_is_written_once_during_concurrent_rotation() {
    const LINES: usize = 2_000;
    let folder = Folder::new("concurrent");
    let path = folder.path("s");
    let config = config(&path).with_max_bytes(2_000).with_max_files(10_000);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .flat_map(|process| {
                let file = std::sync::Arc::new(RotatingFile::open(&config).expect("opened"));
                (0..2).map(move |thread| (process, thread, std::sync::Arc::clone(&file)))
            })
            .map(|(process, thread, file)| {
                scope.spawn(move || {
                    for line in 0..LINES {
                        file.line(&format!("{process} {thread} {line}\n"))
                            .expect("written");
                    }
                })
            })
            .collect();
        // Another program renames the file from time to time.
        let is_half_full = || fs::metadata(&path).is_ok_and(|file| file.len() > 1_000);
        for number in 0..20 {
            while !is_half_full() && !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::yield_now();
            }
            let _ = fs::rename(&path, folder.path(&format!("renamed.{number}")));
        }
    });
    let held = folder.files();
    let mut lines: Vec<&str> = held.values().flat_map(|text| text.lines()).collect();
    lines.sort_unstable();
    let mut expected: Vec<String> = Vec::new();
    for process in 0..2 {
        for thread in 0..2 {
            expected.extend((0..LINES).map(|line| format!("{process} {thread} {line}")));
        }
    }
    expected.sort_unstable();
    assert_eq!(lines.len(), expected.len(), "no line is lost or written twice");
    assert!(lines.iter().eq(expected.iter()), "each is whole");
    let names: Vec<&String> = held.keys().filter(|name| name.starts_with("s.")).collect();
    assert!(names.len() > 2, "it was rotated: {names:?}");
    assert!(
        !names.iter().any(|name| name.ends_with(".new")),
        "no files remain: {names:?}"
    );
}
