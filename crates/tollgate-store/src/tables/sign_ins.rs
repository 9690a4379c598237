//! Tries to sign in that have not come to their good end, by user and by address.
//!
//! They are the whole installation's and are kept under one shop, by whose writer they are counted; forgotten they
//! may be in any commit.
//!
//! A try is counted before the password is looked at, in the commit that lets it, so that many at once, at
//! several instances, are no more tries than one after the other. When a failure was is set by [`failed`] alone, so
//! that failures are forgotten in time where people sign in daily.

use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error};

/// Somebody tries to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInTry {
    /// Under which shop tries are counted.
    pub shop: ShopId,
    /// What is counted, and after how many a pause begins.
    pub subjects: Vec<(String, u32)>,
    /// When.
    pub at: Timestamp,
    /// The longest pause.
    pub pause_max: Span,
}

/// A try that has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFailure {
    /// Under which shop tries are counted.
    pub shop: ShopId,
    /// What was counted.
    pub subjects: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// The first pause; each is twice as long as the one before.
const PAUSE: Span = Span::seconds(30);

/// For so long after the last one failures are remembered.
pub(crate) const FAILURES_KEPT: Span = Span::hours(24);

/// Rows that are taken at a time.
const FORGOTTEN_MAX: i64 = 200;

/// `sign_ins.get`: by primary key.
pub(crate) const GET_TRIES: &str = "\
    select failures, tried_at, until_at
      from sign_ins
     where shop_id = ?1 and subject = ?2";

/// `sign_ins.put`.
const PUT: &str = "\
    insert into sign_ins (shop_id, subject, failures, tried_at, until_at)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, subject) do update
       set failures = excluded.failures, tried_at = excluded.tried_at, until_at = excluded.until_at";

/// `sign_ins.forget`: by primary key.
const FORGET: &str = "delete from sign_ins where shop_id = ?1 and subject = ?2";

/// `sign_ins.forget_user`: a range of the primary key, a user's from wherever it was tried.
const FORGET_USER: &str =
    "delete from sign_ins where shop_id = ?1 and ?2 <= subject and subject < ?3";

/// `sign_ins.take_back`: by primary key.
const TAKE_BACK: &str = "\
    update sign_ins
       set failures = case when failures < ?3 then 0 else failures - ?3 end, until_at = 0
     where shop_id = ?1 and subject = ?2";

/// `sign_ins.failed`: by primary key.
const FAILED: &str = "\
    update sign_ins
       set tried_at = ?3
     where shop_id = ?1 and subject = ?2 and tried_at < ?3";

/// `sign_ins.sweep`: by `sign_ins_tried`.
const SWEEP: &str = "\
    delete from sign_ins
     where shop_id = ?1
       and subject in (select subject from sign_ins
                        where shop_id = ?1 and tried_at < ?2
                        order by tried_at
                        limit ?3)";

/// What was counted of one subject.
struct Tries {
    failures: u32,
    failed_at: i64,
    until: i64,
}

fn tries(db: &Db, shop: ShopId, subject: &str, now: Timestamp) -> Result<Tries, Error> {
    let kept = now.as_millis() - FAILURES_KEPT.as_millis();
    let found = db.one(GET_TRIES, &[&shop.0, &subject], |row| {
        Ok((row.get(0)?, row.get::<i64>(1)?, row.get(2)?))
    })?;
    Ok(match found {
        Some((failures, failed_at, until)) if 0 < failures && kept <= failed_at => Tries {
            failures,
            failed_at,
            until,
        },
        Some(_) | None => Tries {
            failures: 0,
            failed_at: now.as_millis(),
            until: 0,
        },
    })
}

/// Counts a try against all of its subjects, unless one of them has to wait: then no row is changed.
pub(crate) fn count(db: &Db, new: &SignInTry) -> Result<usize, Error> {
    let now = new.at.as_millis();
    db.run(
        SWEEP,
        &[
            &new.shop.0,
            &(now - FAILURES_KEPT.as_millis()),
            &FORGOTTEN_MAX,
        ],
    )?;
    let mut counted = Vec::with_capacity(new.subjects.len());
    for (subject, allowed) in &new.subjects {
        let before = tries(db, new.shop, subject, new.at)?;
        if now < before.until {
            return Ok(0);
        }
        let failures = before.failures.saturating_add(1);
        let pause = pause_after(failures, *allowed, new.pause_max);
        let until = now + pause.as_millis();
        counted.push((subject, failures, before.failed_at, until));
    }
    for (subject, failures, failed_at, until) in &counted {
        db.run(PUT, &[&new.shop.0, subject, failures, failed_at, until])?;
    }
    Ok(counted.len())
}

/// The pause after so many failures, where the first `allowed` are free but for the last.
fn pause_after(failures: u32, allowed: u32, most: Span) -> Span {
    match failures.checked_sub(allowed) {
        None => Span::millis(0),
        Some(more) => {
            let doubled = PAUSE.as_millis() << more.min(20);
            Span::millis(doubled.min(most.as_millis()))
        }
    }
}

/// Forgets what was counted of a subject.
pub(crate) fn forget(db: &Db, shop: ShopId, subject: &str) -> Result<usize, Error> {
    db.run(FORGET, &[&shop.0, &subject])
}

/// What follows a user's subject where it is counted by place, and what comes next to that.
const AT: char = '@';
const PAST_AT: char = 'A';

/// What is counted of a user's tries from one place.
pub fn subject_at(user: &str, place: &str) -> String {
    format!("{user}{AT}{place}")
}

/// Forgets what was counted of a user, from everywhere.
pub(crate) fn forget_user(db: &Db, shop: ShopId, user: &str) -> Result<usize, Error> {
    db.run(FORGET_USER, &[&shop.0, &user, &format!("{user}{PAST_AT}")])
}

/// Tries that turned out to be no failures.
pub(crate) fn take_back(db: &Db, shop: ShopId, subject: &str, tries: u32) -> Result<usize, Error> {
    db.run(TAKE_BACK, &[&shop.0, &subject, &tries])
}

/// What is counted of a subject at this time.
pub(crate) fn failures(db: &Db, shop: ShopId, subject: &str, now: Timestamp) -> Result<u32, Error> {
    Ok(tries(db, shop, subject, now)?.failures)
}

/// A try was a failure: what is counted is remembered from now on. It was one whether that is still there or not.
pub(crate) fn failed(db: &Db, failure: &SignInFailure) -> Result<usize, Error> {
    for subject in &failure.subjects {
        db.run(FAILED, &[&failure.shop.0, subject, &failure.at.as_millis()])?;
    }
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let most = Span::minutes(15);
        let after = |failures| pause_after(failures, 5, most).as_millis() / 1000;
        assert_eq!(
            [1, 4, 5, 6, 7, 9, 10, 100].map(after),
            [0, 0, 30, 60, 120, 480, 900, 900]
        );
    }
}
