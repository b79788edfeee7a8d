//! Reads the versions of OpenTelemetry that a program contains from its executable.
//!
//! An executable contains the source paths of its crates, for panic messages and the call sites of logs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

use memchr::memmem;

/// The versions of OpenTelemetry's crates in the running program. Empty if they cannot be determined.
///
/// Two versions of a crate are independent of each other: telemetry that a library records through one of
/// them never reaches an exporter of the other. The versions are read from source paths in the executable.
/// They cannot be determined if paths were stripped or remapped, or if a crate comes from a path or a
/// repository. A version in the executable may be unused. Shared libraries are not examined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedVersions {
    /// The versions of `opentelemetry`.
    pub api: Vec<String>,
    /// The versions of `opentelemetry_sdk`.
    pub sdk: Vec<String>,
}

impl LinkedVersions {
    /// Returns the versions in the running program. The executable is read once, on the first call.
    pub(crate) fn current_program() -> &'static Self {
        static FOUND: OnceLock<LinkedVersions> = OnceLock::new();
        FOUND.get_or_init(|| {
            let found = std::env::current_exe().and_then(|path| Self::read_file(&path));
            found.unwrap_or_default()
        })
    }

    fn read_file(path: &Path) -> io::Result<Self> {
        Self::read(File::open(path)?.take(MAX_EXECUTABLE_BYTES), READ_BYTES)
    }

    /// Returns each crate with its versions.
    pub(crate) fn crates(&self) -> [(&'static str, &[String]); 2] {
        [("opentelemetry", &self.api), ("opentelemetry_sdk", &self.sdk)]
    }

    /// Reads `at_once` bytes at a time, and retains only these and the end of the previous chunk.
    fn read(mut source: impl Read, at_once: usize) -> io::Result<Self> {
        let (mut api, mut sdk) = (BTreeSet::new(), BTreeSet::new());
        let name = memmem::Finder::new(NAME);
        let mut part = vec![0; at_once];
        let mut held: Vec<u8> = Vec::with_capacity(at_once + MAX_NAME_BYTES);
        loop {
            let count = match source.read(&mut part) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            held.extend_from_slice(part.get(..count).unwrap_or_default());
            for at in name.find_iter(&held) {
                // The name of another crate, such as tracing-opentelemetry, may end in this one.
                if !matches!(
                    at.checked_sub(1).and_then(|before| held.get(before)),
                    Some(b'/' | b'\\')
                ) {
                    continue;
                }
                let after = held.get(at + NAME.len()..).unwrap_or_default();
                if let Some(version) = after.strip_prefix(b"-").and_then(version) {
                    api.insert(version);
                } else if let Some(version) = after.strip_prefix(b"_sdk-").and_then(version) {
                    sdk.insert(version);
                }
            }
            if count == 0 {
                let (api, sdk) = (api.into_iter().collect(), sdk.into_iter().collect());
                return Ok(Self { api, sdk });
            }
            // A path that is split between two chunks is complete with the next chunk.
            held.drain(..held.len().saturating_sub(MAX_NAME_BYTES));
        }
    }
}

/// Parses the version at the start of a path such as `0.33.1/src/…`.
fn version(text: &[u8]) -> Option<String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    let end = text.iter().position(|byte| !is_part(byte))?;
    let (version, path) = text.split_at_checked(end)?;
    let is_source = path.starts_with(b"/src/") || path.starts_with(b"\\src\\");
    let is_version = version.first()?.is_ascii_digit() && version.contains(&b'.');
    (is_source && is_version && end < MAX_NAME_BYTES / 2)
        .then(|| String::from_utf8(version.to_vec()).ok())
        .flatten()
}

const NAME: &[u8] = b"opentelemetry";
/// The bytes of a name and a version that are retained between two reads.
const MAX_NAME_BYTES: usize = 128;
const READ_BYTES: usize = 256 << 10;
/// The maximum bytes of an executable that are read.
const MAX_EXECUTABLE_BYTES: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds paths as in an executable. They are assembled at run time, so that this executable does not
    /// contain them.
    fn executable(crates: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\0".repeat(100);
        for (name, version) in crates {
            bytes.extend(
                format!("\0/registry/{name}-{version}/src/trace/span.rs:1 is not\u{1F980}\0").as_bytes(),
            );
        }
        bytes
    }

    fn found(bytes: &[u8], at_once: usize) -> LinkedVersions {
        LinkedVersions::read(bytes, at_once).expect("read")
    }

    #[test]
    fn two_versions_are_found_wherever_the_parts_are_cut() {
        let bytes = executable(&[
            ("opentelemetry", "0.33.1"),
            ("opentelemetry_sdk", "0.33.1"),
            ("opentelemetry", "0.31.0-rc.1"),
            ("opentelemetry", "0.33.1"),
            ("opentelemetry-otlp", "0.31.0"),
            ("opentelemetry_sdk-extra", "1.0.0"),
            ("tracing-opentelemetry", "0.34.0"),
        ]);
        let expected = LinkedVersions {
            api: vec!["0.31.0-rc.1".into(), "0.33.1".into()],
            sdk: vec!["0.33.1".into()],
        };
        for at_once in [1, 7, 64, 100, 1 << 20] {
            assert_eq!(found(&bytes, at_once), expected, "{at_once} bytes at once");
        }
        let windows = format!("C:\\registry\\{}-0.33.1\\src\\lib.rs", "opentelemetry");
        assert_eq!(
            found(windows.as_bytes(), 64).api,
            ["0.33.1"],
            "the separators of Windows"
        );
    }

    #[test]
    fn other_paths_are_ignored() {
        for text in [
            "-0.33.1",
            "-0.33.1/",
            "-0.33.1/tests/",
            "-x.y/src/",
            "/src/",
            "-7/src/",
            "",
        ] {
            let text = format!("/{}{text}", "opentelemetry");
            assert_eq!(
                found(text.as_bytes(), 64),
                LinkedVersions::default(),
                "{text:?} says nothing"
            );
        }
    }

    #[test]
    fn this_program_has_one_version_of_each() {
        let found = LinkedVersions::current_program();
        for (name, versions) in found.crates() {
            assert!(
                versions.len() == 1 && versions[0].starts_with("0."),
                "{name}: {versions:?}"
            );
        }
    }
}
