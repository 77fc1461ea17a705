//! The examples of RFC 7515 (appendices A and E), RFC 7797 section 4.2 and RFC 8037 appendix A.4. None has a `kid`, so
//! none is an ASAP token; their form, header and signature are judged as those of one.

use serde_json::Value;

use crate::data;
use crate::judge::{self, Case, Keys, Published};

/// The eight examples.
pub(crate) fn examples() -> Option<Vec<Case>> {
    let document = data::document("rfc", "rfc_jws_examples.json")?;
    let examples = document["cases"].as_array().unwrap();
    Some(examples.iter().map(example).collect())
}

fn example(example: &Value) -> Case {
    let keys = match &example["jwk"] {
        Value::Null => Keys::from_spki(&[]),
        jwk => Keys::from_jwk(jwk),
    };
    let published = match &example["valid_signature"] {
        Value::Bool(true) => Published::Valid,
        Value::Bool(false) => Published::Invalid,
        other => panic!("there is no verdict {other}"),
    };
    Case {
        id: data::text(example, "id").to_owned(),
        published,
        tags: Vec::new(),
        ours: judge::jws(data::text(example, "jws"), &keys),
    }
}

#[cfg(test)]
mod tests {
    use crate::tally::check;

    #[test]
    fn the_examples_of_the_specifications() {
        check("rfc/rfc_jws_examples.json");
    }
}
