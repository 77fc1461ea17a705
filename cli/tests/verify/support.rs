//! Runs the tool, and makes directories of keys for it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use asap_engine::Algorithm;
use asap_tests::keys::{key, other_key};
use serde_json::Value;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The output, line by line, as JSON.
    pub(crate) fn verdicts(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }

    /// The code of each token, `accepted` for those that were.
    pub(crate) fn codes(&self) -> Vec<String> {
        let code = |verdict: &Value| {
            let code = verdict.get("code").unwrap_or(&verdict["verdict"]);
            code.as_str().unwrap().to_owned()
        };
        self.verdicts().iter().map(code).collect()
    }

    /// What `--stats` printed.
    pub(crate) fn stat(&self, name: &str) -> u64 {
        let stats: Value = serde_json::from_str(&self.stderr).unwrap();
        stats[name].as_u64().unwrap()
    }
}

/// The tool, about to be run.
pub(crate) fn asap(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_asap"));
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `asap verify` on an input.
pub(crate) fn verify(arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
    let arguments: Vec<_> = std::iter::once("verify")
        .chain(arguments.iter().copied())
        .collect();
    run(&mut asap(&arguments), input)
}

/// Runs the tool on an input.
pub(crate) fn run(tool: &mut Command, input: impl AsRef<[u8]>) -> Run {
    finish(tool.spawn().unwrap(), input.as_ref())
}

/// Runs `asap verify` with the fixture's audience, keys and instant, and `--json`.
pub(crate) fn judge(further: &[&str], input: impl AsRef<[u8]>) -> Run {
    let fixed = ["--audience", "server", "--keys", KEYS.as_str(), "--json"];
    let arguments: Vec<_> = fixed.iter().chain(AT_NOW).chain(further).copied().collect();
    verify(&arguments, input)
}

/// The instant of the fixture, and no leeway.
pub(crate) const AT_NOW: &[&str] = &["--at", "1700000000", "--leeway", "0"];

fn finish(mut child: Child, input: &[u8]) -> Run {
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // Whoever ends early does not read all of it.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A directory that no other test uses.
pub(crate) fn directory() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("verify-{number}"));
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// Writes a key's file.
pub(crate) fn write_key(directory: &Path, key_id: &str, text: &str) {
    let path = directory.join(key_id);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A directory of keys of the fixture: `client/<alg>` and `neighbour/<alg>`.
pub(crate) static KEYS: LazyLock<String> = LazyLock::new(|| {
    let directory = directory();
    for algorithm in Algorithm::ALL {
        let (one, other) = (key(*algorithm), other_key(*algorithm));
        write_key(
            &directory,
            &format!("client/{algorithm}"),
            one.public_key_pem(),
        );
        write_key(
            &directory,
            &format!("neighbour/{algorithm}"),
            other.public_key_pem(),
        );
    }
    directory.to_str().unwrap().to_owned()
});
