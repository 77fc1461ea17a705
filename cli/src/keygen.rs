//! `asap keygen`: a new key pair, as two files.
//!
//! The private key is `DIR/private/<kid>.pem`, readable by its owner alone from the moment that it exists; the public
//! key is `DIR/public/<kid>`, where a key repository or `asap verify --keys` finds it. A file that is there is never
//! overwritten: "Public keys published in the key repository NEVER change". If one of the two cannot be written,
//! neither stays.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use asap_engine::{Algorithm, KeyRejected, PrivateKeyPem, RsaKeySize, SigningKey};
use clap::{Args, ValueEnum};

use crate::outcome::{Fault, Outcome};
use crate::{algorithm, names, output};

const EXAMPLES: &str = "\
Examples:
  asap keygen --issuer my-service --key-name 2026-11 --out keys
  asap keygen --issuer my-service --key-name 2026-11 --algorithm ES256 --out keys
  kid=$(asap keygen --issuer my-service --key-name 2026-12 --out keys 2>/dev/null)

Standard output has the kid and nothing else.

Exit codes: 0 done; 2 nothing was written.";

/// Options of `asap keygen`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The service whose key it is, as the iss of its tokens says it
    #[arg(long, value_name = "NAME")]
    issuer: String,

    /// The key's own name: its kid is the issuer, a slash and this
    #[arg(long, value_name = "NAME")]
    key_name: String,

    /// What the key is to sign with: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA
    #[arg(long, value_name = "NAME", default_value = "RS256", hide_possible_values = true, value_parser = algorithm::parser())]
    algorithm: Algorithm,

    /// The length of an RSA key: 2048, 3072 or 4096 [default: 2048]
    #[arg(long, value_name = "BITS", hide_possible_values = true)]
    rsa_bits: Option<RsaBits>,

    /// Write private/KID.pem and public/KID into this directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// The lengths of RSA keys that can be asked for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RsaBits {
    #[value(name = "2048")]
    Bits2048,
    #[value(name = "3072")]
    Bits3072,
    #[value(name = "4096")]
    Bits4096,
}

impl From<RsaBits> for RsaKeySize {
    fn from(bits: RsaBits) -> Self {
        match bits {
            RsaBits::Bits2048 => Self::Bits2048,
            RsaBits::Bits3072 => Self::Bits3072,
            RsaBits::Bits4096 => Self::Bits4096,
        }
    }
}

/// Makes a key and writes both halves.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    let key_id = key_id(options)?;
    let (private_root, public_root) = (options.out.join("private"), options.out.join("public"));
    let private = private_root.join(format!("{key_id}.pem"));
    let public = public_root.join(&key_id);
    for path in [&private, &public] {
        // Before the key is made, which may take seconds; what counts is that the files are opened as new ones.
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
    }
    let (key, pem) = generate(options)?;
    create_directories(&options.out, 0o777)?;
    create_parents(&private_root, &private, 0o700)?;
    create_parents(&public_root, &public, 0o777)?;
    write_pair(&private, &pem, &public, key.public_key_pem())?;
    eprintln!(
        "wrote {} (keep it secret: asap sign --private-key)",
        private.display()
    );
    eprintln!(
        "wrote {} (publish it: asap keys serve --dir {})",
        public.display(),
        public_root.display()
    );
    output::line(&key_id)
}

/// The issuer, a slash and the name of the key, each in the grammar of the specification.
fn key_id(options: &Options) -> Result<String, Fault> {
    names::check("--issuer", &options.issuer)?;
    names::check("--key-name", &options.key_name)?;
    let key_id = format!("{}/{}", options.issuer, options.key_name);
    names::check(
        "the kid, which is --issuer, a slash and --key-name,",
        &key_id,
    )?;
    Ok(key_id)
}

fn generate(options: &Options) -> Result<(SigningKey, PrivateKeyPem), Fault> {
    let made = match options.rsa_bits {
        Some(bits) => SigningKey::generate_rsa(options.algorithm, bits.into()),
        None => SigningKey::generate(options.algorithm),
    };
    made.map_err(|reason| match reason {
        KeyRejected::UnsupportedAlgorithm => {
            Fault::new("--rsa-bits goes with RS256, RS384, RS512, PS256, PS384 and PS512 only")
        }
        reason => Fault::new(format!("no key could be made: {reason}")),
    })
}

/// Both files or none.
fn write_pair(
    private: &Path,
    private_pem: &PrivateKeyPem,
    public: &Path,
    public_pem: &str,
) -> Result<(), Fault> {
    write_new(private, private_pem.as_str(), 0o600)?;
    write_new(public, public_pem, 0o666).inspect_err(|_| remove(private))
}

/// Writes a file that is not there yet, or leaves none. The umask may take from `mode`.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Fault> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => cannot_write(path, &error),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            remove(path);
            cannot_write(path, &error)
        })
}

/// Makes what is missing of the directories from `root` to the file at `path`.
fn create_parents(root: &Path, path: &Path, mode: u32) -> Result<(), Fault> {
    create_directories(path.parent().unwrap_or(root), mode)
}

fn create_directories(path: &Path, mode: u32) -> Result<(), Fault> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|error| {
            Fault::new(format!(
                "--out: cannot make the directory {}: {error}",
                path.display()
            ))
        })
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        eprintln!("asap: cannot remove {}: {error}", path.display());
    }
}

fn exists(path: &Path) -> Fault {
    Fault::new(format!(
        "--key-name: {} exists, and a key never changes: choose another name",
        path.display()
    ))
}

fn cannot_write(path: &Path, error: &io::Error) -> Fault {
    Fault::new(format!("--out: cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_whose_public_key_cannot_be_written_does_not_stay() {
        let (key, pem) = SigningKey::generate(Algorithm::Es256).unwrap();
        let name = format!("asap-keygen-{}.pem", std::process::id());
        let private = std::env::temp_dir().join(name);
        let public = private.join("below-a-file");
        let fault = write_pair(&private, &pem, &public, key.public_key_pem()).unwrap_err();
        assert!(fault.to_string().starts_with("--out: cannot write"));
        assert!(!private.exists());
    }

    #[test]
    fn a_file_that_came_into_being_in_between_is_not_overwritten() {
        let name = format!("asap-keygen-{}-there", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "theirs").unwrap();
        let fault = write_new(&path, "ours", 0o600).unwrap_err();
        assert!(fault.to_string().contains("exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_file(&path).unwrap();
    }
}
