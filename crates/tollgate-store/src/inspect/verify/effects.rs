//! Effects: each by itself, its claim, its place in its order, and whom it is addressed to.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::effect::EffectState;
use tollgate_core::id::{EffectId, EndpointId, PaymentId, RefundId, RootId};
use tollgate_core::payment::{Refund, RefundProgress};
use tollgate_core::word::Word;

use super::contents::{self, Whole, read_whole};
use super::names::expect_roots;
use super::{LATE_MS, Verifying, lasting};
use crate::db::{Db, Error, Row, corrupt, id_at, id_bytes, maybe_id_at};
use crate::tables::origin::Origin;
use crate::tables::{effects, roots};

/// Effects of one chunk.
const CHUNK: i64 = 1_000;

/// What is not done a day after its time is late.
const DONE_LATE_MS: i64 = 24 * 3600 * 1000;

/// `verify.effects`: walks the primary key. The first columns are those of `effects.get`.
const EFFECTS: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts, settled_at,
           id, target, position, created_at, lease_hard_until, origin
      from effects
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// `verify.head_of_order`: by `effects_order`.
const HEAD_OF_ORDER: &str =
    "select min(position) from effects where shop_id = ?1 and order_key = ?2";

/// `verify.head_of_feed`: by primary key.
const HEAD_OF_FEED: &str = "select position from shop_heads where shop_id = ?1";

/// `verify.endpoints`: by primary key.
const ENDPOINTS: &str = "select id from endpoints where shop_id = ?1";

/// An effect as it stands in its row.
struct Stored {
    id: EffectId,
    key: String,
    state: String,
    root: Option<RootId>,
    due_at: Option<i64>,
    has_lease: bool,
    hard_until: Option<i64>,
    order_key: Option<String>,
    position: i64,
    target: String,
    reason: Option<String>,
    /// All of it, where it can be read.
    whole: Result<Whole, Error>,
}

impl Stored {
    fn is(&self, state: EffectState) -> bool {
        self.state == state.word()
    }

    fn is_claimed(&self) -> bool {
        self.is(EffectState::Leased) || self.is(EffectState::Started)
    }
}

/// Looks at every effect.
pub(super) fn walk(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let mut after = [0; 16];
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, &after, &CHUNK];
            let rows = db.all(EFFECTS, values, read)?;
            let endpoints = db.all(ENDPOINTS, &[&verifying.shop.0], |row| {
                Ok(EndpointId::from_u128(id_at(row, 0)?).to_string())
            })?;
            let endpoints: BTreeSet<String> = endpoints.into_iter().collect();
            let mut heads = BTreeMap::new();
            let head: i64 = db
                .one(HEAD_OF_FEED, &[&verifying.shop.0], |row| row.get(0))?
                .unwrap_or(0);
            let last = rows.last().map(|row| row.id);
            for effect in &rows {
                match &effect.whole {
                    Ok(whole) => contents::look_at(verifying, whole, head),
                    Err(error) => {
                        verifying.fail("documents", format!("{}: {error}", effect.id));
                    }
                }
                look_at(verifying, effect, &endpoints)?;
                look_at_order(verifying, db, effect, &mut heads)?;
            }
            let with_root = rows
                .iter()
                .filter_map(|row| Some((row.root?, row.id.to_string())));
            expect_roots(verifying, "effect.key", &with_root.collect::<Vec<_>>())?;
            let whole = rows.into_iter().filter_map(|row| row.whole.ok());
            contents::follow_notices(verifying, &whole.collect::<Vec<_>>())?;
            Ok(last)
        })?;
        match last {
            Some(last) => after = id_bytes(last.as_u128()),
            None => return Ok(()),
        }
    }
}

fn read(row: &Row<'_>) -> Result<Stored, Error> {
    let id = EffectId::from_u128(id_at(row, 12)?);
    let origin = row.maybe_text(17)?.map(read_origin);
    let whole = read_whole(row, id).and_then(|whole| origin.unwrap_or(Ok(())).map(|()| whole));
    Ok(Stored {
        id,
        key: row.get(0)?,
        state: row.get(2)?,
        root: maybe_id_at(row, 3)?.map(RootId::new),
        due_at: row.get(4)?,
        has_lease: maybe_id_at(row, 7)?.is_some(),
        hard_until: row.get(16)?,
        order_key: row.get(6)?,
        position: row.get(14)?,
        target: row.get(13)?,
        reason: row.get(9)?,
        whole,
    })
}

fn read_origin(text: &str) -> Result<(), Error> {
    Origin::read(text).map(|_| ()).map_err(corrupt)
}

fn look_at(
    verifying: &mut Verifying<'_>,
    effect: &Stored,
    endpoints: &BTreeSet<String>,
) -> Result<(), Error> {
    let Stored { id, key, .. } = effect;
    if effects::effect_id(id.root(), key) != *id {
        verifying.fail("effect.key", format!("{id} is not the id of {key}"));
    }
    let late = effect
        .due_at
        .map_or(0, |due| verifying.now.as_millis() - due);
    if effect.is(EffectState::Pending) && DONE_LATE_MS < late {
        let seen = format!("{id} ({key}) was due {} ago", lasting(late));
        verifying.warn("effect.late", seen);
    }
    if effect.is_claimed() {
        match (effect.has_lease, effect.due_at, effect.hard_until) {
            (true, Some(_), Some(hard)) => {
                let over = late.min(verifying.now.as_millis() - hard);
                if LATE_MS < over {
                    let seen = format!("{id} ({key}): its lease ended {} ago", lasting(over));
                    verifying.warn("effect.lease", seen);
                }
            }
            _ => {
                let seen = format!(
                    "{id} ({key}) is {}, without a lease or its end",
                    effect.state
                );
                verifying.fail("effect.lease", seen);
            }
        }
    }
    let is_given_up = effect.is(EffectState::Dead) || effect.is(EffectState::Unknown);
    if is_given_up && !gone_through(verifying, effect)? {
        let why = effect
            .reason
            .as_deref()
            .unwrap_or("the reason is not known");
        let state = &effect.state;
        let seen = format!("{id} ({key}) is {state}: {why}; `tollgate effects retry {id}`");
        verifying.warn("effect.given_up", seen);
    }
    let is_open = effect.is(EffectState::Pending) || effect.is_claimed();
    if let Some(endpoint) = effect.target.strip_prefix("notify:")
        && is_open
        && !endpoints.contains(endpoint)
    {
        let seen = format!("{id} ({key}): {endpoint} is not there");
        verifying.warn("effect.endpoint", seen);
    }
    Ok(())
}

/// It was to send a refund, and the provider has reported by now that this has gone through; or it was to let
/// go of money that is no longer set aside.
fn gone_through(verifying: &Verifying<'_>, effect: &Stored) -> Result<bool, Error> {
    let Some(root) = effect.root else {
        return Ok(false);
    };
    let about = |kind: &str| effect.key.strip_prefix(kind)?.split(':').next();
    let refund = about("refund:").and_then(|name| name.parse::<RefundId>().ok());
    let payment = about("void:").and_then(|name| name.parse::<PaymentId>().ok());
    if refund.is_none() && payment.is_none() {
        return Ok(false);
    }
    let key = id_bytes(root.as_u128());
    let root = verifying
        .db
        .one(roots::GET, &[&verifying.shop.0, &key], |row| {
            Ok(roots::read(row))
        })?;
    Ok(root.is_some_and(|root| {
        root.is_ok_and(|root| {
            let ours = |known: &&Refund| Some(known.id) == refund;
            let ours = root.refunds.iter().find(ours);
            let payment = payment.and_then(|id| root.payment(id));
            ours.is_some_and(|ours| ours.state == RefundProgress::Succeeded)
                || payment.is_some_and(|payment| !payment.fold().is_set_aside())
        })
    }))
}

/// One that has no time waits for the one before it in its order to wake it.
fn look_at_order(
    verifying: &mut Verifying<'_>,
    db: &Db,
    effect: &Stored,
    heads: &mut BTreeMap<String, Option<i64>>,
) -> Result<(), Error> {
    if !effect.is(EffectState::Pending) || effect.due_at.is_some() {
        return Ok(());
    }
    let head = match &effect.order_key {
        None => None,
        Some(order_key) => match heads.get(order_key) {
            Some(head) => *head,
            None => {
                let values: &[&dyn crate::db::Bind] = &[&verifying.shop.0, order_key];
                let head = db.one(HEAD_OF_ORDER, values, |row| row.get(0))?.flatten();
                heads.insert(order_key.clone(), head);
                head
            }
        },
    };
    if head.is_none_or(|head| effect.position <= head) {
        let Stored { id, key, .. } = effect;
        let seen = format!("{id} ({key}) waits for nothing; `tollgate effects retry {id}`");
        verifying.fail("effect.order", seen);
    }
    Ok(())
}
