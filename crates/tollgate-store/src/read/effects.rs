//! Effects: what must happen outside, and how far it is.

use std::collections::BTreeSet;

use tollgate_core::effect::{EffectKind, EffectState, StoredEffect};
use tollgate_core::id::{EffectId, RootId, ShopId, first_id};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use super::{
    EFFECTS_MAX, Look, Looked, NAMED_ROWS_MAX, Page, Reach, Seek, Stretch, is_asked, is_like,
    nth_of_table, nth_of_these, rows_of, sift,
};
use crate::Store;
use crate::db::Corrupt;
use crate::db::{Db, Error, Row, Sql, corrupt, id_at, id_bytes, maybe_id_at, two};
use crate::error::ReadError;
use crate::tables::effects;

/// An effect as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectLine {
    /// Its id, derived from its key.
    pub id: EffectId,
    /// What it is: `receipt`, `ask`, …
    pub kind: String,
    /// Whom it is addressed to.
    pub target: String,
    /// How it stands.
    pub effect: StoredEffect,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What there is to do, as it was decided.
    pub content: serde_json::Value,
    /// The feed's position at its decision: effects of one order are done by it.
    pub position: i64,
}

/// Which effects; what is not said is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EffectFilter {
    /// Of one of these kinds; empty is any.
    pub kind: Vec<EffectKind>,
    /// In one of these states; empty is any.
    pub state: Vec<EffectState>,
    /// Addressed to this target, or, with a `*` at its end, to one that begins so.
    pub target: Option<String>,
    /// About this root.
    pub root: Option<RootId>,
}

/// `effects.of_root`: by primary key. An effect of a root has the root's time at the beginning of
/// its id, so only that millisecond's are looked at. The columns are those of [`read_line`].
const OF_ROOT: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at, id, target, created_at, position
      from effects
     where shop_id = ?1 and ?2 <= id and id < ?3 and root = ?4
     order by key
     limit ?5";

/// `effects.get`: by primary key. The columns are those of [`read_line`].
const EFFECT: &str = "\
    select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at, id, target, created_at, position
      from effects
     where shop_id = ?1 and id = ?2";

/// `effects.lost`: along `effects_lost`. The columns are those of [`read_line`].
const LOST: Sql = two(
    // The index is named: without figures about its rows SQLite would rather walk all of a shop's.
    "select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at, id, target, created_at, position
      from effects indexed by effects_lost
     where shop_id = ?1 and state in ('dead', 'unknown')
     limit ?2",
    "select key, kind, state, root, due_at, content, order_key, lease, tries, reason, attempts,
           settled_at, id, target, created_at, position
      from effects
     where shop_id = ?1 and state in ('dead', 'unknown')
     order by state
     limit ?2",
);

/// `effects.look_at_lost`: along `effects_lost`, one state of it. `effects.look_at_due`: along `effects_due`.
/// `effects.look_at_turns`: along `effects_order`.
const LOOK_AT_LOST: Sql = two(
    "select id, kind, state, root, target
      from effects indexed by effects_lost
     where shop_id = ?1 and state in ('dead', 'unknown') and state = ?3
     limit ?2",
    "select id, kind, state, root, target
      from effects
     where shop_id = ?1 and state in ('dead', 'unknown') and state = ?3
     order by settled_at
     limit ?2",
);
const LOOK_AT_DUE: Sql = two(
    "select id, kind, state, root, target
      from effects indexed by effects_due
     where shop_id = ?1 and due_at is not null
     limit ?2",
    "select id, kind, state, root, target
      from effects
     where shop_id = ?1 and due_at is not null
     order by target, due_at
     limit ?2",
);
const LOOK_AT_TURNS: Sql = two(
    "select id, kind, state, root, target
      from effects indexed by effects_order
     where shop_id = ?1 and order_key is not null
     limit ?2",
    "select id, kind, state, root, target
      from effects
     where shop_id = ?1 and order_key is not null
     order by order_key, position
     limit ?2",
);

/// `effects.nth`: walks the primary key upwards.
const NTH_EFFECT: &str = "\
    select id
      from effects
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id
     limit 1 offset ?4";

/// `effects.look`: walks the primary key downwards, a chunk of it.
const LOOK_AT_EFFECTS: &str = "\
    select id, kind, state, root, target
      from effects
     where shop_id = ?1 and ?2 <= id and id < ?3
     order by id desc
     limit ?4";

impl Store {
    /// The effects of a root, by key; at most [`EFFECTS_MAX`].
    pub async fn effects_of(
        &self,
        shop: ShopId,
        root: RootId,
    ) -> Result<Vec<EffectLine>, ReadError> {
        self.read(move |db| of_root(db, shop, root)).await
    }

    /// One effect.
    pub async fn effect(
        &self,
        shop: ShopId,
        id: EffectId,
    ) -> Result<Option<EffectLine>, ReadError> {
        self.read(move |db| effect(db, shop, id.as_u128())).await
    }

    /// A page of effects. What is open, given up or of an unknown end is found by index while there is not too much of
    /// it; the rest is looked for.
    pub async fn effects(
        &self,
        shop: ShopId,
        filter: EffectFilter,
        seek: Seek<EffectId>,
    ) -> Result<Page<EffectLine, EffectId>, ReadError> {
        self.read(move |db| db.at_once(|db| effects(db, shop, &filter, seek)))
            .await
    }
}

/// The effects of a root, by key.
pub(super) fn of_root(db: &Db, shop: ShopId, root: RootId) -> Result<Vec<EffectLine>, Error> {
    let made_at = root.made_at();
    let (from, below) = (first_id(made_at), first_id(made_at.plus(Span::millis(1))));
    let values: &[&dyn crate::db::Bind] = &[
        &shop.0,
        &id_bytes(from),
        &id_bytes(below),
        &id_bytes(root.as_u128()),
        &EFFECTS_MAX,
    ];
    db.all(OF_ROOT, values, read_line)
}

/// Effects that are given up or whose end is not known, up to so many.
pub(super) fn lost(db: &Db, shop: ShopId, limit: u32) -> Result<Vec<EffectLine>, Error> {
    db.all(LOST, &[&shop.0, &limit], read_line)
}

fn effect(db: &Db, shop: ShopId, id: u128) -> Result<Option<EffectLine>, Error> {
    db.one(EFFECT, &[&shop.0, &id_bytes(id)], read_line)
}

fn effects(
    db: &Db,
    shop: ShopId,
    filter: &EffectFilter,
    seek: Seek<EffectId>,
) -> Result<Page<EffectLine, EffectId>, Error> {
    let past = seek.past.map(EffectId::as_u128);
    let mut stretch = Stretch::of((past, seek.order), None, None);
    if let Some(root) = filter.root {
        let made_at = root.made_at();
        stretch.from = stretch.from.max(first_id(made_at));
        stretch.below = stretch.below.min(first_id(made_at.plus(Span::millis(1))));
    }
    let named = named_effects(db, shop, filter)?;
    let nth = |stretch, count| match &named {
        Some(ids) => Ok(nth_of_these(ids, stretch, count)),
        None => nth_of_table(db, NTH_EFFECT, shop, stretch, count),
    };
    let look = Look {
        statement: Sql::from(LOOK_AT_EFFECTS),
        shop,
        others: Vec::new(),
    };
    let looked = |row: &Row<'_>| looked(filter, row);
    let list = (seek.limit(), seek.order);
    let page = sift(
        list,
        stretch,
        Reach::ROWS,
        nth,
        |stretch, chunk| match &named {
            Some(ids) => look.looked_at_these(db, ids, stretch, chunk, looked),
            None => look.at(db, stretch, chunk, looked),
        },
    )?;
    Ok(Page {
        items: rows_of(db, EFFECT, shop, &page.items, read_line)?,
        next: page.next.map(EffectId::from_u128),
    })
}

/// Of a row that is looked at, whether it is asked for.
fn looked(filter: &EffectFilter, row: &Row<'_>) -> Result<Looked, Error> {
    let root = maybe_id_at(row, 3)?.map(RootId::new);
    let target = row.text(4)?;
    Ok(Looked {
        id: id_at(row, 0)?,
        matches: is_asked(&filter.kind, row.text(1)?)
            && is_asked(&filter.state, row.text(2)?)
            && filter
                .target
                .as_deref()
                .is_none_or(|asked| is_like(asked, target))
            && filter.root.is_none_or(|asked| root == Some(asked)),
        bytes: 0,
    })
}

/// The effects that are asked for, where only such states are that an index has; `None` where it has very many: then a
/// walk meets some soon.
fn named_effects(
    db: &Db,
    shop: ShopId,
    filter: &EffectFilter,
) -> Result<Option<BTreeSet<u128>>, Error> {
    // Those of a root are few by themselves.
    if filter.root.is_some() || filter.state.is_empty() {
        return Ok(None);
    }
    let most = NAMED_ROWS_MAX as i64 + 1;
    let mut rows = Vec::new();
    let mut look_for_open = false;
    for state in &filter.state {
        match state {
            EffectState::Done => return Ok(None),
            // It has a time, or its lease has an end, or it waits for its turn.
            EffectState::Pending | EffectState::Leased | EffectState::Started => {
                look_for_open = true;
            }
            EffectState::Dead | EffectState::Unknown => {
                let values: &[&dyn crate::db::Bind] = &[&shop.0, &most, &state.word()];
                rows.extend(db.all(LOOK_AT_LOST, values, |row| looked(filter, row))?);
            }
        }
    }
    if look_for_open {
        for sql in [LOOK_AT_DUE, LOOK_AT_TURNS] {
            let values: &[&dyn crate::db::Bind] = &[&shop.0, &most];
            rows.extend(db.all(sql, values, |row| looked(filter, row))?);
        }
    }
    let named = || {
        let asked = rows.iter().filter(|row| row.matches);
        asked.map(|row| row.id).collect()
    };
    Ok((rows.len() <= NAMED_ROWS_MAX).then(named))
}

fn read_line(row: &Row<'_>) -> Result<EffectLine, Error> {
    let content = serde_json::from_str(row.text(5)?)
        .map_err(|error| corrupt(Corrupt::new("effect", error)))?;
    Ok(EffectLine {
        effect: effects::read(row)?,
        kind: row.get(1)?,
        id: EffectId::from_u128(id_at(row, 12)?),
        target: row.get(13)?,
        created_at: Timestamp::from_millis(row.get(14)?),
        content,
        position: row.get(15)?,
    })
}
