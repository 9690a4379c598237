//! What retention has taken: until which time, so that it is not looked for.

use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;

use crate::db::{Db, Error};

/// What retention may have taken of a shop: everything made before these times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// Orders, lone payments and carts' holds, with their timeline and effects.
    pub(crate) roots: Timestamp,
    /// Events.
    pub(crate) events: Timestamp,
    /// Keys of events.
    pub(crate) keys: Timestamp,
    /// The feed's position when roots were last taken: up to it there may be gaps.
    pub(crate) position: i64,
    /// When roots were last taken.
    pub(crate) at: Timestamp,
}

/// Something that retention takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Orders, lone payments and carts' holds.
    Roots,
    /// Events.
    Events,
    /// Keys of events.
    Keys,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Roots => "roots",
            What::Events => "events",
            What::Keys => "event_keys",
        }
    }
}

/// `forgotten.get`: by the beginning of the primary key, a handful.
const GET: &str = "select what, before, position, at from forgotten where shop_id = ?1";

/// `forgotten.put`: never back.
const PUT: &str = "\
    insert into forgotten (shop_id, what, before, position, at)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, what) do update
       set before = excluded.before, position = excluded.position, at = excluded.at
     where forgotten.before <= excluded.before";

/// Reads what was taken of a shop.
pub(crate) fn read(db: &Db, shop: ShopId) -> Result<Horizon, Error> {
    let start = Timestamp::from_millis(0);
    let mut horizon = Horizon {
        roots: start,
        events: start,
        keys: start,
        position: 0,
        at: start,
    };
    let rows = db.all(GET, &[&shop.0], |row| {
        Ok((
            row.get::<String>(0)?,
            Timestamp::from_millis(row.get(1)?),
            row.get::<i64>(2)?,
            Timestamp::from_millis(row.get(3)?),
        ))
    })?;
    for (what, before, position, at) in rows {
        match what.as_str() {
            "roots" => {
                horizon.roots = before;
                horizon.position = position;
                horizon.at = at;
            }
            "events" => horizon.events = before,
            "event_keys" => horizon.keys = before,
            _ => {}
        }
    }
    Ok(horizon)
}

/// Notes what is about to be taken, in the transaction that takes it or in one before.
pub(crate) fn note(
    db: &Db,
    shop: ShopId,
    what: What,
    before: Timestamp,
    position: i64,
    now: Timestamp,
) -> Result<(), Error> {
    db.run(
        PUT,
        &[
            &shop.0,
            &what.word(),
            &before.as_millis(),
            &position,
            &now.as_millis(),
        ],
    )?;
    Ok(())
}

/// Notes that a month of roots is about to be taken, with its events: up to `below`, or further if more
/// was taken before. `position` is the feed's.
pub(crate) fn note_month(
    db: &Db,
    shop: ShopId,
    below: Timestamp,
    position: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let before = read(db, shop)?;
    note(
        db,
        shop,
        What::Roots,
        below.max(before.roots),
        position,
        now,
    )?;
    note(db, shop, What::Events, below, 0, now)
}

/// `forgotten.put_lost`: what a restore has left out, each under a word of its own. `before` is not a time here.
const PUT_LOST: &str = "\
    insert into forgotten (shop_id, what, before, position, at)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, what) do nothing";

/// Notes that positions of the feed were left out behind the first of these, up to the second: they may have been given
/// out by a state that is lost.
pub(crate) fn note_skipped(
    db: &Db,
    shop: ShopId,
    (after, to): (i64, i64),
    now: Timestamp,
) -> Result<(), Error> {
    let what = format!("skipped:{to}");
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &what, &after, &to, &now.as_millis()];
    db.run(PUT_LOST, values).map(|_| ())
}

/// Notes that numbers of receipts of a year were given out behind the first of these, up to the second, by a state
/// that is lost.
pub(crate) fn note_numbers_lost(
    db: &Db,
    shop: ShopId,
    year: i32,
    (after, to): (i64, i64),
    now: Timestamp,
) -> Result<(), Error> {
    let what = format!("numbers:{year}:{to}");
    let values: &[&dyn crate::db::Bind] = &[&shop.0, &what, &after, &to, &now.as_millis()];
    db.run(PUT_LOST, values).map(|_| ())
}

/// What restores have left out of a shop: each behind the first and up to the second.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lost {
    /// Positions of the feed.
    pub(crate) positions: Vec<(i64, i64)>,
    /// Numbers of receipts, with their year.
    pub(crate) numbers: Vec<(i32, i64, i64)>,
}

impl Lost {
    /// Whether there is nothing between these two lines of the feed because it was left out.
    pub(crate) fn is_skipped(&self, last: i64, next: i64) -> bool {
        // Several restores in a row leave out several stretches.
        let mut reached = last;
        let mut stretches = self.positions.clone();
        stretches.sort_unstable();
        for (after, to) in stretches {
            if after == reached {
                reached = to;
            }
        }
        reached == next
    }

    /// Whether a number was given out by a state that is lost.
    pub(crate) fn has_number(&self, year: i32, number: i64) -> bool {
        let mut numbers = self.numbers.iter();
        numbers.any(|(of, after, to)| *of == year && *after < number && number <= *to)
    }
}

/// What restores have left out of a shop.
pub(crate) fn lost(db: &Db, shop: ShopId) -> Result<Lost, Error> {
    let mut lost = Lost::default();
    let rows = db.all(GET, &[&shop.0], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<i64>(1)?,
            row.get::<i64>(2)?,
        ))
    })?;
    for (what, after, to) in rows {
        match what.split(':').collect::<Vec<_>>()[..] {
            ["skipped", _] => lost.positions.push((after, to)),
            ["numbers", year, _] => {
                if let Ok(year) = year.parse() {
                    lost.numbers.push((year, after, to));
                }
            }
            _ => {}
        }
    }
    Ok(lost)
}
