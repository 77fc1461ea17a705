//! The specification (Atlassian S2S Authentication Protocol) as tests: one a sentence that binds a party which this
//! project implements, by the sections of the text. docs/SPECIFICATION.md is their table, and `document` holds the
//! two against each other.

mod discovering;
mod document;
mod gateway;
mod sources;

mod service_registration;
mod transportation;
/// Section "Access token generation": what a client does.
mod generation {
    mod issuing;
    mod members;
    mod uniqueness;
}
/// Section "Key discovery": the resource server as a client of the key repository, over real sockets.
mod key_discovery {
    mod caching;
    mod requests;
}
/// Section "Overview", from "The access token is a String" on: what a token looks like.
mod token_format {
    mod claims;
    mod header;
}
/// Section "Access token verification": what a resource server does.
mod verification {
    mod answers;
    mod claims;
    mod header;
    mod signature;
    mod time;
}

/// A JSON value of each type, for members that are to be ignored whatever they are.
const OF_EVERY_TYPE: [&str; 12] = [
    "null",
    "true",
    "false",
    "0",
    "-1.5e300",
    "\"\"",
    "\"none\"",
    "[]",
    "[null,[1],{}]",
    "{}",
    "{\"alg\":\"none\",\"kid\":\"client/other-ES256\"}",
    "\"\\u0000\\ud83d\\ude00\"",
];
