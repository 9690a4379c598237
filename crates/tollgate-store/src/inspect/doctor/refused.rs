//! Webhooks that were refused: the last of them, which say what is wrong with a secret or a URL.

use std::collections::BTreeMap;

use tollgate_core::id::DeliveryId;
use tollgate_core::time::Timestamp;

use super::{Looking, shops};
use crate::db::{Error, id_at, id_bytes};
use crate::report::{Checked, Level};

/// `doctor.refused`: a stretch of `deliveries_id` downwards; ids begin with their time.
const REFUSED: &str = "\
    select id, source, at, code, detail
      from deliveries
     where shop_id = ?1 and ?2 <= id and verdict = 'rejected'
     order by id desc
     limit ?3";

/// `doctor.taken_since`: whose the last events of a shop are, back to a refusal; by primary key.
const TAKEN_SINCE: &str = "\
    select source
      from events
     where shop_id = ?1 and ?2 <= id
     order by id desc
     limit ?3";

/// What is older is not looked at.
const SINCE_MS: i64 = 24 * 60 * 60 * 1000;

/// More than so many are not counted.
const COUNTED_MAX: usize = 1_000;

/// What was refused of one source.
struct Refused {
    count: usize,
    /// The last one.
    id: u128,
    at: Timestamp,
    why: String,
}

/// Nothing was refused in the last day, or webhooks of the same source were taken since.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let now = (looking.examination.clock)();
    let since = u128::try_from(now.as_millis() - SINCE_MS).unwrap_or(0);
    let since = id_bytes(DeliveryId::from_u128(since << 80).as_u128());
    for (shop, name) in shops(looking.db)? {
        let limit = COUNTED_MAX as i64;
        let rows = looking.db.all(REFUSED, &[&shop, &since, &limit], |row| {
            let (code, detail): (String, String) = (row.get(3)?, row.get(4)?);
            Ok((
                row.get::<String>(1)?,
                Refused {
                    count: 1,
                    id: id_at(row, 0)?,
                    at: Timestamp::from_millis(row.get(2)?),
                    why: format!("{code}, {detail}"),
                },
            ))
        })?;
        let mut sources: BTreeMap<String, Refused> = BTreeMap::new();
        for (source, refused) in rows {
            let known = sources.entry(source).and_modify(|known| known.count += 1);
            known.or_insert(refused);
        }
        for (source, Refused { count, id, at, why }) in sources {
            let values: &[&dyn crate::db::Bind] = &[&shop, &id_bytes(id), &limit];
            let taken = looking
                .db
                .all(TAKEN_SINCE, values, |row| row.get::<String>(0))?;
            let is_mended = taken.contains(&source);
            let minutes = (now.as_millis() - at.as_millis()).max(0) / 60_000;
            let then = match is_mended {
                true => "; others were taken since",
                false => "",
            };
            let or_more = match count {
                COUNTED_MAX => " or more",
                _ => "",
            };
            let level = if is_mended { Level::Ok } else { Level::Warn };
            checked.see(
                level,
                format!(
                    "source {source} of shop {name}: {count}{or_more} refused in the last day, the last one \
                     {minutes} min ago: {why}{then}"
                ),
            );
            if !is_mended {
                checked.mend(
                    "mend what the last one says (`tollgate deliveries list` has the others), then take \
                     them with `tollgate deliveries verify --source NAME`",
                );
            }
        }
    }
    Ok(())
}
