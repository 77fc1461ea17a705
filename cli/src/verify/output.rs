//! What is printed for a token: a JSON object, or a line for people. Never the token itself.
//!
//! A line begins with the name that the input gave the token, and goes on with the verdict, so that a verdict can be
//! put in the place of another one.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use asap_engine::VerifyError;

use super::accepted::Facts;

/// How verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a token.
    Json,
    /// One line a token, in which claims cannot forge another.
    Human,
}

impl Format {
    /// Begins the line of the token that the input named `id`, a JSON scalar.
    pub(super) fn begin(self, output: &mut Vec<u8>, id: Option<&str>) {
        match (self, id) {
            (Self::Json, id) => {
                output.extend_from_slice(br#"{"id":"#);
                output.extend_from_slice(id.unwrap_or("null").as_bytes());
                output.push(b',');
            }
            (Self::Human, Some(id)) => {
                output.extend_from_slice(printable(id).as_bytes());
                output.extend_from_slice(b"  ");
            }
            (Self::Human, None) => {}
        }
    }

    /// Ends the line of a token that was accepted.
    pub(super) fn accept(self, output: &mut Vec<u8>, facts: &Facts<'_>) {
        match self {
            Self::Json => accept_json(output, facts),
            Self::Human => accept_human(output, facts),
        }
    }

    /// Ends the line of a token that was refused.
    pub(super) fn refuse(self, output: &mut Vec<u8>, refusal: VerifyError) {
        let (code, stage, detail) = (refusal.code(), refusal.stage(), refusal.detail());
        // Writing to memory does not fail.
        let _ = match self {
            Self::Json => {
                let status = refusal.status();
                let start = r#""verdict":"refused","code":""#;
                let _ = write!(
                    output,
                    r#"{start}{code}","stage":"{stage}","status":{status},"detail":"#
                );
                push_json(output, detail);
                writeln!(output, "}}")
            }
            Self::Human => writeln!(output, "refused  {code}  {stage}  {detail}"),
        };
    }
}

fn accept_json(output: &mut Vec<u8>, facts: &Facts<'_>) {
    output.extend_from_slice(br#""verdict":"accepted","issuer":"#);
    push_json(output, facts.issuer);
    output.extend_from_slice(br#","subject":"#);
    push_optional(output, facts.subject);
    output.extend_from_slice(br#","audience":["#);
    let mut is_first = true;
    facts.audience.for_each(|name| {
        if !is_first {
            output.push(b',');
        }
        is_first = false;
        push_json(output, name);
    });
    output.extend_from_slice(br#"],"key_id":"#);
    push_optional(output, facts.key_id);
    output.extend_from_slice(br#","token_id":"#);
    push_optional(output, facts.token_id);
    let (algorithm, expires_at) = (facts.algorithm, facts.expires_at);
    let _ = writeln!(
        output,
        r#","algorithm":"{algorithm}","expires_at":{expires_at}}}"#
    );
}

/// Claims stand in quotation marks, with whatever could end the line or steer a terminal escaped; names in the grammar of
/// the specification need none. A dash stands for what there is not.
fn accept_human(output: &mut Vec<u8>, facts: &Facts<'_>) {
    let quoted =
        |text: Option<&str>| text.map_or_else(|| "-".to_owned(), |text| format!("{text:?}"));
    let (issuer, key_id) = (name(Some(facts.issuer)), name(facts.key_id));
    let (subject, token_id) = (quoted(facts.subject), quoted(facts.token_id));
    let (algorithm, expires_at) = (facts.algorithm, facts.expires_at);
    let _ = write!(
        output,
        "accepted  issuer {issuer}  subject {subject}  audience"
    );
    facts.audience.for_each(|name| {
        let _ = write!(output, " {name:?}");
    });
    let _ = writeln!(
        output,
        "  key {key_id}  token {token_id}  algorithm {algorithm}  expires {expires_at}"
    );
}

/// A name as it is, or in quotation marks if it holds anything but what names of ASAP are made of.
fn name(text: Option<&str>) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-+/:".contains(&byte);
    match text {
        None => Cow::Borrowed("-"),
        Some(text) if !text.is_empty() && text.bytes().all(is_plain) => Cow::Borrowed(text),
        Some(text) => Cow::Owned(format!("{text:?}")),
    }
}

/// A JSON string, or null.
fn push_optional(output: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_json(output, text),
        None => output.extend_from_slice(b"null"),
    }
}

/// A JSON string.
fn push_json(output: &mut Vec<u8>, text: &str) {
    // Neither writing to memory nor a string can fail.
    let _ = serde_json::to_writer(output, text);
}

/// JSON text as it is, except what could steer a terminal.
fn printable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        if matches!(char, '"' | '\'' | '\\') {
            text.push(char);
        } else {
            let _ = write!(text, "{}", char.escape_debug());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(format: Format, id: Option<&str>) -> String {
        let mut output = Vec::new();
        format.begin(&mut output, id);
        format.refuse(&mut output, VerifyError::Expired);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_refusal_has_its_members_in_order() {
        assert_eq!(
            refused(Format::Json, Some("12")),
            "{\"id\":12,\"verdict\":\"refused\",\"code\":\"expired\",\"stage\":\"policy\",\"status\":401,\
             \"detail\":\"the token has expired\"}\n"
        );
        assert_eq!(
            refused(Format::Human, None),
            "refused  expired  policy  the token has expired\n"
        );
    }

    #[test]
    fn every_refusal_is_one_json_object() {
        for refusal in VerifyError::ALL {
            let mut output = Vec::new();
            Format::Json.begin(&mut output, None);
            Format::Json.refuse(&mut output, *refusal);
            let value: serde_json::Value = serde_json::from_slice(&output).unwrap();
            assert_eq!(value["code"], refusal.code());
            assert_eq!(value["detail"], refusal.detail());
            assert_eq!(value["status"], refusal.status());
            assert!(value["id"].is_null());
        }
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let line = refused(Format::Human, Some("\"a\u{9b}31m\u{202e}\\n\""));
        assert_eq!(
            line,
            "\"a\\u{9b}31m\\u{202e}\\n\"  refused  expired  policy  the token has expired\n"
        );
    }
}
