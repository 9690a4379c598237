//! Effects and the timeline, which is the shop's feed.

use tollgate_core::id::{EffectId, RootId};

use super::meetings::expect_roots;
use super::{Verifying, lasting};
use crate::db::{Error, id_at, id_bytes, maybe_id_at};
use crate::write::effect_id;

/// Effects of one chunk.
const EFFECTS_CHUNK: i64 = 1_000;

/// Lines of one chunk.
const LINES_CHUNK: i64 = 1_000;

/// What is not done a day after its time is late.
const EFFECT_LATE_MS: i64 = 24 * 3600 * 1000;

/// `verify.effects`: walks the primary key.
const EFFECTS: &str = "\
    select id, key, state, root, due_at
      from effects
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// Looks at every effect.
pub(super) fn walk_effects(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = [0; 16];
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after, &EFFECTS_CHUNK];
            let rows = db.all(EFFECTS, values, |row| {
                Ok((
                    id_at(row, 0)?,
                    row.get::<String>(1)?,
                    row.get::<String>(2)?,
                    maybe_id_at(row, 3)?.map(RootId::new),
                    row.get::<Option<i64>>(4)?,
                ))
            })?;
            let mut roots = Vec::new();
            for (id, key, state, root, due_at) in &rows {
                let (id, told) = (
                    EffectId::from_u128(*id),
                    EffectId::from_u128(*id).to_string(),
                );
                if effect_id(id.root(), key) != id {
                    verifying.fail("effect.key", format!("{told} is not the id of {key}"));
                }
                roots.extend(root.map(|root| (root, told.clone())));
                let late = due_at.map_or(0, |due| verifying.now.as_millis() - due);
                if state == "pending" && EFFECT_LATE_MS < late {
                    let seen = format!("{told} ({key}) was due {} ago", lasting(late));
                    verifying.warn("effect.late", seen);
                }
            }
            expect_roots(verifying, "effect.key", &roots)?;
            Ok(rows.last().map(|(id, ..)| *id))
        })?;
        match last {
            Some(last) => after = id_bytes(last),
            None => return Ok(()),
        }
    }
}

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
                if before != last && verifying.forgotten.position < *position {
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
            if head != last && !(last < head && head <= verifying.forgotten.position) {
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
