//! The timeline, which is the shop's feed.

use super::Verifying;
use crate::db::Error;

/// Lines of one chunk.
const LINES_CHUNK: i64 = 1_000;

/// `verify.timeline`: walks the primary key.
const LINES: &str = "\
    select position, entries
      from timeline
     where shop_id = ?1 and ?2 < position
     order by position
     limit ?3";

/// `verify.head_of_feed`: by primary key.
const HEAD: &str = "select position from shop_heads where shop_id = ?1";

/// Looks at every line: each has the positions after those of the one before, the last those up to the
/// head.
pub(super) fn walk_timeline(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut last = 0;
    loop {
        let db = verifying.db;
        let ended = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &last, &LINES_CHUNK];
            let rows = db.all(LINES, values, |row| {
                let entries: Result<Vec<serde::de::IgnoredAny>, _> =
                    serde_json::from_str(row.text(1)?);
                Ok((row.get::<i64>(0)?, entries.map(|entries| entries.len())))
            })?;
            for (position, entries) in &rows {
                let entries = match entries {
                    Ok(entries) => *entries as i64,
                    Err(error) => {
                        let seen = format!("the line at {position}: {error}");
                        verifying.fail("documents", seen);
                        position - last
                    }
                };
                let before = position - entries;
                if before != last
                    && verifying.horizon.position < *position
                    && !verifying.lost.is_skipped(last, before)
                {
                    let seen = match last < before {
                        true => format!("positions {} to {before} are missing", last + 1),
                        false => format!("the line at {position} reaches back over {last}"),
                    };
                    verifying.fail("feed", seen);
                }
                last = *position;
            }
            if !rows.is_empty() {
                return Ok(false);
            }
            let head = db.one(HEAD, &[&verifying.shop.0], |row| row.get(0))?;
            let head: i64 = head.unwrap_or(0);
            if head != last
                && !(last < head && head <= verifying.horizon.position)
                && !verifying.lost.is_skipped(last, head)
            {
                let seen = format!("the head is at {head}, the last line at {last}");
                verifying.fail("feed", seen);
            }
            Ok(true)
        })?;
        if ended {
            return Ok(());
        }
    }
}
