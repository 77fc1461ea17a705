//! A Connect request, the slow way: texts are decoded and kept, maps sort them, and each rule is a sentence of the
//! documentation or a line of the libraries that it describes.

use std::collections::BTreeMap;

use asap_engine::VerifyError;
use asap_engine::limits::{
    MAX_CONNECT_BODY_LENGTH, MAX_CONNECT_PARAMETERS, MAX_CONNECT_TARGET_LENGTH,
};

use super::Codes;

/// A request as it is on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) form: Option<&'a [u8]>,
}

/// The canonical requests with names in the order of the Java library, and in that of the JavaScript one.
pub(crate) fn canonical(wire: Wire<'_>, base_path: &str) -> Result<[String; 2], Codes> {
    let (path, query) = wire.target.split_once('?').unwrap_or((wire.target, ""));
    let form = wire.form.unwrap_or_default();
    let mut codes = Codes::new();
    if path.len() + query.len() > MAX_CONNECT_TARGET_LENGTH || form.len() > MAX_CONNECT_BODY_LENGTH
    {
        codes.push(VerifyError::RequestTooLarge);
    }
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for (name, value) in fields(query.as_bytes()).into_iter().chain(fields(form)) {
        match (decode(&name), decode(&value)) {
            (Some(name), Some(_)) if name == "jwt" => {}
            (Some(name), Some(value)) => {
                parameters.entry(name).or_default().push(value);
                count += 1;
            }
            _ => codes.push(VerifyError::RequestMalformed),
        }
    }
    if count > MAX_CONNECT_PARAMETERS {
        codes.push(VerifyError::RequestTooLarge);
    }
    if !codes.is_empty() {
        return Err(codes);
    }
    let mut parameters: Vec<(String, Vec<String>)> = parameters.into_iter().collect();
    for (_, values) in &mut parameters {
        values.sort_by_key(|value| units(value));
    }
    let start = format!(
        "{}&{}&",
        wire.method.to_ascii_uppercase(),
        canonical_path(path, base_path)
    );
    // "Collections.sort": of "key + ' ' + value", both percent-encoded, the values joined.
    parameters
        .sort_by_key(|(name, values)| format!("{} {}", encode(name), encode(&values.join(","))));
    let java = format!("{start}{}", joined(&parameters));
    // "Object.keys(query).sort()".
    parameters.sort_by_key(|(name, _)| units(name));
    let javascript = format!("{start}{}", joined(&parameters));
    Ok([java, javascript])
}

/// The token of a request, of which `authorization` are the values of such headers.
pub(crate) fn token(query: &[u8], form: &[u8], authorization: &[&[u8]]) -> Result<Vec<u8>, Codes> {
    let (mut tokens, mut codes) = (Vec::new(), Codes::new());
    let mut found = Vec::new();
    for value in authorization {
        let is_token =
            value.len() >= 4 && value[..3].eq_ignore_ascii_case(b"jwt") && value[3] == b' ';
        if is_token {
            found.push(value[4..].trim_ascii().to_vec());
        }
    }
    for place in [Some(query), Some(form), None] {
        if found.len() > 1 {
            codes.push(VerifyError::SeveralTokens);
        }
        tokens.append(&mut found);
        for (name, value) in fields(place.unwrap_or_default()) {
            match decode(&name) {
                Some(name) if name == "jwt" => found.push(value),
                Some(_) => {}
                // It may be `jwt` for somebody.
                None if (3..=9).contains(&name.len()) => codes.push(VerifyError::RequestMalformed),
                None => {}
            }
        }
    }
    if !codes.is_empty() {
        return Err(codes);
    }
    tokens.dedup();
    match tokens.len() {
        0 => Err(vec![VerifyError::TokenMissing]),
        1 => Ok(tokens.remove(0)),
        _ => Err(vec![VerifyError::SeveralTokens]),
    }
}

/// Names and values as they are spelled.
fn fields(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for field in text.split(|byte| *byte == b'&') {
        let mut halves = field.splitn(2, |byte| *byte == b'=');
        let name = halves.next().unwrap_or_default().to_vec();
        let value = halves.next().unwrap_or_default().to_vec();
        if !field.is_empty() {
            all.push((name, value));
        }
    }
    all
}

/// What a name or a value stands for.
fn decode(spelled: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < spelled.len() {
        match spelled[at] {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = spelled.get(at + 1..at + 3)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
                at += 2;
            }
            byte => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn joined(parameters: &[(String, Vec<String>)]) -> String {
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, values)| {
            let values: Vec<_> = values.iter().map(|value| encode(value)).collect();
            format!("{}={}", encode(name), values.join(","))
        })
        .collect();
    parameters.join("&")
}

fn canonical_path(path: &str, base_path: &str) -> String {
    let below_base = format!("{base_path}/");
    let own = if path == base_path {
        ""
    } else if path.starts_with(&below_base) {
        &path[base_path.len()..]
    } else {
        path
    };
    let own = match own.strip_suffix('/') {
        Some(shorter) => shorter,
        None => own,
    };
    let own = own.replace('&', "%26");
    if own.starts_with('/') {
        own
    } else {
        format!("/{own}")
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}
