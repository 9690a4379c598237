//! Everything in the database that is sealed where there is a key: the secrets of endpoints, and on a server the key
//! under which instances redact.

use tollgate_core::id::{EndpointId, ShopId};

use crate::db::{Db, Error, Sql, id_at, id_bytes, on_postgres};
use crate::tables::sealed::{MARK, SealedPlace, SecretKeys, Unopened};

/// The name of the key under which instances redact.
pub(crate) const REDACTION: &str = "veil";

/// `endpoints.secrets`: a shop's, by primary key; at most [`ENDPOINTS_MAX`](crate::ENDPOINTS_MAX).
const OF_SHOP: &str = "select id, secrets from endpoints where shop_id = ?1 order by id";

/// `endpoints.reseal`: by primary key, only as it was read.
const RESEAL: &str = "\
    update endpoints
       set secrets = ?4
     where shop_id = ?1 and id = ?2 and secrets = ?3";

/// `secrets.get`: by primary key.
const SHARED: Sql = on_postgres("select value from secrets where name = ?1");

/// `secrets.reseal`: by primary key, only as it was read.
const RESEAL_SHARED: Sql =
    on_postgres("update secrets set value = ?3 where name = ?1 and value = ?2");

/// How the secrets of a database are kept, seen with the keys of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptSecrets {
    /// Sealed under the key that seals.
    pub sealed: u64,
    /// Sealed under another key that opens.
    pub sealed_before: u64,
    /// In clear.
    pub clear: u64,
    /// What cannot be opened with these keys: what it is, and why.
    pub unopened: Vec<(String, Unopened)>,
}

impl KeptSecrets {
    /// Those that the keys would write otherwise.
    pub fn waiting(&self, keys: &SecretKeys) -> u64 {
        match keys.seal {
            Some(_) => self.clear + self.sealed_before,
            None => self.sealed_before,
        }
    }

    /// The names of the keys that are missing.
    pub fn missing_keys(&self) -> Vec<&str> {
        let named = self.unopened.iter();
        let mut names: Vec<&str> = named
            .filter_map(|(_, unopened)| unopened.missing_key())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn add(&mut self, other: KeptSecrets) {
        self.sealed += other.sealed;
        self.sealed_before += other.sealed_before;
        self.clear += other.clear;
        self.unopened.extend(other.unopened);
    }

    fn count(&mut self, keys: &SecretKeys, stored: &str) {
        match stored.starts_with(MARK) {
            false => self.clear += 1,
            true if keys.is_current(stored) => self.sealed += 1,
            true => self.sealed_before += 1,
        }
    }
}

/// How the secrets of a shop's endpoints are kept. With `reseals` each is written as the keys write now, where it is
/// not; what cannot be opened stays as it is.
pub(crate) fn of_shop(
    db: &Db,
    keys: &SecretKeys,
    (shop, name): (ShopId, &str),
    reseals: bool,
) -> Result<KeptSecrets, Error> {
    let mut kept = KeptSecrets::default();
    let rows = db.all(OF_SHOP, &[&shop.0], |row| {
        Ok((id_at(row, 0)?, row.get::<String>(1)?))
    })?;
    for (number, stored) in rows {
        let id = EndpointId::from_u128(number);
        let place = SealedPlace::of_endpoint(shop, id);
        match keys.open(&place, &stored) {
            Err(unopened) => {
                let what = format!("the secrets of endpoint {id} of shop {name}");
                kept.unopened.push((what, unopened));
            }
            Ok(value) if reseals && !keys.is_current(&stored) => {
                let sealed = keys.seal(&place, &value);
                let changed = db.run(RESEAL, &[&shop.0, &id_bytes(number), &stored, &sealed])?;
                kept.count(keys, if changed == 0 { &stored } else { &sealed });
            }
            Ok(_) => kept.count(keys, &stored),
        }
    }
    Ok(kept)
}

/// How the key is kept under which instances on a server redact, the same way. A file has it beside itself.
pub(crate) fn shared(db: &Db, keys: &SecretKeys, reseals: bool) -> Result<KeptSecrets, Error> {
    let mut kept = KeptSecrets::default();
    let Db::Postgres(_) = db else {
        return Ok(kept);
    };
    let Some(stored) = db.one(SHARED, &[&REDACTION], |row| row.get::<Vec<u8>>(0))? else {
        return Ok(kept);
    };
    match open_shared(keys, &stored) {
        Err(unopened) => {
            let what = "the key under which secrets in kept headers are redacted".to_owned();
            kept.unopened.push((what, unopened));
        }
        Ok(value) if reseals && !keys.is_current(&String::from_utf8_lossy(&stored)) => {
            let sealed = seal_shared(keys, &value);
            let changed = db.run(RESEAL_SHARED, &[&REDACTION, &stored, &sealed])?;
            let stands = if changed == 0 { &stored } else { &sealed };
            kept.count(keys, &String::from_utf8_lossy(stands));
        }
        Ok(_) => kept.count(keys, &String::from_utf8_lossy(&stored)),
    }
    Ok(kept)
}

/// What is written of a key that instances share.
pub(crate) fn seal_shared(keys: &SecretKeys, value: &[u8]) -> Vec<u8> {
    match keys.seal {
        None => value.to_vec(),
        Some(_) => {
            let text: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            keys.seal(&SealedPlace::shared(REDACTION), &text)
                .into_bytes()
        }
    }
}

/// A key that instances share, as it was before it was written; one in clear is as long as it ever was.
pub(crate) fn open_shared(keys: &SecretKeys, stored: &[u8]) -> Result<Vec<u8>, Unopened> {
    let Some(text) = std::str::from_utf8(stored)
        .ok()
        .filter(|text| text.starts_with(MARK))
    else {
        return Ok(stored.to_vec());
    };
    let text = keys.open(&SealedPlace::shared(REDACTION), text)?;
    let digits = text.as_bytes().chunks(2);
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.map(byte).collect();
    Ok(bytes.unwrap_or_default())
}
