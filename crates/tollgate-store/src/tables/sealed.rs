//! Values that are sealed before they are written (docs/adr/0025): encrypted and authenticated by
//! ChaCha20-Poly1305 under a key of the operator's that is nowhere in the database.
//!
//! A sealed value is the text `sealed:1:KEY:VALUE`. KEY names the key and is no secret; VALUE is a fresh nonce, the
//! encrypted bytes and their tag, in base64. What is authenticated along with it is the place where it stands, so a
//! value that somebody has copied to another row does not open there.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use tollgate_core::id::{EndpointId, ShopId, encode};

/// What a sealed value begins with. What is in clear begins with neither of them: it is a JSON array, or 32 bytes.
pub(crate) const MARK: &str = "sealed:";
const FORM: &str = "sealed:1:";

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// A key that values are sealed under. Its name alone is shown.
#[derive(Clone)]
pub struct SecretKey {
    id: String,
    key: LessSafeKey,
}

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("32 bytes in base64 or as 64 hexadecimal digits, as `tollgate secrets key` makes them")]
pub struct NoSecretKey;

impl SecretKey {
    /// Reads a key: 32 bytes, in base64 or hexadecimal.
    pub fn parse(text: &str) -> Result<SecretKey, NoSecretKey> {
        let bytes = bytes_of(text).ok_or(NoSecretKey)?;
        Ok(SecretKey::of(&bytes))
    }

    /// The text of a new key.
    pub fn fresh_text() -> String {
        STANDARD.encode(random_bytes::<KEY_BYTES>())
    }

    /// What it is called where it has sealed something: a digest, which leads to no key.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn of(bytes: &[u8; KEY_BYTES]) -> SecretKey {
        let mut digest = Sha256::new();
        digest.update(b"tollgate secrets key\0");
        digest.update(bytes);
        let id = hexadecimal(&digest.finalize()[..8]);
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).expect("its length is that of a key");
        let key = LessSafeKey::new(key);
        SecretKey { id, key }
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

fn bytes_of(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let mut bytes = [0; KEY_BYTES];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        return Some(bytes);
    }
    let bare = text.trim_end_matches('=');
    let read = STANDARD_NO_PAD.decode(bare);
    let read = read.or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?;
    read.try_into().ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As many random bytes. Without the system's random numbers nothing is made that rests on them.
fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.expect("the system has random numbers");
    bytes
}

/// The keys of an instance: the one that seals, and those that open besides. Without any, values are written in
/// clear, as they are read.
#[derive(Debug, Clone, Default)]
pub struct SecretKeys {
    /// Seals what is written, and opens.
    pub seal: Option<SecretKey>,
    /// Open what they have sealed: the key before, or the one that other instances seal with already.
    pub also: Vec<SecretKey>,
    /// Somebody's money is at stake: doctor warns of values that lie in clear.
    pub expected: bool,
}

impl SecretKeys {
    /// What is written of a value at its place.
    pub(crate) fn seal(&self, place: &SealedPlace, value: &str) -> String {
        let Some(SecretKey { id, key }) = &self.seal else {
            return value.to_owned();
        };
        let nonce = random_bytes::<NONCE_LEN>();
        let mut sealed = value.as_bytes().to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.0.as_bytes()),
            &mut sealed,
        )
        .expect("a value of a row is far shorter than the cipher's bound");
        let value = [nonce.as_slice(), &sealed].concat();
        format!("{FORM}{id}:{}", STANDARD_NO_PAD.encode(value))
    }

    /// The value that stands at a place, opened if it is sealed.
    pub(crate) fn open<'s>(
        &self,
        place: &SealedPlace,
        stored: &'s str,
    ) -> Result<Cow<'s, str>, Unopened> {
        if !stored.starts_with(MARK) {
            return Ok(Cow::Borrowed(stored));
        }
        let unopened = |why| Unopened {
            stored: stored.to_owned(),
            why,
        };
        let (id, value) = stored
            .strip_prefix(FORM)
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(|| unopened(Why::OtherForm))?;
        let Some(SecretKey { key, .. }) = self.all().find(|key| key.id == id) else {
            return Err(unopened(Why::KeyMissing(id.to_owned())));
        };
        let opened = || {
            let value = STANDARD_NO_PAD.decode(value).ok()?;
            let (nonce, sealed) = value.split_at_checked(NONCE_LEN)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut sealed = sealed.to_vec();
            let aad = Aad::from(place.0.as_bytes());
            let opened = key.open_in_place(nonce, aad, &mut sealed).ok()?;
            String::from_utf8(opened.to_vec()).ok()
        };
        match opened() {
            Some(value) => Ok(Cow::Owned(value)),
            None => Err(unopened(Why::Altered)),
        }
    }

    /// Whether a value stands as it would be written now.
    pub(crate) fn is_current(&self, stored: &str) -> bool {
        match (&self.seal, key_of(stored)) {
            (Some(key), Some(id)) => key.id == id,
            (None, None) => !stored.starts_with(MARK),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// There is no key at all.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn all(&self) -> impl Iterator<Item = &SecretKey> {
        self.seal.iter().chain(&self.also)
    }
}

/// The key that a value names, if it is sealed.
pub(crate) fn key_of(stored: &str) -> Option<&str> {
    let (id, _) = stored.strip_prefix(FORM)?.split_once(':')?;
    Some(id)
}

/// Whether what begins with the mark has the form of a sealed value, whatever its key.
pub(crate) fn is_well_formed(sealed: &str) -> bool {
    let of_key = sealed.strip_prefix(FORM);
    let value = of_key.and_then(|rest| rest.split_once(':'));
    value.is_some_and(|(key, value)| {
        let bytes = STANDARD_NO_PAD.decode(value);
        !key.is_empty() && bytes.is_ok_and(|bytes| NONCE_LEN < bytes.len())
    })
}

/// Where a value stands.
pub(crate) struct SealedPlace(String);

impl SealedPlace {
    /// The secrets of an endpoint.
    pub(crate) fn of_endpoint(shop: ShopId, id: EndpointId) -> SealedPlace {
        SealedPlace(format!(
            "endpoints.secrets/{}/{}",
            shop.0,
            encode(id.as_u128())
        ))
    }

    /// What instances share, by its name.
    pub(crate) fn shared(name: &str) -> SealedPlace {
        SealedPlace(format!("secrets.value/{name}"))
    }
}

/// A value that cannot be opened here. It stays as it is stored.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unopened {
    stored: String,
    why: Why,
}

/// Why a value cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Why {
    #[error("its key {0} is neither store.secrets_key nor among store.secrets_keys_also")]
    KeyMissing(String),
    #[error("it was altered, or copied here from another row: its key does not open it")]
    Altered,
    #[error("it is sealed in a form that a later version knows")]
    OtherForm,
}

impl Unopened {
    /// As it is stored.
    pub(crate) fn stored(&self) -> &str {
        &self.stored
    }

    /// The key that it is sealed under, if that is what is missing.
    pub fn missing_key(&self) -> Option<&str> {
        match &self.why {
            Why::KeyMissing(id) => Some(id),
            Why::Altered | Why::OtherForm => None,
        }
    }
}

impl std::fmt::Debug for Unopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unopened")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::RootId;

    fn key(letter: u8) -> SecretKey {
        SecretKey::of(&[letter; KEY_BYTES])
    }

    fn keys(seal: Option<u8>, also: &[u8]) -> SecretKeys {
        SecretKeys {
            seal: seal.map(key),
            also: also.iter().copied().map(key).collect(),
            expected: false,
        }
    }

    fn place(shop: u32, number: u128) -> SealedPlace {
        let id = EndpointId::on(RootId::new(number << 16), 0);
        SealedPlace::of_endpoint(ShopId(shop), id)
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_at_its_place_alone() {
        let value = r#"[["whsec_c2VjcmV0",null]]"#;
        let sealed = keys(Some(1), &[]).seal(&place(1, 7), value);
        assert!(
            sealed.starts_with(FORM) && !sealed.contains("whsec"),
            "{sealed}"
        );
        for (with, at, is_open) in [
            (keys(Some(1), &[]), place(1, 7), true),
            (keys(Some(2), &[3, 1]), place(1, 7), true),
            (keys(None, &[1]), place(1, 7), true),
            (keys(Some(2), &[]), place(1, 7), false),
            (keys(None, &[]), place(1, 7), false),
            (keys(Some(1), &[]), place(2, 7), false),
            (keys(Some(1), &[]), place(1, 8), false),
            (keys(Some(1), &[]), SealedPlace::shared("veil"), false),
        ] {
            let opened = with.open(&at, &sealed);
            assert_eq!(opened.is_ok(), is_open, "{with:?} {}", at.0);
            match opened {
                Ok(opened) => assert_eq!(opened, value),
                Err(unopened) => {
                    assert_eq!(unopened.stored(), sealed);
                    assert!(
                        !format!("{unopened:?} {unopened}").contains(&sealed[FORM.len() + 17..])
                    );
                }
            }
        }
    }

    #[test]
    fn one_letter_that_was_altered_is_noticed() {
        let keys = keys(Some(1), &[]);
        let sealed = keys.seal(&place(1, 7), "[]");
        let head = FORM.len() + 17;
        for at in head..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("it is ASCII");
            let opened = keys.open(&place(1, 7), &altered);
            assert_eq!(opened.map_err(|unopened| unopened.why), Err(Why::Altered));
        }
        let later = sealed.replace("sealed:1:", "sealed:2:");
        let opened = keys.open(&place(1, 7), &later);
        assert_eq!(opened.map_err(|unopened| unopened.why), Err(Why::OtherForm));
    }

    #[test]
    fn what_is_in_clear_is_read_as_it_is_and_no_value_is_sealed_alike_twice() {
        let clear = r#"[["whsec_c2VjcmV0",null]]"#;
        let none = keys(None, &[]);
        assert_eq!(none.seal(&place(1, 7), clear), clear);
        let sealing = keys(Some(1), &[]);
        assert_eq!(sealing.open(&place(1, 7), clear).as_deref(), Ok(clear));
        let twice = [(); 2].map(|()| sealing.seal(&place(1, 7), clear));
        assert_ne!(twice[0], twice[1]);
        assert!(sealing.is_current(&twice[0]) && !sealing.is_current(clear));
        assert!(none.is_current(clear) && !none.is_current(&twice[0]));
        assert!(!keys(Some(2), &[1]).is_current(&twice[0]));
    }

    #[test]
    fn a_key_is_read_in_base64_and_hexadecimal_and_never_shown() {
        let bytes = [0xfb; KEY_BYTES];
        let padded = STANDARD.encode(bytes);
        let texts = [
            padded.clone(),
            padded.trim_end_matches('=').to_owned(),
            URL_SAFE_NO_PAD.encode(bytes),
            "fb".repeat(KEY_BYTES),
            "FB".repeat(KEY_BYTES),
        ];
        for text in &texts {
            let key = SecretKey::parse(text).expect("it is a key");
            assert_eq!(key.id(), SecretKey::of(&bytes).id(), "{text}");
            assert!(!format!("{key:?}").contains(text.as_str()));
        }
        for text in [
            "",
            "a-passphrase",
            &padded[4..],
            &format!("{padded}AAAA"),
            "zz",
        ] {
            assert!(SecretKey::parse(text).is_err(), "{text}");
        }
        let fresh = [(); 2].map(|()| SecretKey::fresh_text());
        assert_ne!(fresh[0], fresh[1]);
        assert!(SecretKey::parse(&fresh[0]).is_ok());
    }
}
