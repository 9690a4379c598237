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

/// So many reasons of one source are shown.
const REASONS_MAX: usize = 3;

/// What stands between a reason and its likely cause, which only the first of a second has.
const LIKELY: &str = "; likely: ";

/// What was refused of one source.
struct Refused {
    count: usize,
    /// The last one.
    id: u128,
    /// Each reason with when it was given last, the last one first.
    reasons: Vec<(Timestamp, String)>,
}

impl Refused {
    /// Adds one that came before those that are known.
    fn add(&mut self, at: Timestamp, why: String) {
        self.count += 1;
        let reason = |why: &str| why.split(LIKELY).next().unwrap_or_default().to_owned();
        let same = |known: &&mut (Timestamp, String)| reason(&known.1) == reason(&why);
        match self.reasons.iter_mut().find(same) {
            Some((_, known)) if known.contains(LIKELY) => {}
            Some((_, known)) => *known = why,
            None => self.reasons.push((at, why)),
        }
    }
}

/// Nothing was refused in the last day, or webhooks of the same source were taken since.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let now = (looking.examination.clock)();
    let since = u128::try_from(now.as_millis() - SINCE_MS).unwrap_or(0);
    let since = id_bytes(DeliveryId::from_u128(since << 80).as_u128());
    let limit = COUNTED_MAX as i64;
    for (shop, name) in shops(looking.db)? {
        let rows = looking.db.all(REFUSED, &[&shop, &since, &limit], |row| {
            let (code, detail): (String, String) = (row.get(3)?, row.get(4)?);
            let at = Timestamp::from_millis(row.get(2)?);
            let (id, source) = (id_at(row, 0)?, row.get::<String>(1)?);
            Ok((source, id, at, format!("{code}, {detail}")))
        })?;
        let mut sources: BTreeMap<String, Refused> = BTreeMap::new();
        for (source, id, at, why) in rows {
            let known = sources.entry(source).or_insert(Refused {
                count: 0,
                id,
                reasons: Vec::new(),
            });
            known.add(at, why);
        }
        for (source, Refused { count, id, reasons }) in sources {
            let values: &[&dyn crate::db::Bind] = &[&shop, &id_bytes(id), &limit];
            let taken = looking
                .db
                .all(TAKEN_SINCE, values, |row| row.get::<String>(0))?;
            let is_mended = taken.contains(&source);
            let (level, then) = match is_mended {
                true => (Level::Ok, "; others were taken since"),
                false => (Level::Warn, ""),
            };
            let or_more = match count {
                COUNTED_MAX => " or more",
                _ => "",
            };
            let seen = format!(
                "source {source} of shop {name}: {count}{or_more} refused in the last day{then}"
            );
            checked.see(level, seen);
            for (at, why) in reasons.iter().take(REASONS_MAX) {
                let minutes = (now.as_millis() - at.as_millis()).max(0) / 60_000;
                checked.see(level, format!("{minutes} min ago: {why}"));
            }
            if !is_mended {
                checked.mend(
                    "mend what the last ones say (`tollgate deliveries list` has all), then take them \
                     with `tollgate deliveries verify --source NAME`",
                );
            }
        }
    }
    Ok(())
}
