//! The other tokens of Atlassian's platform, each as its documentation shows it, with what it has in use.
//!
//! They live as long as [`Life`](crate::subject::Life) says: an hour in what is measured, since no run is over in the 25
//! seconds for which Forge lets its tokens live.

pub mod connect;
pub mod forge;
pub mod trello;

#[cfg(test)]
mod tests {
    use asap_engine::{
        Algorithm, BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, ConnectVerdict,
        ForgePolicy, ForgeVerifier, KeySet, MemoryTenants, RsaKeySize, Scratch, SetVerdict,
        SharedSecret, SigningKey, StaticKeySet, TrelloPolicy, TrelloVerifier,
    };

    use super::*;
    use crate::subject::{self, Life};
    use crate::{Floor, Tokens};

    fn key() -> SigningKey {
        subject::key(Algorithm::Rs256, RsaKeySize::Bits2048).unwrap()
    }

    #[test]
    fn the_engine_accepts_the_tokens_of_connect_and_the_floor_checks_them() {
        let base = BaseUrl::parse(connect::BASE_URL).unwrap();
        let tenants = MemoryTenants::new();
        tenants.insert(connect::TENANT, SharedSecret::new(connect::SECRET).unwrap());
        let module = ConnectModule::new(ConnectPolicy::new(base), tenants);
        let targets = [connect::target(1), connect::target(2)];
        let [one, other] = targets
            .each_ref()
            .map(|target| connect::token(target, Life::of_this_hour()).unwrap());
        let accepts = |target: &str, token: &str| {
            let authorization = format!("JWT {token}");
            let request =
                ConnectRequest::new("GET", target).with_authorization(authorization.as_bytes());
            let mut scratch = Scratch::new();
            let verdict = module.verify_now(&request, &mut scratch);
            matches!(verdict, Ok(ConnectVerdict::Verified(_)))
        };
        assert!(accepts(&targets[0], &one) && accepts(&targets[1], &other));
        assert!(!accepts(&targets[0], &other));
        assert_eq!(targets[0].split('&').count(), 10);
        let of = |token| connect::Floor::of([(targets[0].as_str(), token)]).unwrap();
        assert!(of(one.as_str()).verify(0));
        let wrong = subject::with_signature_of(&one, &other).unwrap();
        assert!(!of(&wrong).verify(0) && !of(&one).verify(1));
    }

    #[test]
    fn the_engine_accepts_the_tokens_of_forge_and_their_length_is_that_in_use() {
        let key = key();
        let payload = forge::payload(1, forge::APP, Life::of_this_hour());
        let tokens = Tokens::sign_payloads(&key, &forge::header(), [payload]).unwrap();
        let set = forge::jwk_set(key.public_key_pem()).unwrap();
        let keys = StaticKeySet::new(KeySet::from_jwk_set(set.as_bytes()).unwrap());
        let verifier = ForgeVerifier::new(ForgePolicy::new(forge::APP).unwrap(), keys);
        let token = &tokens.tokens[0];
        let mut scratch = Scratch::new();
        let Ok(SetVerdict::Verified(invocation)) =
            verifier.verify_now(token.as_bytes(), &mut scratch)
        else {
            panic!("a good token");
        };
        assert!(invocation.context().is_some() && invocation.principal().is_some());
        assert!((1_500..2_048).contains(&token.len()), "{}", token.len());
        assert!(Floor::of(&tokens).unwrap().verify(0));
        for (algorithm, size) in [
            (Algorithm::Rs256, RsaKeySize::Bits3072),
            (Algorithm::Es256, RsaKeySize::Bits2048),
        ] {
            let other = subject::key(algorithm, size).unwrap();
            assert!(forge::jwk_set(other.public_key_pem()).is_err());
        }
    }

    #[test]
    fn the_engine_accepts_the_tokens_of_trello() {
        let key = key();
        let payload = trello::payload(1, trello::PLUGIN, Life::of_this_hour());
        let tokens = Tokens::sign_payloads(&key, trello::HEADER, [payload]).unwrap();
        let list = trello::pem_list(key.public_key_pem());
        let keys = StaticKeySet::new(KeySet::from_pem_list(list.as_bytes()).unwrap());
        let verifier = TrelloVerifier::new(TrelloPolicy::new(trello::PLUGIN).unwrap(), keys);
        let mut scratch = Scratch::new();
        let Ok(SetVerdict::Verified(identity)) =
            verifier.verify_now(tokens.tokens[0].as_bytes(), &mut scratch)
        else {
            panic!("a good token");
        };
        assert!(identity.board_id().is_some() && identity.state().is_some());
    }
}
