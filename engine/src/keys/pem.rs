//! The frame of a PEM text (RFC 7468): one section, and nothing around it.
//!
//! Read strictly, so that what a key repository or an operator hands over is the key and nothing else: no
//! byte-order mark, no HTML page, no second section, no text before, between or after, no encrypted section.
//! The reader of `rustls-pki-types` skips such text and collects base64 in a buffer that it does not wipe; only its
//! names of the sections are used here.

use rustls_pki_types::pem::SectionKind;
use zeroize::Zeroizing;

use crate::error::KeyRejected;
use crate::limits::MAX_PEM_LENGTH;

/// Decodes the one section that `pem` is, and wipes the bytes when they are dropped.
///
/// White space around the section and inside of its base64 is ignored, in any line ending; the base64 has its
/// padding and zero trailing bits.
///
/// # Errors
///
/// [`KeyRejected::NotPem`] if the text is longer than [`MAX_PEM_LENGTH`] or anything else than one section;
/// [`KeyRejected::WrongPemLabel`] if it is one section of a label that no key has.
pub(crate) fn single_section(pem: &[u8]) -> Result<(SectionKind, Zeroizing<Vec<u8>>), KeyRejected> {
    if pem.len() > MAX_PEM_LENGTH {
        return Err(KeyRejected::NotPem);
    }
    let (label, body) = split_frame(pem.trim_ascii()).ok_or(KeyRejected::NotPem)?;
    // The capacity is that of the whole body, so that no secret is left behind by a reallocation.
    let mut bytes = Zeroizing::new(Vec::with_capacity(body.len()));
    bytes.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let length = base64_simd::STANDARD
        .decode_inplace(bytes.as_mut_slice())
        .map_err(|_| KeyRejected::NotPem)?
        .len();
    bytes.truncate(length);
    if bytes.is_empty() {
        return Err(KeyRejected::NotPem);
    }
    let kind = SectionKind::try_from(label).map_err(|()| KeyRejected::WrongPemLabel)?;
    Ok((kind, bytes))
}

/// Decodes the one section `PUBLIC KEY` that `pem` is.
///
/// # Errors
///
/// As [`single_section`], and [`KeyRejected::WrongPemLabel`] for a section of another label: a certificate, or
/// somebody's private key.
pub(crate) fn public_key(pem: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyRejected> {
    match single_section(pem)? {
        (SectionKind::PublicKey, der) => Ok(der),
        _ => Err(KeyRejected::WrongPemLabel),
    }
}

/// The label, and what stands between the two lines that carry it.
fn split_frame(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(b"-----BEGIN ")?;
    let label_length = rest.windows(5).position(|window| window == b"-----")?;
    let (label, rest) = rest.split_at_checked(label_length)?;
    let body = rest
        .strip_prefix(b"-----")?
        .strip_suffix(b"-----")?
        .strip_suffix(label)?
        .strip_suffix(b"-----END ")?;
    let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let first = body.iter().find(|byte| !matches!(byte, b' ' | b'\t'))?;
    (is_line_end(first) && body.last().is_some_and(is_line_end)).then_some((label, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: &str = "-----BEGIN PUBLIC KEY-----\nAQIDBA==\n-----END PUBLIC KEY-----";

    fn read(text: &str) -> Result<(SectionKind, Vec<u8>), KeyRejected> {
        single_section(text.as_bytes()).map(|(kind, bytes)| (kind, bytes.to_vec()))
    }

    #[test]
    fn one_section_is_read_in_any_line_ending_and_with_white_space_around() {
        let expected = Ok((SectionKind::PublicKey, vec![1, 2, 3, 4]));
        for text in [
            SECTION.to_owned(),
            format!("{SECTION}\n"),
            format!(" \r\n\t{SECTION}\r\n\r\n "),
            SECTION.replace('\n', "\r\n"),
            SECTION.replace('\n', "\r"),
            SECTION.replace("AQID", "AQ\nI D\t"),
            SECTION.replace('\n', " \n"),
        ] {
            assert_eq!(read(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_kind_of_key_has_its_label() {
        for (label, kind) in [
            ("PRIVATE KEY", SectionKind::PrivateKey),
            ("RSA PRIVATE KEY", SectionKind::RsaPrivateKey),
            ("EC PRIVATE KEY", SectionKind::EcPrivateKey),
            ("CERTIFICATE", SectionKind::Certificate),
        ] {
            assert_eq!(
                read(&SECTION.replace("PUBLIC KEY", label)),
                Ok((kind, vec![1, 2, 3, 4]))
            );
        }
        for label in [
            "ENCRYPTED PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "public key",
            "PUBLIC KEY ",
            "",
        ] {
            let text = SECTION.replace("PUBLIC KEY", label);
            assert_eq!(read(&text), Err(KeyRejected::WrongPemLabel), "{label:?}");
        }
    }

    #[test]
    fn whatever_is_not_exactly_one_section_is_refused() {
        for text in [
            String::new(),
            " \n".to_owned(),
            "<!DOCTYPE html><html></html>".to_owned(),
            format!("\u{feff}{SECTION}"),
            format!("\0{SECTION}"),
            format!("{SECTION}\0"),
            format!("key:\n{SECTION}"),
            format!("{SECTION}\nend"),
            format!("{SECTION}\n{SECTION}"),
            format!("<pre>{SECTION}</pre>"),
            SECTION.replace("-----END PUBLIC KEY-----", ""),
            SECTION.replace("-----BEGIN PUBLIC KEY-----\n", ""),
            SECTION.replace("END PUBLIC", "END PRIVATE"),
            SECTION.replace("END PUBLIC KEY-----", "END PUBLIC KEY----"),
            SECTION.replace("END PUBLIC KEY-----", "END PUBLIC KEY------"),
            SECTION.replace("BEGIN", "begin"),
            SECTION.replace('\n', ""),
            SECTION.replace("KEY-----\n", "KEY-----"),
            SECTION.replace("\n-----END", "-----END"),
            SECTION.replace("AQIDBA==", ""),
            "-----BEGIN PUBLIC KEY-----".to_owned(),
        ] {
            assert_eq!(read(&text), Err(KeyRejected::NotPem), "{text:?}");
        }
    }

    #[test]
    fn the_base64_is_strict() {
        for body in [
            "AQIDBA",
            "AQIDBA=",
            "AQIDBB==",
            "AQIDBA==AQID",
            "AQI*BA==",
            "AQI-BA==",
            "AQI_BA==",
            "AQID\0BA==",
            "A",
            "=",
            "====",
            "Proc-Type: 4,ENCRYPTED\n\nAQIDBA==",
        ] {
            assert_eq!(
                read(&SECTION.replace("AQIDBA==", body)),
                Err(KeyRejected::NotPem),
                "{body:?}"
            );
        }
    }

    #[test]
    fn a_text_longer_than_any_key_is_refused_unread() {
        let padding = MAX_PEM_LENGTH.checked_sub(SECTION.len()).unwrap();
        assert!(read(&format!("{SECTION}{}", " ".repeat(padding))).is_ok());
        assert_eq!(
            read(&format!("{SECTION} {}", " ".repeat(padding))),
            Err(KeyRejected::NotPem)
        );
    }
}
