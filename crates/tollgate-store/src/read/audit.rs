//! Who changed what: entries of the timeline that a person or a key has caused, and the records beside them,
//! as one list in the order of commits (docs/adr/0015).

use serde_json::Value;
use tollgate_core::id::{HoldId, KeyId, OrderId, PaymentId, RootId, ShopId, UserId};
use tollgate_core::time::{Span, Timestamp};

use super::timeline::{LOOK, read_row};
use super::{ID_SLACK_MS, Page, ROWS_LOOKED_AT_MAX, Seek};
use crate::Store;
use crate::db::{Db, Error, Row, id_at, id_bytes, maybe_id_at};
use crate::error::ReadError;
use crate::read::timeline::feed_since;
use crate::tables::document::from_json;
use crate::tables::timeline::{Actor, BY};

/// Rows of each of the two that are looked at together.
const ROWS_AT_ONCE: i64 = 500;

/// Where something stands in the list: a position of the feed, and the number of the record that was written
/// there. An entry of the feed itself has the number 0, and what was recorded there came after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPlace {
    /// The position.
    pub position: i64,
    /// The number.
    pub id: u128,
}

/// One change, and who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Where it stands.
    pub place: AuditPlace,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What was wanted, as `create_order`; of entries before that was kept the kind of the first.
    pub operation: String,
    /// What happened by it: the kinds of its entries in the timeline.
    pub entries: Vec<String>,
    /// On what: an id, or a name.
    pub target: Option<String>,
    /// More about the first of them.
    pub detail: Value,
    root: Option<RootId>,
    /// What else its entries name.
    names: Vec<String>,
}

/// Which changes are meant; all of what is said must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Made with this key.
    pub key: Option<KeyId>,
    /// Made by this user.
    pub user: Option<UserId>,
    /// Made by who was called so.
    pub name: Option<String>,
    /// By this command.
    pub operation: Option<String>,
    /// On this: an id, or a name.
    pub target: Option<String>,
    /// On this root or what hangs on it.
    pub root: Option<RootId>,
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

/// `audit.page`: walks the primary key downwards.
const RECORDS: &str = "\
    select position, id, at, operation, target, actor, key_id, user_id, request, detail
      from audit
     where shop_id = ?1 and (position, id) < (?2, ?3)
     order by position desc, id desc
     limit ?4";

/// `roots.is_order`: by `roots_id`.
const ROOT_CODE: &str = "select code from roots where shop_id = ?1 and id = ?2";

impl Store {
    /// A page of changes, newest first. What other than these two tables has is not looked at; a page may end
    /// early.
    pub async fn audit(
        &self,
        shop: ShopId,
        filter: AuditFilter,
        seek: Seek<AuditPlace>,
    ) -> Result<Page<AuditEntry, AuditPlace>, ReadError> {
        self.read(move |db| db.at_once(|db| page(db, shop, &filter, seek)))
            .await
    }
}

fn page(
    db: &Db,
    shop: ShopId,
    filter: &AuditFilter,
    seek: Seek<AuditPlace>,
) -> Result<Page<AuditEntry, AuditPlace>, Error> {
    let limit = seek.limit();
    let mut items: Vec<AuditEntry> = Vec::new();
    let mut below = match (seek.past, filter.until) {
        (Some(past), _) => past,
        (None, Some(until)) => AuditPlace {
            position: feed_since(db, shop, until.plus(Span::millis(ID_SLACK_MS)))?,
            id: 0,
        },
        (None, None) => AuditPlace {
            position: i64::MAX,
            id: 0,
        },
    };
    let mut looked_at = 0;
    while looked_at < ROWS_LOOKED_AT_MAX {
        let (found, floor) = chunk(db, shop, below)?;
        for (place, at, entry) in found {
            looked_at += 1;
            if filter.is_before(at) {
                return finish(db, shop, items, None);
            }
            let Some(entry) = entry.filter(|entry| filter.means(entry)) else {
                continue;
            };
            if items.len() == limit {
                let next = items.last().map(|last| last.place);
                return finish(db, shop, items, next);
            }
            debug_assert!(place < below, "pages go down");
            items.push(entry);
        }
        match floor {
            Some(floor) => below = floor,
            None => return finish(db, shop, items, None),
        }
    }
    finish(db, shop, items, Some(below))
}

/// A row of either, by its place; `None` for an entry of the feed that nobody's command has made.
type Found = (AuditPlace, Timestamp, Option<AuditEntry>);

/// What stands next below a place, newest first, and the place down to which it is all that there is; `None`
/// for the last.
fn chunk(
    db: &Db,
    shop: ShopId,
    below: AuditPlace,
) -> Result<(Vec<Found>, Option<AuditPlace>), Error> {
    // The feed's own entry at a position is the lowest of what stands there.
    let entries_below = below.position.saturating_add(i64::from(0 < below.id));
    let entries = db.all(LOOK, &[&shop.0, &entries_below, &ROWS_AT_ONCE], of_feed)?;
    let records = db.all(
        RECORDS,
        &[&shop.0, &below.position, &id_bytes(below.id), &ROWS_AT_ONCE],
        of_record,
    )?;
    let last = |rows: &[Found]| {
        let is_full = rows.len() as i64 == ROWS_AT_ONCE;
        rows.last().filter(|_| is_full).map(|(place, ..)| *place)
    };
    let floor = last(&entries).max(last(&records));
    let mut found: Vec<Found> = entries.into_iter().chain(records).collect();
    found.retain(|(place, ..)| floor.is_none_or(|floor| floor <= *place));
    found.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    Ok((found, floor))
}

fn of_feed(row: &Row<'_>) -> Result<Found, Error> {
    let place = AuditPlace {
        position: row.get(0)?,
        id: 0,
    };
    let at = Timestamp::from_millis(row.get(2)?);
    if !row.text(3)?.contains(&format!("\"{BY}\":")) {
        return Ok((place, at, None));
    }
    let entries = read_row(row)?;
    let kinds: Vec<String> = entries.iter().map(|entry| entry.kind.clone()).collect();
    let texts = entries.iter().filter_map(|entry| entry.detail.as_object());
    let texts = texts.flat_map(|detail| detail.values());
    let names = texts.filter_map(|value| value.as_str().map(str::to_owned));
    let names: Vec<String> = names.collect();
    let mut entries = entries.into_iter();
    let first = entries.next();
    let entry = first.and_then(|first| {
        Some(AuditEntry {
            place,
            at,
            by: first.by?,
            operation: first.command.unwrap_or(first.kind),
            entries: kinds,
            target: ["sku", "calendar"]
                .iter()
                .find_map(|name| first.detail[*name].as_str().map(str::to_owned)),
            detail: first.detail,
            root: first.root,
            names,
        })
    });
    Ok((place, at, entry))
}

fn of_record(row: &Row<'_>) -> Result<Found, Error> {
    let place = AuditPlace {
        position: row.get(0)?,
        id: id_at(row, 1)?,
    };
    let at = Timestamp::from_millis(row.get(2)?);
    let entry = AuditEntry {
        place,
        at,
        by: Actor {
            key: maybe_id_at(row, 6)?.map(KeyId::from_u128),
            user: maybe_id_at(row, 7)?.map(UserId::from_u128),
            name: row.text(5)?.into(),
            request: row.maybe_text(8)?.map(Into::into),
        },
        operation: row.get(3)?,
        entries: Vec::new(),
        target: row.get(4)?,
        detail: from_json("audit", row.text(9)?).map_err(crate::db::corrupt)?,
        root: None,
        names: Vec::new(),
    };
    Ok((place, at, Some(entry)))
}

impl AuditFilter {
    /// Everything at this time and before is too early.
    fn is_before(&self, at: Timestamp) -> bool {
        let slack = Span::millis(ID_SLACK_MS);
        self.since.is_some_and(|since| at.plus(slack) < since)
    }

    fn means(&self, entry: &AuditEntry) -> bool {
        let on_target = match (&self.target, self.root) {
            (None, None) => true,
            (target, root) => {
                root.is_some() && entry.root == root
                    || target.is_some()
                        && (entry.target == *target
                            || entry.names.iter().any(|name| Some(name) == target.as_ref()))
            }
        };
        let is = |wanted: Option<&str>, found: &str| wanted.is_none_or(|wanted| wanted == found);
        on_target
            && self.key.is_none_or(|key| entry.by.key == Some(key))
            && self.user.is_none_or(|user| entry.by.user == Some(user))
            && is(self.name.as_deref(), &entry.by.name)
            && is(self.operation.as_deref(), &entry.operation)
            && self.since.is_none_or(|since| since <= entry.at)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Gives what is about a root its name: an order where there is one, else what its entry is about.
fn finish(
    db: &Db,
    shop: ShopId,
    mut items: Vec<AuditEntry>,
    next: Option<AuditPlace>,
) -> Result<Page<AuditEntry, AuditPlace>, Error> {
    for item in &mut items {
        let Some(root) = item.root else { continue };
        let code = db.one(ROOT_CODE, &[&shop.0, &id_bytes(root.as_u128())], |row| {
            row.get::<Option<String>>(0)
        })?;
        let kind = item.entries.first().map_or("", String::as_str);
        let is_order = match code {
            Some(code) => code.is_some(),
            None => kind.starts_with("order."),
        };
        item.target = Some(if is_order {
            OrderId::on(root, 0).to_string()
        } else if kind.starts_with("hold.") {
            HoldId::on(root, 0).to_string()
        } else {
            PaymentId::on(root, 0).to_string()
        });
    }
    Ok(Page { items, next })
}
