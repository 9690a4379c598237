//! The secrets of endpoints, and what instances share: how they are kept, and whether they can be opened.

use tollgate_core::id::ShopId;

use super::{Looking, shops};
use crate::db::Error;
use crate::report::{Checked, Level};
use crate::tables::kept_secrets;

/// Every secret opens, and is sealed where there is a key that seals.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let keys = &looking.examination.secret_keys;
    let mut kept = kept_secrets::KeptSecrets::default();
    for (shop, name) in shops(looking.db)? {
        kept.add(kept_secrets::of_shop(
            looking.db,
            keys,
            (ShopId(shop), &name),
            false,
        )?);
    }
    let clear = kept.clear;
    for (what, unopened) in &kept.unopened {
        checked.see(Level::Fail, format!("{what} cannot be opened: {unopened}"));
        checked.mend(match unopened.missing_key() {
            Some(_) => {
                "put the missing key into store.secrets_keys_also and start again; what waits for it goes on by \
                 itself. Is it lost, give each endpoint another secret: POST /v1/endpoints/ID/rotate"
            }
            None => {
                "restore the row from a backup, or give the endpoint another secret: POST /v1/endpoints/ID/rotate"
            }
        });
    }
    let shared = kept_secrets::shared(looking.db, keys, false)?;
    for (what, unopened) in &shared.unopened {
        checked.see(Level::Fail, format!("{what} cannot be opened: {unopened}"));
        // No endpoint has to do with it. Instances make another one where there is none.
        checked.mend(match unopened.missing_key() {
            Some(_) => {
                "put the missing key into store.secrets_keys_also and start again. Is it lost, stop every instance, \
                 `delete from secrets where name = 'veil'` and start: another is made, and of webhooks kept until then \
                 headers that are secrets cannot be verified again"
            }
            None => {
                "restore the row of secrets from a backup; or stop every instance, `delete from secrets where name = \
                 'veil'` and start: another is made, and of webhooks kept until then headers that are secrets cannot be \
                 verified again"
            }
        });
    }
    kept.add(shared);
    let waiting = kept.waiting(keys);
    if keys.seal.is_some() && 0 < waiting {
        checked.see(
            Level::Warn,
            format!("{waiting} secrets are not sealed under store.secrets_key yet"),
        );
        checked.mend("`tollgate secrets rotate`; on SQLite a start does it");
    }
    // What instances share beside them signs nothing; alone it is no reason for a key.
    if keys.seal.is_none() && 0 < clear {
        let level = if keys.expected {
            Level::Warn
        } else {
            Level::Ok
        };
        checked.see(
            level,
            format!("the secrets of {clear} endpoints lie in the database as they are"),
        );
        if keys.expected {
            checked.mend(
                "make a key with `tollgate secrets key`, name it in store.secrets_key, and see docs/operating.md, \
                 Secrets in the database",
            );
        }
    }
    Ok(())
}
