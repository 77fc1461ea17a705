//! The tool as its users have it: a process with arguments, an environment, three streams and an exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The tool, without variables of the environment that it would read.
pub(crate) fn asap() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_asap"));
    for variable in ["ASAP_PRIVATE_KEY", "ASAP_ISSUER", "ASAP_KEY_ID"] {
        command.env_remove(variable);
    }
    command
}

/// A directory of one test, removed with all in it.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The text of a path in it.
    pub(crate) fn at(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Standard output of a run that has to end with 0.
pub(crate) fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The one line of a run that has to end with 2, and that has to name `word`.
pub(crate) fn refused(command: &mut Command, word: &str) -> String {
    let output = command.output().unwrap();
    let line = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{command:?}: {line}");
    assert_eq!(output.stdout, b"", "{command:?}");
    assert_eq!(line.lines().count(), 1, "{command:?}: {line}");
    assert!(line.starts_with("asap: "), "{command:?}: {line}");
    assert!(line.contains(word), "{command:?}: {word}: {line}");
    line
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Makes a key pair in `directory`, and returns the name of the file with the private key.
pub(crate) fn keygen(directory: &Directory, key_id: &str, algorithm: &str) -> String {
    let (issuer, name) = key_id.split_once('/').unwrap();
    let printed = done(
        asap()
            .args(["keygen", "--issuer", issuer, "--key-name", name])
            .args(["--algorithm", algorithm, "--out"])
            .arg(directory.path()),
    );
    assert_eq!(printed, format!("{key_id}\n"));
    directory.at(&format!("private/{key_id}.pem"))
}
