//! The directory of published keys: `DIR/a/b` is the public key of kid `a/b`.
//!
//! A file is served only if it is a regular file inside the directory, whatever links lead to it, and holds one public
//! key that the engine accepts and nothing else. A private key that lies there is never served. What is not served
//! is said once on standard error, with the name of the file and nothing of what it holds.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{KeyId, VerifyingKey};
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::key_file::{self, KeyFile};
use crate::outcome::Fault;

/// The most files that are warned about: beyond it nobody reads on.
const MAX_WARNINGS: usize = 1000;
/// The most files and directories that are looked at when the server starts, so that a wrong directory (/) is no trap.
const MAX_SURVEYED: usize = 100_000;

/// A key to be served.
#[derive(Debug)]
pub(super) struct PublishedKey {
    /// The file as it is.
    pub(super) pem: Bytes,
    /// A strong entity tag, with its quotes: half of the SHA-256 of the file.
    pub(super) etag: String,
}

/// What there is under a `kid`.
#[derive(Debug)]
pub(super) enum Lookup {
    /// A public key.
    Found(PublishedKey),
    /// No file, or one that is not served.
    NotFound,
    /// There may be a key, and it cannot be read: this says nothing about the key.
    Unreadable,
}

/// Why a file is not served.
enum Unserved {
    /// Nothing is there, which is nothing to warn about.
    Absent,
    /// It could not be read.
    Unreadable(io::Error),
    /// It is not to be served.
    Refused(String),
}

/// The directory.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    warned: Mutex<HashSet<PathBuf>>,
}

impl Directory {
    /// A directory that can be read.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        fs::read_dir(path)
            .map_err(|error| Fault::new(format!("--dir: {}: {error}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
            warned: Mutex::default(),
        })
    }

    /// Reads the key of `key_id`.
    pub(super) fn find(&self, key_id: KeyId<'_>) -> Lookup {
        let path = self.path.join(key_id.as_str());
        match self.read(&path) {
            Ok(key) => Lookup::Found(key),
            Err(Unserved::Absent) => Lookup::NotFound,
            Err(Unserved::Refused(why)) => {
                self.warn(&path, &why);
                Lookup::NotFound
            }
            Err(Unserved::Unreadable(error)) => {
                self.warn(&path, &format!("cannot be read: {error}"));
                Lookup::Unreadable
            }
        }
    }

    /// Warns about each file that would not be served.
    pub(super) fn survey(&self) {
        let mut directories = vec![self.path.clone()];
        let mut looked_at = 0_usize;
        while let Some(directory) = directories.pop() {
            let Ok(entries) = fs::read_dir(&directory) else {
                self.warn(&directory, "cannot be read");
                continue;
            };
            for entry in entries.flatten() {
                looked_at = looked_at.saturating_add(1);
                if looked_at > MAX_SURVEYED {
                    eprintln!("asap: warning: --dir has more files than are looked at now");
                    return;
                }
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => directories.push(path),
                    _ => self.survey_file(&path),
                }
            }
        }
    }

    fn survey_file(&self, path: &Path) {
        let name = path.strip_prefix(&self.path).ok().and_then(Path::to_str);
        match name.and_then(KeyId::parse) {
            Some(key_id) => {
                self.find(key_id);
            }
            None => self.warn(path, "is not served: its name is not a kid"),
        }
    }

    /// Links are followed, and may lead anywhere inside of the directory. What the directory itself is, is asked
    /// each time: it may be a link that is set to the next version of all keys.
    fn read(&self, path: &Path) -> Result<PublishedKey, Unserved> {
        let root = self.path.canonicalize().map_err(Unserved::Unreadable)?;
        let file = match key_file::open(&root, path).map_err(absent_or_unreadable)? {
            KeyFile::Inside(file) => file,
            KeyFile::Directory => return Err(Unserved::Absent),
            KeyFile::Outside => {
                return Err(refused("is not served: it leads out of the directory"));
            }
            KeyFile::Special => return Err(refused("is not served: it is not a regular file")),
        };
        // Whatever it holds is wiped, for it may be a private key. One byte more than any key shows what is too long.
        let limit = MAX_PEM_LENGTH.saturating_add(1);
        // Room for all of it, so that nothing is left behind by a reallocation.
        let mut bytes = Zeroizing::new(Vec::with_capacity(limit.saturating_mul(2)));
        file.take(u64::try_from(limit).unwrap_or(u64::MAX))
            .read_to_end(&mut bytes)
            .map_err(Unserved::Unreadable)?;
        published(&bytes)
    }

    /// Says it once for each file.
    fn warn(&self, path: &Path, what: &str) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.len() < MAX_WARNINGS && warned.insert(path.to_owned()) {
            // Names are quoted and escaped: whoever made one could have put a line end into it.
            eprintln!("asap: warning: {path:?} {what}");
        }
    }
}

fn published(bytes: &[u8]) -> Result<PublishedKey, Unserved> {
    const PRIVATE: &[u8] = b"PRIVATE KEY";
    if let Err(reason) = VerifyingKey::from_pem(bytes) {
        let is_private = bytes.windows(PRIVATE.len()).any(|window| window == PRIVATE);
        return Err(if is_private {
            refused(
                "holds a private key: it is not served, and must not lie in a directory of public keys",
            )
        } else {
            refused(&format!(
                "is not served: it is not one public key: {reason}"
            ))
        });
    }
    let hash = digest(&SHA256, bytes);
    let hexadecimal: String = hash
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(PublishedKey {
        pem: Bytes::copy_from_slice(bytes),
        etag: format!("\"{hexadecimal}\""),
    })
}

fn refused(why: &str) -> Unserved {
    Unserved::Refused(why.to_owned())
}

fn absent_or_unreadable(error: io::Error) -> Unserved {
    if key_file::is_absence(&error) {
        Unserved::Absent
    } else {
        Unserved::Unreadable(error)
    }
}
