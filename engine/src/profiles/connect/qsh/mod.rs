//! The query string hash, `qsh`: what ties a token to one request.
//!
//! ```text
//! qsh = lower-case hex of SHA-256 of METHOD & path & parameters
//! ```
//!
//! The path is the one on the wire, byte for byte: no escape is decoded and no dot segment followed. The base path is taken
//! off where a segment ends, and one slash at the end; an ampersand becomes `%26`, so that no path reads like a query.
//! Parameters are decoded, put in order and encoded in one way. `jwt` is left out.
//!
//! Two orders of names are in use. Java's atlassian-jwt, which the products sign with, sorts encoded names; the JavaScript
//! one sorts decoded names. They differ for names like `.1` and `:1` only, and then both are tried.
//!
//! What it does not cover: a body that is no form; which of two equal spellings was used (`/p` and `/p/`, `+` and `%20`,
//! `a` and `a=`); the order of the values of one name.
//!
//! Source: "Understanding JWT for Connect apps", section "Creating a query string hash"; where that is silent or wrong,
//! com.atlassian.jwt.core.HttpRequestCanonicalizer and its published vectors.

mod component;
mod parameters;
#[cfg(test)]
mod tests;

pub(super) use parameters::token_in;

use super::{BaseUrl, ConnectRequest};
use crate::crypto::digest::sha256_hex;
use crate::error::VerifyError;
use crate::limits::{MAX_CONNECT_BODY_LENGTH, MAX_CONNECT_TARGET_LENGTH};
use parameters::Parameters;

/// The `qsh` of a token that is tied to no request but to a page: it is compared as it stands and never hashed.
pub(super) const CONTEXT: &str = "context-qsh";

/// An escape is broken, or a name or value is not UTF-8 or holds NUL.
#[derive(Debug, Clone, Copy)]
struct Malformed;

impl Malformed {
    const fn refusal(self) -> VerifyError {
        VerifyError::RequestMalformed
    }
}

/// In which order names stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameOrder {
    /// By their percent-encoded form: Java.
    Encoded,
    /// By what they stand for, in units of UTF-16: JavaScript.
    Decoded,
}

/// What of a request a hash was found to cover, beside method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covered {
    /// The query, and the request has no form.
    Query,
    /// The query and the fields of the form.
    QueryAndForm,
    /// The query; the request has a form too.
    QueryWithoutForm,
}

/// The canonical request, with the fields of the form if `request` has one.
pub(super) fn canonical(
    request: &ConnectRequest<'_>,
    base: &BaseUrl,
) -> Result<String, VerifyError> {
    check_size(request)?;
    let mut parameters = Parameters::new();
    parameters.read(request.query())?;
    parameters.read(request.form().unwrap_or_default())?;
    parameters.sort(NameOrder::Encoded);
    let mut out = Vec::new();
    write(request, base, &parameters, &mut out);
    // Path and method are text, and the parameters are encoded to ASCII.
    String::from_utf8(out).map_err(|_| VerifyError::RequestMalformed)
}

/// What of `request` the hash `claimed` covers.
pub(crate) fn check(
    claimed: &str,
    request: &ConnectRequest<'_>,
    base: &BaseUrl,
) -> Result<Covered, VerifyError> {
    check_size(request)?;
    let mut out = Vec::new();
    let mut is_claimed = |form| is_hash_of(claimed, request, base, form, &mut out);
    let covered = match request.form() {
        Some(form) if is_claimed(Some(form))? => Covered::QueryAndForm,
        Some(_) if is_claimed(None)? => Covered::QueryWithoutForm,
        None if is_claimed(None)? => Covered::Query,
        _ => return Err(VerifyError::QueryHashMismatch),
    };
    Ok(covered)
}

/// Whether `claimed` is the hash of the request with its names in one of the two orders.
fn is_hash_of(
    claimed: &str,
    request: &ConnectRequest<'_>,
    base: &BaseUrl,
    form: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<bool, VerifyError> {
    let mut parameters = Parameters::new();
    parameters.read(request.query())?;
    parameters.read(form.unwrap_or_default())?;
    parameters.sort(NameOrder::Encoded);
    let mut is_claimed = |parameters: &Parameters<'_>| {
        out.clear();
        write(request, base, parameters, out);
        sha256_hex(out) == claimed.as_bytes()
    };
    if is_claimed(&parameters) {
        return Ok(true);
    }
    if parameters.are_sorted(NameOrder::Decoded) {
        return Ok(false);
    }
    parameters.sort(NameOrder::Decoded);
    Ok(is_claimed(&parameters))
}

/// Appends the canonical request.
fn write(
    request: &ConnectRequest<'_>,
    base: &BaseUrl,
    parameters: &Parameters<'_>,
    out: &mut Vec<u8>,
) {
    let path = base.strip(request.path());
    // A byte of a parameter is at most three in the end, and so is one of the path.
    let longest = request
        .query()
        .len()
        .saturating_add(request.form().unwrap_or_default().len())
        .saturating_add(path.len())
        .saturating_mul(3)
        .saturating_add(request.method().len())
        .saturating_add(3);
    out.reserve(longest);
    out.extend(
        request
            .method()
            .bytes()
            .map(|byte| byte.to_ascii_uppercase()),
    );
    out.push(b'&');
    write_path(path, out);
    out.push(b'&');
    parameters.write(out);
}

fn write_path(path: &str, out: &mut Vec<u8>) {
    let path = path.strip_suffix('/').unwrap_or(path);
    if !path.starts_with('/') {
        out.push(b'/');
    }
    let mut pieces = path.as_bytes().split(|byte| *byte == b'&');
    out.extend_from_slice(pieces.next().unwrap_or_default());
    for piece in pieces {
        out.extend_from_slice(b"%26");
        out.extend_from_slice(piece);
    }
}

fn check_size(request: &ConnectRequest<'_>) -> Result<(), VerifyError> {
    let target_length = request.path().len().saturating_add(request.query().len());
    let form_length = request.form().unwrap_or_default().len();
    if target_length > MAX_CONNECT_TARGET_LENGTH || form_length > MAX_CONNECT_BODY_LENGTH {
        return Err(VerifyError::RequestTooLarge);
    }
    Ok(())
}
