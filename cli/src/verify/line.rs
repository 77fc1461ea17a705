//! One line of the input: a token, or a JSON object that holds one.

use std::borrow::Cow;
use std::fmt;

use asap_engine::UnixTime;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::input::MAX_LINE;
use super::instant;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineForm {
    /// A token.
    Lines,
    /// A JSON object with a token, and perhaps an instant and a name, as shown below
    Jsonl,
}

/// How lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) form: LineForm,
    /// Whether the profile is one of those whose tokens come with a request.
    pub(super) has_request: bool,
    /// Whether each line must have a method and a URL.
    pub(super) needs_request: bool,
    /// Whether each line must have a body.
    pub(super) needs_body: bool,
}

/// What a line says of the request that its token came with.
#[derive(Debug, Default)]
pub(super) struct RequestParts<'a> {
    pub(super) method: Option<Cow<'a, str>>,
    /// Path and query.
    pub(super) url: Option<Cow<'a, str>>,
    pub(super) body: Option<Cow<'a, [u8]>>,
}

/// A token to judge.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) token: Cow<'a, [u8]>,
    /// The instant at which it is to be judged.
    pub(super) at: Option<UnixTime>,
    /// The name that the output repeats, as JSON, spelled as it was.
    pub(super) id: Option<&'a str>,
    pub(super) request: RequestParts<'a>,
}

/// Why a line holds no token. It quotes nothing of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLine {
    TooLong,
    NotUtf8,
    NotJson { column: usize },
    NotAnObject,
    MemberTwice,
    NoToken,
    TokenNotText,
    AtNotANumber,
    AtBeyondTime,
    IdNotScalar,
    MemberNotText(&'static str),
    NoMember(&'static str, &'static str),
    UrlNotATarget,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {MAX_LINE} bytes"),
            Self::NotUtf8 => f.write_str("is not UTF-8"),
            Self::NotJson { column } => write!(f, "is not JSON (byte {column})"),
            Self::NotAnObject => f.write_str(r#"is not an object like {"token": "..."}"#),
            Self::MemberTwice => f.write_str("has a member twice"),
            Self::NoToken => f.write_str(r#"has no "token""#),
            Self::TokenNotText => f.write_str(r#"has a "token" that is not a string"#),
            Self::AtNotANumber => f.write_str(r#"has an "at" that is not a number of seconds"#),
            Self::AtBeyondTime => f.write_str(r#"has an "at" beyond all time"#),
            Self::IdNotScalar => f.write_str(r#"has an "id" that is an array or an object"#),
            Self::MemberNotText(name) => write!(f, r#"has a "{name}" that is not a string"#),
            Self::NoMember(name, option) => {
                write!(f, r#"has no "{name}", and there is no {option}"#)
            }
            Self::UrlNotATarget => f.write_str(r#"has a "url" that does not begin with a slash"#),
        }
    }
}

/// The members that are read; others are ignored.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    at: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    url: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

impl Reading {
    /// Tokens that stand for themselves.
    #[cfg(test)]
    pub(super) const fn tokens(form: LineForm) -> Self {
        Self {
            form,
            has_request: false,
            needs_request: false,
            needs_body: false,
        }
    }

    /// Reads a line, which has lost its line end.
    pub(super) fn read(self, line: &[u8]) -> Result<Line<'_>, BadLine> {
        match self.form {
            // Whatever it is, it is a token: a good one or a bad one.
            LineForm::Lines => Ok(Line {
                token: Cow::Borrowed(line),
                at: None,
                id: None,
                request: RequestParts::default(),
            }),
            LineForm::Jsonl => self.read_object(line),
        }
    }

    fn read_object(self, line: &[u8]) -> Result<Line<'_>, BadLine> {
        if line.len() > MAX_LINE {
            return Err(BadLine::TooLong);
        }
        let text = std::str::from_utf8(line).map_err(|_| BadLine::NotUtf8)?;
        let members = members(text)?;
        let token = members.token.ok_or(BadLine::NoToken)?;
        Ok(Line {
            token: bytes_of(text_of(token.get(), BadLine::TokenNotText)?),
            at: members.at.map(|at| instant_of(at.get())).transpose()?,
            id: members.id.map(|id| scalar(id.get())).transpose()?,
            request: self.request(&members)?,
        })
    }

    fn request<'a>(self, members: &Members<'a>) -> Result<RequestParts<'a>, BadLine> {
        if !self.has_request {
            return Ok(RequestParts::default());
        }
        let text = |name, member: Option<&'a RawValue>| {
            let text = |json: &'a RawValue| text_of(json.get(), BadLine::MemberNotText(name));
            member.map(text).transpose()
        };
        let parts = RequestParts {
            method: text("method", members.method)?,
            url: text("url", members.url)?,
            body: text("body", members.body)?.map(bytes_of),
        };
        if parts.url.as_ref().is_some_and(|url| !url.starts_with('/')) {
            return Err(BadLine::UrlNotATarget);
        }
        if self.needs_request && parts.method.is_none() {
            return Err(BadLine::NoMember("method", "--method"));
        }
        if self.needs_request && parts.url.is_none() {
            return Err(BadLine::NoMember("url", "--url"));
        }
        if self.needs_body && parts.body.is_none() {
            return Err(BadLine::NoMember("body", "--body-file"));
        }
        Ok(parts)
    }
}

fn members(text: &str) -> Result<Members<'_>, BadLine> {
    let not_json = |error: &serde_json::Error| BadLine::NotJson {
        column: error.column(),
    };
    // serde takes an array for an object with its members in order.
    if text.trim_ascii_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => BadLine::MemberTwice,
            _ => not_json(&error),
        });
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Err(BadLine::NotAnObject),
        Err(error) => Err(not_json(&error)),
    }
}

/// The text that a JSON string stands for.
fn text_of(json: &str, refusal: BadLine) -> Result<Cow<'_, str>, BadLine> {
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or(refusal)?;
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => Ok(Cow::Owned(text)),
        Err(_) => Err(refusal),
    }
}

/// The bytes of a text.
fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn instant_of(json: &str) -> Result<UnixTime, BadLine> {
    if !json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(BadLine::AtNotANumber);
    }
    instant::unix_time(json).ok_or(BadLine::AtBeyondTime)
}

fn scalar(json: &str) -> Result<&str, BadLine> {
    if json.starts_with(['{', '[']) {
        return Err(BadLine::IdNotScalar);
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Reading = Reading::tokens(LineForm::Jsonl);

    fn read(line: &str) -> Result<(String, Option<i128>, Option<&str>), BadLine> {
        let line = TOKENS.read(line.as_bytes())?;
        let token = String::from_utf8(line.token.into_owned()).unwrap();
        Ok((token, line.at.map(UnixTime::as_nanos), line.id))
    }

    #[test]
    fn a_token_comes_with_an_instant_and_a_name_or_without() {
        for (line, token, at, id) in [
            (r#"{"token":"a.b.c"}"#, "a.b.c", None, None),
            (
                r#" { "id" : "x\u0041" , "at" : -1.5 , "token" : "a\u002eb\n" } "#,
                "a.b\n",
                Some(-1_500_000_000),
                Some(r#""x\u0041""#),
            ),
            (
                r#"{"token":"","at":17e0,"id":1.0e2}"#,
                "",
                Some(17_000_000_000),
                Some("1.0e2"),
            ),
            (r#"{"token":"t","at":null,"id":null}"#, "t", None, None),
            (
                r#"{"tok\u0065n":"t","id":false,"other":[{}],"other":1}"#,
                "t",
                None,
                Some("false"),
            ),
        ] {
            assert_eq!(read(line), Ok((token.to_owned(), at, id)), "{line}");
        }
    }

    #[test]
    fn what_is_no_such_object_is_said_without_quoting_it() {
        for (line, expected) in [
            ("", BadLine::NotJson { column: 0 }),
            ("secret", BadLine::NotJson { column: 1 }),
            (r#"{"token":"secret""#, BadLine::NotJson { column: 17 }),
            (r#"{"token":"secret"}}"#, BadLine::NotJson { column: 19 }),
            (r#""secret""#, BadLine::NotAnObject),
            (r#"["secret"]"#, BadLine::NotAnObject),
            (
                r#"{"token":"secret","token":"secret"}"#,
                BadLine::MemberTwice,
            ),
            (r#"{"at":1,"id":"secret"}"#, BadLine::NoToken),
            (r#"{"token":null}"#, BadLine::NoToken),
            (r#"{"token":["secret"]}"#, BadLine::TokenNotText),
            (r#"{"token":"\ud800"}"#, BadLine::TokenNotText),
            (r#"{"token":"t","at":"1"}"#, BadLine::AtNotANumber),
            (r#"{"token":"t","at":1e400}"#, BadLine::AtBeyondTime),
            (r#"{"token":"t","id":["secret"]}"#, BadLine::IdNotScalar),
        ] {
            let bad = read(line).unwrap_err();
            assert_eq!(bad, expected, "{line}");
            let said = bad.to_string();
            assert!(
                !said.contains("secret") && said.lines().count() == 1,
                "{said}"
            );
        }
        assert_eq!(
            TOKENS.read(b"{\"token\":\"\xff\"}").unwrap_err(),
            BadLine::NotUtf8
        );
        let long = format!(r#"{{"token":"{}"}}"#, "x".repeat(MAX_LINE));
        assert_eq!(read(&long), Err(BadLine::TooLong));
    }

    #[test]
    fn a_plain_line_is_a_token_whatever_it_holds() {
        let line = Reading::tokens(LineForm::Lines).read(b"\xff{\"").unwrap();
        assert_eq!(
            (&*line.token, line.at, line.id),
            (&b"\xff{\""[..], None, None)
        );
    }
}
