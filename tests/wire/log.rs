//! What operators see: the failures that the client logs, by the `kid` that was asked for.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static FAILURES: OnceLock<Mutex<HashMap<String, Vec<String>>>> = OnceLock::new();

/// The failures logged so far of a `kid`, in order. Begins to listen with its first call.
pub(crate) fn failures(key_id: &str) -> Vec<String> {
    let failures = FAILURES.get_or_init(|| {
        tracing::subscriber::set_global_default(Log).unwrap();
        Mutex::default()
    });
    failures
        .lock()
        .unwrap()
        .get(key_id)
        .cloned()
        .unwrap_or_default()
}

/// Keeps what has a `kid` and a failure.
struct Log;

#[derive(Default)]
struct Fields {
    key_id: Option<String>,
    failure: Option<String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "key_id" => self.key_id = Some(format!("{value:?}")),
            "failure" => self.failure = Some(format!("{value:?}")),
            _ => {}
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Warnings tell the state of a repository, once for many fetches.
        *metadata.level() == Level::DEBUG && metadata.target().starts_with("asap_engine")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let (Some(key_id), Some(failure), Some(failures)) =
            (fields.key_id, fields.failure, FAILURES.get())
        {
            failures
                .lock()
                .unwrap()
                .entry(key_id)
                .or_default()
                .push(failure);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
