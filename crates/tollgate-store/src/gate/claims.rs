//! Claims: a worker takes effects that are due, under a lease that every later write about them names.
//!
//! A claim travels through the Gate and runs after the batch has written, so it sees what the batch has
//! decided and settled. Anyone who claims is the shop's only writer at that moment: nothing is completed
//! between looking and taking (F1), and no other worker takes the same row.
//!
//! Targets are gone through one by one, each with a bound, so that neither a slow target nor a page full
//! of rows that cannot be done hides the rest (F3).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_core::breaker::Admission;
use tollgate_core::effect::{EffectState, Lease, StoredEffect, TargetKind, asked_source};
use tollgate_core::id::{EffectId, ShopId};
use tollgate_core::time::{Span, Timestamp};

use crate::db::{Db, Error, LookupBatch, Value, id_at, id_bytes};
use crate::tables::origin::Origin;
use crate::tables::{effects, targets};

/// What a worker wants to claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Of which shop.
    pub shop: ShopId,
    /// The claim's own random number.
    pub lease: Lease,
    /// How long the worker has without renewing it.
    pub lease_for: Span,
    /// How long it has in any case.
    pub lease_max: Span,
    /// How many effects it takes at the most.
    pub room: usize,
    /// How many of one target.
    pub room_of_target: usize,
    /// Targets of which it has some already: how many more it takes of them.
    pub rooms: BTreeMap<String, usize>,
    /// How many of one kind, so that targets of one kind that hang do not hold up the other kinds.
    pub room_of_kind: usize,
    /// Kinds of which it has some already: how many more it takes of them.
    pub rooms_of_kinds: BTreeMap<TargetKind, usize>,
    /// Kinds of targets it knows how to address.
    pub kinds: Vec<TargetKind>,
    /// Questions a second that one source is asked.
    pub asks_per_second: u32,
}

/// What was claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claimed {
    /// The effects, each leased.
    pub effects: Vec<(EffectId, StoredEffect)>,
    /// The requests that effects go back to, for those that have one.
    pub origins: BTreeMap<EffectId, Arc<Origin>>,
    /// When the next effect of the shop is due that this claim has left; `None`: there is none.
    pub next: Option<Timestamp>,
    /// Effects whose worker was lost: taken from it, or `unknown` now.
    pub rescued: usize,
    /// Those of which it is not known how far their worker got, with its claim and their target. They are
    /// settled as `unknown` by a command, so that it is recorded and what hangs on it follows.
    pub lost: Vec<(EffectId, Lease, String)>,
}

/// A worker reports that it is still at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renew {
    /// Of which shop.
    pub shop: ShopId,
    /// Under which claim.
    pub lease: Lease,
    /// Which effects.
    pub effects: Vec<EffectId>,
    /// For how long from now.
    pub lease_for: Span,
}

/// `effects.due_targets`: the targets that have something due or coming, with the time of the first; one
/// step down `effects_due` for each.
const DUE_TARGETS: &str = "\
    with recursive step (target) as (
        select min(target) from effects where shop_id = ?1 and due_at is not null
        union all
        select (select min(target)
                  from effects
                 where shop_id = ?1 and due_at is not null and target > step.target)
          from step
         where step.target is not null
    )
    select target,
           (select min(due_at)
              from effects
             where shop_id = ?1 and target = step.target and due_at is not null)
      from step
     where target is not null";

/// `effects.due`: walks `effects_due`.
const DUE: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at, id, position, origin
      from effects
     where shop_id = ?1 and target = ?2 and due_at <= ?3
     order by due_at
     limit ?4";

/// `effects.before`: whether somebody stands before an effect in its order, by `effects_order`.
const BEFORE: &str = "\
    select 1
      from effects
     where shop_id = ?1 and order_key = ?2 and position < ?3
     limit 1";

/// `effects.lease`: by primary key.
const LEASE: &str = "\
    update effects
       set state = 'leased', lease = ?3, due_at = ?4, lease_hard_until = ?5, tries = ?6
     where shop_id = ?1 and id = ?2";

/// `effects.set_aside`: by primary key. It waits for the one before it in its order.
const SET_ASIDE: &str = "update effects set due_at = null where shop_id = ?1 and id = ?2";

/// `effects.put_off`: by primary key. It cannot be read, or is being settled as `unknown`.
const PUT_OFF: &str = "update effects set due_at = ?3 where shop_id = ?1 and id = ?2";

/// `targets.probe`: by primary key.
const PROBE: &str =
    "update targets set open_until = ?3, probing = 1 where shop_id = ?1 and target = ?2";

/// `targets.allowed`: by primary key.
const ALLOWED: &str = "select allowed_at from targets where shop_id = ?1 and target = ?2";

/// `targets.allow`.
const ALLOW: &str = "\
    insert into targets (shop_id, target, allowed_at) values (?1, ?2, ?3)
        on conflict (shop_id, target) do update set allowed_at = excluded.allowed_at";

/// `effects.renew`: by primary key. I5: only under the claim, and never past its hard end.
const RENEW: &str = "\
    update effects
       set due_at = case when lease_hard_until < ?4 then lease_hard_until else ?4 end
     where shop_id = ?1 and id = ?2 and lease = ?3 and state in ('leased', 'started')
       and lease_hard_until > ?5";

/// `effects.due_again`: by `effects_due`.
const DUE_AGAIN: &str = "\
    update effects
       set due_at = ?3
     where shop_id = ?1 and target = ?2 and due_at > ?3 and state = 'pending'";

/// How long an effect that cannot be read is left alone.
const UNREADABLE: Span = Span::hours(1);

/// How long one that is to be settled as `unknown` is left alone; if that fails it is found again.
const LOST: Span = Span::seconds(30);

/// Rows of a target that one claim looks at. Those that it passes over are out of the way for the next
/// one, which comes at once; the shop's other work gets its turn between them.
const LOOKED_MAX: usize = 256;

/// Rows that are looked at together: about as many as there is room for, and more where they are passed
/// over.
const PAGE_MIN: usize = 8;
const PAGE_MAX: usize = 64;

/// An effect that is due, its position, and what was read of it.
type DueRow = (EffectId, (i64, Option<Origin>), Result<StoredEffect, Error>);

impl Claim {
    /// Claims what is due; inside the batch's transaction, after its writes.
    pub(crate) fn run(&self, db: &Db, now: Timestamp) -> Result<Claimed, Error> {
        let mut claimed = Claimed::default();
        let targets: Vec<(String, i64)> = db.all(DUE_TARGETS, &[&self.shop.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let mut due: Vec<(String, Timestamp)> = targets
            .into_iter()
            .filter(|(target, _)| self.knows(target))
            .map(|(target, at)| (target, Timestamp::from_millis(at)))
            .collect();
        due.sort_by_key(|(_, at)| *at);
        for (target, first) in due {
            let next = match now < first {
                true => Some(first),
                false => self.claim_of(db, now, &target, &mut claimed)?,
            };
            claimed.next = earlier(claimed.next, next);
        }
        Ok(claimed)
    }

    fn knows(&self, target: &str) -> bool {
        is_of_kinds(target, &self.kinds)
    }

    /// How many more of a target this claim takes.
    fn room_for(&self, target: &str, claimed: &Claimed) -> usize {
        let kind = TargetKind::of_target(target);
        let of_target = self.rooms.get(target).copied();
        let of_kind = kind.and_then(|kind| self.rooms_of_kinds.get(&kind).copied());
        let taken = claimed
            .effects
            .iter()
            .filter(|(_, effect)| TargetKind::of_target(&effect.content.target()) == kind)
            .count();
        of_target
            .unwrap_or(self.room_of_target)
            .min(of_kind.unwrap_or(self.room_of_kind).saturating_sub(taken))
            .min(self.room.saturating_sub(claimed.effects.len()))
    }

    /// Claims what is due of one target; when there is more to look at.
    fn claim_of(
        &self,
        db: &Db,
        now: Timestamp,
        target: &str,
        claimed: &mut Claimed,
    ) -> Result<Option<Timestamp>, Error> {
        let breaker = db
            .one(targets::GET, &[&self.shop.0, &target], targets::read)?
            .unwrap_or_default();
        let lease_until = now.plus(self.lease_for);
        let mut room = self.room_for(target, claimed);
        if room == 0 {
            // The worker comes again when it has room.
            return Ok(None);
        }
        let probes = match breaker.admits(now) {
            Admission::Nothing(until) => return Ok(Some(until)),
            Admission::Probe => true,
            Admission::All => false,
        };
        if probes {
            room = 1;
        }
        let allowance = match asked_source(target) {
            Some(_) => Some(self.allowance(db, now, target)?),
            None => None,
        };
        if let Some(allowance) = &allowance {
            room = room.min(allowance.room);
            if room == 0 {
                return Ok(Some(allowance.next));
            }
        }
        let before = claimed.effects.len();
        // Rows that are put aside or lost make room for those behind them.
        let mut looked = 0;
        let mut page = room.clamp(PAGE_MIN, PAGE_MAX);
        while claimed.effects.len() < before + room && looked < LOOKED_MAX {
            let until = before + room;
            page = page.min(LOOKED_MAX - looked);
            let seen = self.claim_page(db, now, target, (page, until), claimed)?;
            looked += seen;
            if seen < page {
                break;
            }
            page = (page * 2).min(PAGE_MAX);
        }
        let taken = claimed.effects.len() - before;
        if probes && 0 < taken {
            let until = lease_until.as_millis();
            db.run(PROBE, &[&self.shop.0, &target, &until])?;
        }
        if let Some(allowance) = allowance {
            self.spend(db, target, &allowance, taken)?;
        }
        let left = db.one(NEXT_DUE, &[&self.shop.0, &target], |row| row.get(0))?;
        Ok(left.flatten().map(Timestamp::from_millis))
    }

    /// Goes through a page of what is due until so many are claimed; how many rows there were.
    fn claim_page(
        &self,
        db: &Db,
        now: Timestamp,
        target: &str,
        (page, until): (usize, usize),
        claimed: &mut Claimed,
    ) -> Result<usize, Error> {
        let limit = i64::try_from(page).unwrap_or(i64::MAX);
        let values: [&dyn crate::db::Bind; 4] = [&self.shop.0, &target, &now.as_millis(), &limit];
        let rows: Vec<DueRow> = db.all(DUE, &values, |row| {
            let id = EffectId::from_u128(id_at(row, 12)?);
            let position: i64 = row.get(13)?;
            // An effect is not held up by the name of its request.
            let origin = row.maybe_text(14)?.and_then(|text| Origin::read(text).ok());
            Ok((id, (position, origin), effects::read(row)))
        })?;
        let seen = rows.len();
        let waits = self.waiting(db, &rows)?;
        // What becomes of them travels together.
        let mut writes = db.write_batch();
        for ((id, (_, origin), effect), waits) in rows.into_iter().zip(waits) {
            if until <= claimed.effects.len() {
                break;
            }
            let at = id_bytes(id.as_u128());
            let mut effect = match effect {
                Ok(effect) => effect,
                // F9: one row that cannot be read does not stop the claimer.
                Err(error) => {
                    tracing::error!(effect = %id, %error, "failed to read an effect; left alone for an hour");
                    let later = now.plus(UNREADABLE).as_millis();
                    writes.put(PUT_OFF, &[&self.shop.0, &at, &later])?;
                    continue;
                }
            };
            if effect.state.is_claimed() {
                claimed.rescued += 1;
                tracing::warn!(effect = %id, key = effect.key, "the worker of an effect was lost");
            }
            if effect.state == EffectState::Started {
                let later = now.plus(LOST).as_millis();
                writes.put(PUT_OFF, &[&self.shop.0, &at, &later])?;
                let lease = effect.lease.unwrap_or(Lease(0));
                claimed.lost.push((id, lease, effect.content.target()));
                continue;
            }
            if waits {
                writes.put(SET_ASIDE, &[&self.shop.0, &at])?;
                continue;
            }
            let until = now.plus(self.lease_for);
            effect.state = EffectState::Leased;
            effect.lease = Some(self.lease);
            effect.due_at = Some(until);
            effect.tries = effect.tries.saturating_add(1);
            writes.put(
                LEASE,
                &[
                    &self.shop.0,
                    &at,
                    &id_bytes(self.lease.0),
                    &until.as_millis(),
                    &now.plus(self.lease_max).as_millis(),
                    &effect.tries,
                ],
            )?;
            if let Some(origin) = origin {
                claimed.origins.insert(id, Arc::new(origin));
            }
            claimed.effects.push((id, effect));
        }
        writes.finish()?;
        Ok(seen)
    }

    /// Before which of these somebody stands in their order.
    fn waiting(&self, db: &Db, rows: &[DueRow]) -> Result<Vec<bool>, Error> {
        let mut waits = vec![false; rows.len()];
        let (mut places, mut keys) = (Vec::new(), Vec::new());
        for (place, (_, (position, _), effect)) in rows.iter().enumerate() {
            if let Ok(effect) = effect
                && let Some(order_key) = &effect.order_key
            {
                places.push(place);
                keys.push(vec![
                    Value::Integer(i64::from(self.shop.0)),
                    Value::Text(Cow::Borrowed(order_key)),
                    Value::Integer(*position),
                ]);
            }
        }
        if keys.is_empty() {
            return Ok(waits);
        }
        let mut lookups = LookupBatch::default();
        let before = lookups.ask(BEFORE, keys);
        let found = db.look_up(lookups)?;
        for (place, before) in places.into_iter().zip(found.firsts(before, |_| Ok(()))?) {
            waits[place] = before.is_some();
        }
        Ok(waits)
    }

    /// How many questions a source may be asked now: a rate, kept in its row so that all instances
    /// together keep it.
    fn allowance(&self, db: &Db, now: Timestamp, target: &str) -> Result<Allowance, Error> {
        // What names no payment of ours may be anybody's word: it has half the rate, beside the others.
        let rate = match TargetKind::of_target(target) {
            Some(TargetKind::Ask) => self.asks_per_second.max(1),
            _ => (self.asks_per_second / 2).max(1),
        };
        let every = 1000 / i64::from(rate);
        let stored: Option<Option<i64>> =
            db.one(ALLOWED, &[&self.shop.0, &target], |row| row.get(0))?;
        let burst = i64::from(rate).saturating_mul(every);
        let now = now.as_millis();
        let from = stored.flatten().unwrap_or(0).max(now - burst);
        let room = usize::try_from((now - from) / every.max(1)).unwrap_or(0);
        Ok(Allowance {
            room,
            from,
            every,
            next: Timestamp::from_millis(from + every),
        })
    }

    fn spend(
        &self,
        db: &Db,
        target: &str,
        allowance: &Allowance,
        taken: usize,
    ) -> Result<(), Error> {
        if taken == 0 {
            return Ok(());
        }
        let spent = i64::try_from(taken).unwrap_or(i64::MAX);
        let allowed_at = allowance
            .from
            .saturating_add(spent.saturating_mul(allowance.every));
        db.run(ALLOW, &[&self.shop.0, &target, &allowed_at])?;
        Ok(())
    }
}

/// `effects.next_due`: the first of a target, by `effects_due`.
const NEXT_DUE: &str = "\
    select min(due_at)
      from effects
     where shop_id = ?1 and target = ?2 and due_at is not null";

/// What a source may be asked.
struct Allowance {
    room: usize,
    from: i64,
    every: i64,
    next: Timestamp,
}

/// A worker that knows these kinds of targets does what is addressed to this one. What a later version
/// addresses to one of its own waits for that.
fn is_of_kinds(target: &str, kinds: &[TargetKind]) -> bool {
    TargetKind::of_target(target).is_some_and(|kind| kinds.contains(&kind))
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// `effects.next`: the first of the kinds a worker knows, by `effects_due`.
pub(crate) fn next_effect(
    db: &Db,
    shop: ShopId,
    kinds: &[TargetKind],
) -> Result<Option<Timestamp>, Error> {
    let targets: Vec<(String, i64)> = db.all(DUE_TARGETS, &[&shop.0], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let known = targets
        .into_iter()
        .filter(|(target, _)| is_of_kinds(target, kinds));
    Ok(known.map(|(_, at)| Timestamp::from_millis(at)).min())
}

/// Makes what waits to be tried again for a target due at a time that comes before; how many there were.
pub(crate) fn due_again(
    db: &Db,
    shop: ShopId,
    target: &str,
    at: Timestamp,
) -> Result<usize, Error> {
    db.run(DUE_AGAIN, &[&shop.0, &target, &at.as_millis()])
}

impl Renew {
    /// Renews what is still held; which effects those are.
    pub(crate) fn run(&self, db: &Db, now: Timestamp) -> Result<Vec<EffectId>, Error> {
        let until = now.plus(self.lease_for).as_millis();
        let mut held = Vec::new();
        for effect in &self.effects {
            let changed = db.run(
                RENEW,
                &[
                    &self.shop.0,
                    &id_bytes(effect.as_u128()),
                    &id_bytes(self.lease.0),
                    &until,
                    &now.as_millis(),
                ],
            )?;
            if changed == 1 {
                held.push(*effect);
            }
        }
        Ok(held)
    }
}
