//! Whom effects are addressed to: providers, merchants' endpoints and handlers that do not answer.

use tollgate_core::time::Timestamp;

use super::{Looking, shops};
use crate::db::Error;
use crate::report::{Checked, Level, SEEN_MAX};
use crate::tables::targets;

/// `doctor.targets`: by primary key; only what has failed has a row.
const FAILING: &str = "\
    select failures, failing_since, open_until, opened, probing, target
      from targets
     where shop_id = ?1 and failing_since is not null
     order by target
     limit ?2";

/// What fails for longer than this is reported, also where it is not left alone yet.
const FAILING_MS_MAX: i64 = 15 * 60 * 1000;

/// Every target answers, or has failed for a moment only.
pub(super) fn look(looking: &Looking<'_>, checked: &mut Checked) -> Result<(), Error> {
    let now = (looking.examination.clock)();
    let limit = SEEN_MAX as i64 + 1;
    for (shop, name) in shops(looking.db)? {
        let failing = looking.db.all(FAILING, &[&shop, &limit], |row| {
            Ok((row.get::<String>(5)?, targets::read(row)?))
        })?;
        for (target, breaker) in failing {
            let since = breaker.failing_since.map_or(now, |since| since);
            let lasts_ms = now.as_millis() - since.as_millis();
            if breaker.open_until.is_none() && lasts_ms < FAILING_MS_MAX {
                continue;
            }
            let left_alone = breaker.open_until.map(|until| seconds(now, until));
            let until = left_alone.map_or(String::new(), |seconds| {
                format!("; it is tried again in {seconds} s")
            });
            let (failures, minutes) = (breaker.failures, lasts_ms / 60_000);
            checked.see(
                Level::Warn,
                format!(
                    "shop {name}: {target} has failed {failures} times in a row, for {minutes} min{until}"
                ),
            );
            checked.mend(
                "see why with `tollgate effects list`, and mend what the target or its configuration says; \
                 it is tried again by itself",
            );
        }
    }
    Ok(())
}

fn seconds(now: Timestamp, until: Timestamp) -> i64 {
    (until.as_millis() - now.as_millis()).max(0) / 1000
}
