//! The file of a key: `DIR/a/b` for kid `a/b`, for whoever verifies with it and for whoever serves it.
//!
//! Links are followed, as far as the directory goes; nothing but a regular file is opened, since opening a pipe waits and
//! opening a device acts. The grammar of `kid` leaves nothing that leads upwards.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What there is under a path.
#[derive(Debug)]
pub(crate) enum KeyFile {
    /// A regular file inside of the directory.
    Inside(File),
    /// A directory.
    Directory,
    /// Something that a link outside of the directory leads to.
    Outside,
    /// A pipe, a socket, a device.
    Special,
}

/// Opens what there is under `path`, if it is a regular file below `root`, which has no links in it.
pub(crate) fn open(root: &Path, path: &Path) -> io::Result<KeyFile> {
    let real = path.canonicalize()?;
    if !real.starts_with(root) {
        return Ok(KeyFile::Outside);
    }
    let metadata = real.metadata()?;
    if metadata.is_dir() {
        return Ok(KeyFile::Directory);
    }
    if !metadata.is_file() {
        return Ok(KeyFile::Special);
    }
    File::open(&real).map(KeyFile::Inside)
}

/// Whether the error says that there is no such file. A name that cannot be that of a file is that of no file.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
    )
}
