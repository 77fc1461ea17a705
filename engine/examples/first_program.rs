//! The README's first program: a client signs a token, a resource server verifies it.

use asap_engine::{
    Algorithm, Engine, Issuer, Keyring, Policy, Scratch, SigningKey, TokenRequest, Verdict,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (key, _private_pem) = SigningKey::generate(Algorithm::Rs256)?;
    let keys = Keyring::from_pems([("client/key-1", key.public_key_pem().as_bytes())])?;
    let client = Issuer::new("client", "client/key-1", key)?;
    let now = std::time::SystemTime::now().into();
    let token = client.sign(&TokenRequest::new("my-service"), now)?;

    let engine = Engine::new(Policy::new("my-service")?, keys);
    if let Verdict::Verified(identity) = engine.verify_now(token.as_bytes(), &mut Scratch::new())? {
        println!("verified: sent by {}", identity.issuer());
    }
    Ok(())
}
