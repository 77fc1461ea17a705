//! The key servers: what they publish, and what they answer.

use std::collections::BTreeSet;

use http::{Response, header};

use crate::bodies::Script;
use crate::caching::Caching;
use crate::faults::Fault;
use crate::kid::Kid;
use crate::model::Outcome;
use crate::plan::WELL;
use crate::supplies::{GENERATIONS, public_key};
use crate::world::{Asked, State, base_url};

/// How many redirects stand for a circle.
const CIRCLE: usize = 99;

/// What a server has for a `kid`.
pub(crate) struct Published {
    pub(crate) key: Result<usize, u16>,
    caching: Caching,
    version: u64,
    has_validator: bool,
}

impl State {
    /// A server publishes a key, or none and a status for that.
    pub(crate) fn publish(
        &mut self,
        repository: usize,
        kid: Kid,
        key: Result<usize, u16>,
        caching: Caching,
    ) {
        let has_validator = self.chance.below(4) != 0;
        let place = self.published.entry((repository, kid));
        let published = place.or_insert_with(|| Published {
            key,
            caching: Caching::default(),
            version: 0,
            has_validator,
        });
        published.key = key;
        published.caching = caching;
        published.version += 1;
    }

    /// All servers are well, and agree: every key is published again, by all mirrors and by one at least.
    pub(crate) fn heal(&mut self) {
        self.weathers.fill(WELL);
        let falls_back = self.model.settings.falls_back_on_not_found;
        let repositories = 0..self.weathers.len();
        let kids: BTreeSet<Kid> = self.published.keys().map(|(_, kid)| *kid).collect();
        for kid in kids {
            let chosen = self.chance.below(GENERATIONS);
            let holder = self.chance.below(repositories.len());
            let generation = self.owner_generation(kid).unwrap_or(chosen);
            let nobody_has_it = self.owner_generation(kid).is_none();
            for repository in repositories.clone() {
                let has_it = self.published[&(repository, kid)].key.is_ok();
                let is_here = !falls_back || has_it || (nobody_has_it && repository == holder);
                let key = if is_here { Ok(generation) } else { Err(404) };
                if self.published[&(repository, kid)].key != key {
                    let caching = Caching::draw(&mut self.chance);
                    self.publish(repository, kid, key, caching);
                }
            }
        }
    }

    /// The head of a response, and how its body comes.
    pub(crate) fn answer(&mut self, asked: &Asked) -> (http::response::Builder, Script) {
        match asked.hop {
            None => match asked.fault {
                Fault::Redirected(hops) => self.redirect(asked, (1, hops), false),
                Fault::Circle => self.redirect(asked, (1, CIRCLE), false),
                Fault::Downgrade | Fault::Nowhere => self.redirect(asked, (0, 0), true),
                // It says so of whatever was asked.
                Fault::Status(304) if asked.condition.is_some() => {
                    let dated = Caching::default().dated(0);
                    let received = self.client_time();
                    self.outcome(asked, Outcome::NotModified { dated, received });
                    (Response::builder().status(304), Script::empty())
                }
                Fault::Status(status) => {
                    self.outcome(asked, Outcome::Status(status));
                    (
                        Response::builder().status(status),
                        Script::page(&mut self.chance),
                    )
                }
                _ => self.content(asked),
            },
            Some((1, CIRCLE)) => self.redirect(asked, (2, CIRCLE), true),
            Some((hop, hops)) if hop < hops => self.redirect(asked, (hop + 1, hops), hop >= 10),
            Some(_) => self.content(asked),
        }
    }

    fn outcome(&mut self, asked: &Asked, outcome: Outcome) {
        let now = self.now();
        self.note("head", &[asked.id], &outcome);
        self.model.answered(now, asked.id, outcome);
    }

    fn redirect(
        &mut self,
        asked: &Asked,
        (hop, hops): (usize, usize),
        is_refused: bool,
    ) -> (http::response::Builder, Script) {
        let (kid, repository) = (asked.kid, asked.repository);
        let path = format!("elsewhere.example/{hop}/{hops}/{repository}/{kid}");
        let location = match asked.fault {
            Fault::Downgrade => format!("http://{path}"),
            _ if (hop, hops) == (2, CIRCLE) => format!("{}/{kid}", base_url(repository)),
            _ => format!("https://{path}"),
        };
        let mut response = Response::builder();
        let caching = match self.published.get(&(repository, kid)) {
            Some(published) if self.chance.below(2) == 0 => published.caching.clone(),
            _ => Caching::draw(&mut self.chance),
        };
        let dated = caching.dated(self.true_time().as_secs().cast_signed());
        let allowance = dated.allowance(self.client_time());
        dated.write(response.headers_mut().unwrap());
        if asked.fault != Fault::Nowhere {
            response = response.header(header::LOCATION, location);
        }
        let status = [301, 302, 303, 307, 308][self.chance.below(5)];
        // Whether such a redirect may be kept is the client's to know; if not, the oracle allows too much.
        self.outcome(
            asked,
            Outcome::Redirect {
                allowance,
                is_refused,
            },
        );
        (response.status(status), Script::page(&mut self.chance))
    }

    /// What the server has for the `kid`.
    fn content(&mut self, asked: &Asked) -> (http::response::Builder, Script) {
        let (now, received) = (self.true_time(), self.client_time());
        let published = self.published.get(&(asked.repository, asked.kid));
        let Some((generation, published)) =
            published.and_then(|published| Some((published.key.ok()?, published)))
        else {
            let status = published.map_or(404, |published| published.key.unwrap_err());
            self.outcome(asked, Outcome::NoSuchKey(status));
            return (
                Response::builder().status(status),
                Script::page(&mut self.chance),
            );
        };
        let mut response = Response::builder().status(200);
        let headers = response.headers_mut().unwrap();
        let dated = published.caching.dated(now.as_secs().cast_signed());
        dated.write(headers);
        let validator = published
            .has_validator
            .then(|| format!("\"v{}\"", published.version));
        if let Some(validator) = &validator {
            headers.insert(header::ETAG, validator.try_into().unwrap());
        }
        if asked.condition.is_some() && asked.fault == Fault::WrongNotModified {
            headers.insert(header::ETAG, header::HeaderValue::from_static("\"other\""));
            self.outcome(asked, Outcome::Void);
            return (response.status(304), Script::empty());
        }
        if asked.condition.is_some() && asked.condition == validator {
            if self.chance.below(2) == 0 {
                headers.remove(header::ETAG);
            }
            self.outcome(asked, Outcome::NotModified { dated, received });
            return (response.status(304), Script::empty());
        }
        if asked.fault == Fault::Encoded {
            headers.insert(
                header::CONTENT_ENCODING,
                header::HeaderValue::from_static("gzip"),
            );
        }
        let is_key = !matches!(
            asked.fault,
            Fault::Page | Fault::Junk | Fault::Oversize | Fault::Encoded
        );
        let outcome = if is_key {
            Outcome::Key {
                generation,
                validator,
                allowance: dated.allowance(received),
                dated,
            }
        } else {
            Outcome::Unusable
        };
        self.outcome(asked, outcome);
        let script = Script::of(asked.fault, public_key(generation), &mut self.chance);
        (response, script)
    }
}
