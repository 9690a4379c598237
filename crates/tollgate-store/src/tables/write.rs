//! Writing: the rows a batch has changed, each once, however many commands changed it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use tollgate_core::breaker::Breaker;
use tollgate_core::capacity::{Calendar, Slot, Stock};
use tollgate_core::decision::{Detail, Entry};
use tollgate_core::effect::{
    Effect, EffectContent, IssuedReceipt, Receipt, ReceiptNumber, StoredEffect,
};
use tollgate_core::id::{EffectId, EndpointId, EventId, RootId, ShopId, first_id};
use tollgate_core::idempotency::{Idempotency, Record};
use tollgate_core::order::Root;
use tollgate_core::snapshot::{CodeMeeting, Meeting, Reason, Snapshot, StoredEvent};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::{Db, Error, Head, Sql, WriteBatch, id_bytes, on_postgres, on_sqlite};
use crate::tables::doc;
use crate::tables::effect_doc;
use crate::tables::endpoints;
use crate::tables::load::{SLOT_CLOSED, key_hash, write_parked, write_question};

/// What a batch writes beside the rows of its snapshot.
#[derive(Default)]
pub(crate) struct Journal {
    /// Effects that were decided, each with the feed's position at its decision.
    pub(crate) effects: Vec<(Effect, i64)>,
    /// Receipts that were issued.
    pub(crate) receipts: Vec<(ShopId, Receipt, IssuedReceipt)>,
    /// Endpoints that get nothing more, and why.
    pub(crate) disabled: Vec<(ShopId, EndpointId, String)>,
    /// Rows of the timeline.
    pub(crate) lines: Vec<Line>,
    /// Answers kept under idempotency keys.
    pub(crate) records: Vec<(Idempotency, Record)>,
    /// What was given out last, for the shops of this batch.
    pub(crate) heads: BTreeMap<ShopId, Head>,
    /// The shops for which some were given out.
    pub(crate) told: BTreeSet<ShopId>,
}

/// Which lane writes, and its batch: so that a commit in doubt can be told (docs/gate.md).
pub(crate) struct Lane<'a> {
    /// Of which process, and which of its lanes.
    pub(crate) name: &'a str,
    /// The batch's own number.
    pub(crate) batch: [u8; 16],
}

/// One row of the timeline: the entries of one decision.
pub(crate) struct Line {
    /// Whose.
    pub(crate) shop: ShopId,
    /// The position of its last entry.
    pub(crate) position: i64,
    /// The root it is about first.
    pub(crate) root: Option<RootId>,
    /// What happened.
    pub(crate) entries: Vec<Entry>,
    /// The roots as they stood then, where the world may see them.
    pub(crate) docs: Option<String>,
}

/// Writes all of it onto the write batch. Anyone who writes is the only one that writes to these shops
/// (docs/adr/0007), so the order of tables is for reading only.
pub(crate) fn write(
    writes: &mut WriteBatch<'_>,
    db: &Db,
    now: Timestamp,
    known: &mut Snapshot,
    journal: &Journal,
    lane: &Lane<'_>,
) -> Result<(), Error> {
    for (idempotency, record) in &journal.records {
        insert_record(writes, idempotency, record)?;
    }
    for ((shop, source, key), row) in known.event_keys.dirty() {
        if let Some(event) = row.value {
            let hash = key_hash(source, key);
            writes.put(
                INSERT_EVENT_KEY,
                &[&shop.0, &hash, &id_bytes(event.as_u128())],
            )?;
        }
    }
    for ((shop, source, name), row) in known.names.dirty() {
        if let Some(meeting) = &row.value {
            write_name(writes, *shop, source, name, meeting, row.stored)?;
        }
    }
    for ((shop, code), row) in known.codes.dirty() {
        if let Some(meeting) = &row.value {
            write_code(writes, *shop, code, meeting, row.stored)?;
        }
    }
    for ((_, id), row) in known.roots.dirty() {
        if let Some(root) = &row.value {
            write_root(writes, *id, root, row.stored)?;
        }
    }
    for ((shop, id), row) in known.events.dirty() {
        if let Some(event) = &row.value {
            write_event(writes, *shop, *id, event, row.stored)?;
        }
    }
    for ((shop, _), row) in known.stock.dirty() {
        if let Some(stock) = &row.value {
            write_stock(writes, *shop, stock, row.stored)?;
        }
    }
    for ((shop, _), row) in known.calendars.dirty() {
        if let Some(calendar) = &row.value {
            write_calendar(writes, *shop, calendar)?;
        }
    }
    for ((shop, _, _), row) in known.slots.dirty() {
        if let Some(slot) = &row.value {
            write_slot(writes, *shop, slot, row.stored)?;
        }
    }
    let mut requested = BTreeSet::new();
    for (effect, position) in &journal.effects {
        if !is_requested_already(db, effect, &mut requested)? {
            insert_effect(writes, now, effect, *position)?;
        }
    }
    for ((shop, id), row) in known.effects.dirty() {
        if let Some(effect) = &row.value {
            update_effect(writes, *shop, *id, effect)?;
        }
    }
    for ((shop, target), row) in known.breakers.dirty() {
        if let Some(breaker) = &row.value {
            put_target(writes, *shop, target, breaker)?;
        }
    }
    for (shop, receipt, issued) in &journal.receipts {
        insert_receipt(writes, *shop, receipt, issued)?;
    }
    for (shop, endpoint, reason) in &journal.disabled {
        let id = id_bytes(endpoint.as_u128());
        writes.put(
            endpoints::DISABLE,
            &[&shop.0, &id, &now.as_millis(), reason],
        )?;
    }
    for line in &journal.lines {
        insert_line(writes, now, line)?;
    }
    let told = |shop: &ShopId| journal.told.contains(shop);
    for (shop, head) in journal.heads.iter().filter(|(shop, _)| told(shop)) {
        writes.put(
            WRITE_HEAD,
            &[
                &shop.0,
                &head.position,
                &head.receipts_year,
                &head.receipts,
                &head.endpoints_version,
            ],
        )?;
    }
    write_lane(writes, now, lane)
}

/// Wakes what waited for effects that this batch has ended, each the next of its order key: after
/// all of it was written.
pub(crate) fn wake(db: &Db, now: Timestamp, ended: &[(ShopId, String)]) -> Result<(), Error> {
    for (shop, order_key) in ended {
        db.run(WAKE_NEXT, &[&shop.0, order_key, &now.as_millis()])?;
    }
    Ok(())
}

/// The order keys of effects that nobody behind them waits for any longer.
pub(crate) fn ended_in_order(known: &mut Snapshot) -> Vec<(ShopId, String)> {
    let ended = |(shop, effect): (ShopId, &StoredEffect)| {
        let order_key = effect.order_key.clone().filter(|_| !effect.keeps_waiting);
        order_key.map(|order_key| (shop, order_key))
    };
    let dirty = known.effects.dirty();
    dirty
        .filter_map(|((shop, _), row)| row.value.as_ref().map(|effect| (*shop, effect)))
        .filter_map(ended)
        .collect()
}

/// `idempotency.insert`: the key was found absent by this batch, so a conflict is our mistake.
const INSERT_RECORD: &str = "\
    insert into idempotency (shop_id, hash, operation, key, fingerprint, status, at, body)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

fn insert_record(
    writes: &mut WriteBatch<'_>,
    idempotency: &Idempotency,
    record: &Record,
) -> Result<(), Error> {
    let hash = key_hash(idempotency.operation, &idempotency.key);
    writes.put(
        INSERT_RECORD,
        &[
            &idempotency.shop.0,
            &hash,
            &idempotency.operation,
            &idempotency.key,
            &record.fingerprint,
            &record.status,
            &record.at.as_millis(),
            &record.body,
        ],
    )?;
    Ok(())
}

/// `event_keys.insert`: I2; the key was found absent by this batch.
const INSERT_EVENT_KEY: &str = "insert into event_keys (shop_id, hash, event) values (?1, ?2, ?3)";

/// `names.insert`.
const INSERT_NAME: &str = "\
    insert into names (shop_id, source, name, payment, parked, question)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

/// `names.update`.
const UPDATE_NAME: &str = "\
    update names
       set payment = ?4, parked = ?5, question = ?6
     where shop_id = ?1 and source = ?2 and name = ?3";

fn write_name(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    source: &str,
    name: &str,
    meeting: &Meeting,
    stored: bool,
) -> Result<(), Error> {
    let payment = meeting.payment.map(|payment| id_bytes(payment.as_u128()));
    let question = meeting.question.as_ref().map(write_question);
    writes.put(
        if stored { UPDATE_NAME } else { INSERT_NAME },
        &[
            &shop.0,
            &source,
            &name,
            &payment,
            &write_parked(&meeting.parked),
            &question,
        ],
    )?;
    Ok(())
}

/// `codes.insert`.
const INSERT_CODE: &str =
    "insert into codes (shop_id, code, order_id, parked) values (?1, ?2, ?3, ?4)";

/// `codes.update`.
const UPDATE_CODE: &str =
    "update codes set order_id = ?3, parked = ?4 where shop_id = ?1 and code = ?2";

fn write_code(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    code: &str,
    meeting: &CodeMeeting,
    stored: bool,
) -> Result<(), Error> {
    let order = meeting.order.map(|order| id_bytes(order.as_u128()));
    writes.put(
        if stored { UPDATE_CODE } else { INSERT_CODE },
        &[&shop.0, &code, &order, &write_parked(&meeting.parked)],
    )?;
    Ok(())
}

/// `roots.insert`.
const INSERT_ROOT: &str = "\
    insert into roots (shop_id, id, kind, code, status, attention, due_at, version,
                       created_at, updated_at, doc)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// `roots.update`: by `roots_id`. Kind, code and birth never change.
const UPDATE_ROOT: &str = "\
    update roots
       set status = ?3, attention = ?4, due_at = ?5, version = ?6, updated_at = ?7, doc = ?8
     where shop_id = ?1 and id = ?2";

fn write_root(
    writes: &mut WriteBatch<'_>,
    id: RootId,
    root: &Root,
    stored: bool,
) -> Result<(), Error> {
    let id = id_bytes(id.as_u128());
    let status = root_status(root);
    let attention = root.open_attention().count() as i64;
    let due_at = root.due_at().map(Timestamp::as_millis);
    let doc = doc::write_root(root);
    let updated_at = root.updated_at.as_millis();
    if stored {
        writes.put(
            UPDATE_ROOT,
            &[
                &root.shop.0,
                &id,
                &status,
                &attention,
                &due_at,
                &root.version,
                &updated_at,
                &doc,
            ],
        )?;
    } else {
        let code = root.order.as_ref().map(|order| &order.code);
        writes.put(
            INSERT_ROOT,
            &[
                &root.shop.0,
                &id,
                &root_kind(root),
                &code,
                &status,
                &attention,
                &due_at,
                &root.version,
                &root.created_at.as_millis(),
                &updated_at,
                &doc,
            ],
        )?;
    }
    Ok(())
}

/// What a root is, as its column says.
pub(crate) fn root_kind(root: &Root) -> &'static str {
    match (&root.order, root.payments.is_empty()) {
        (Some(_), _) => "order",
        (None, false) => "payment",
        (None, true) => "hold",
    }
}

/// The order's status, the lone payment's, or the cart's hold's.
pub(crate) fn root_status(root: &Root) -> &'static str {
    if let Some(order) = &root.order {
        return order.status.word();
    }
    if let Some(payment) = root.payments.first() {
        return payment.projection().status.word();
    }
    root.hold()
        .map_or("none", |hold| doc::hold_word(hold.state))
}

/// `events.insert`.
const INSERT_EVENT: &str = "\
    insert into events (shop_id, id, source, kind, outcome, state, reason, root, received_at,
                        due_at, said, headers, body)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// `events.update`: by `events_id`. What was answered and what came never change; what was
/// understood does when the provider's own answer replaces an unproven claim.
const UPDATE_EVENT: &str = "\
    update events
       set state = ?3, reason = ?4, root = ?5, due_at = ?6, said = ?7
     where shop_id = ?1 and id = ?2";

pub(crate) fn write_event(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    id: EventId,
    stored: &StoredEvent,
    exists: bool,
) -> Result<(), Error> {
    let id = id_bytes(id.as_u128());
    let root = stored.root.map(|root| id_bytes(root.as_u128()));
    let due_at = stored.due_at.map(Timestamp::as_millis);
    let said = doc::write_event(&stored.event, stored.policy, &stored.forwards);
    if exists {
        writes.put(
            UPDATE_EVENT,
            &[
                &shop.0,
                &id,
                &stored.state.word(),
                &stored.reason.map(Reason::word),
                &root,
                &due_at,
                &said,
            ],
        )?;
    } else {
        let (headers, body): (&str, &[u8]) = stored
            .raw
            .as_ref()
            .map_or(("[]", &[]), |raw| (&raw.headers, &raw.body));
        writes.put(
            INSERT_EVENT,
            &[
                &shop.0,
                &id,
                &stored.source,
                &stored.event.kind,
                &stored.outcome.word(),
                &stored.state.word(),
                &stored.reason.map(Reason::word),
                &root,
                &stored.received_at.as_millis(),
                &due_at,
                &said,
                &headers,
                &body,
            ],
        )?;
    }
    Ok(())
}

/// `stock.insert`.
const INSERT_STOCK: &str = "\
    insert into stock (shop_id, sku, on_hand, held, version, low_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

/// `stock.update`: the CHECK is the last guard of I6.
const UPDATE_STOCK: &str = "\
    update stock
       set on_hand = ?3, held = ?4, version = ?5, low_at = ?6
     where shop_id = ?1 and sku = ?2";

fn write_stock(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    stock: &Stock,
    stored: bool,
) -> Result<(), Error> {
    writes.put(
        if stored { UPDATE_STOCK } else { INSERT_STOCK },
        &[
            &shop.0,
            &stock.sku,
            &stock.on_hand,
            &stock.held,
            &stock.version,
            &stock.low_at,
        ],
    )?;
    Ok(())
}

/// `calendars.put`.
const PUT_CALENDAR: &str = "\
    insert into calendars (shop_id, name, make_at, version, doc)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id, name) do update
       set make_at = excluded.make_at, version = excluded.version, doc = excluded.doc";

fn write_calendar(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    calendar: &Calendar,
) -> Result<(), Error> {
    writes.put(
        PUT_CALENDAR,
        &[
            &shop.0,
            &calendar.name,
            &calendar.make_at.map(Timestamp::as_millis),
            &calendar.version,
            &doc::write_calendar(calendar),
        ],
    )?;
    Ok(())
}

/// `slots.insert`.
const INSERT_SLOT: &str = "\
    insert into slots (shop_id, calendar, starts_at, id, ends_at, visible_at, capacity, held,
                       sold, by_hand)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// `slots.update`: the CHECK is the last guard of I6.
const UPDATE_SLOT: &str = "\
    update slots
       set ends_at = ?4, visible_at = ?5, capacity = ?6, held = ?7, sold = ?8, by_hand = ?9
     where shop_id = ?1 and calendar = ?2 and starts_at = ?3";

fn write_slot(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    slot: &Slot,
    stored: bool,
) -> Result<(), Error> {
    let starts_at = slot.starts_at.as_millis();
    let ends_at = slot.ends_at.as_millis();
    let visible_at = slot.visible_at.as_millis();
    let made = match slot.closed {
        true => SLOT_CLOSED,
        false => i64::from(slot.by_hand),
    };
    if stored {
        writes.put(
            UPDATE_SLOT,
            &[
                &shop.0,
                &slot.calendar,
                &starts_at,
                &ends_at,
                &visible_at,
                &slot.capacity,
                &slot.held,
                &slot.sold,
                &made,
            ],
        )?;
    } else {
        writes.put(
            INSERT_SLOT,
            &[
                &shop.0,
                &slot.calendar,
                &starts_at,
                &id_bytes(slot.id.as_u128()),
                &ends_at,
                &visible_at,
                &slot.capacity,
                &slot.held,
                &slot.sold,
                &made,
            ],
        )?;
    }
    Ok(())
}

/// `effects.insert`: I4; an effect that was decided before stays as it was.
const INSERT_EFFECT: &str = "\
    insert into effects (shop_id, id, key, kind, state, root, due_at, created_at, content, target,
                         order_key, position)
    values (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        on conflict do nothing";

fn insert_effect(
    writes: &mut WriteBatch<'_>,
    now: Timestamp,
    effect: &Effect,
    position: i64,
) -> Result<(), Error> {
    writes.put(
        INSERT_EFFECT,
        &[
            &effect.shop.0,
            &id_bytes(effect_id(effect.dated_by, &effect.key).as_u128()),
            &effect.key,
            &effect.content.kind().word(),
            &effect.root.map(|root| id_bytes(root.as_u128())),
            &effect.due_at.as_millis(),
            &now.as_millis(),
            &effect_doc::write_effect(&effect.content),
            &effect.content.target(),
            &effect.order_key,
            &position,
        ],
    )?;
    Ok(())
}

/// `effects.update`: by primary key. I5: anyone who decided has seen that the claim still holds, and is the
/// only writer of the shop. Key, kind, target and position never change.
const UPDATE_EFFECT: &str = "\
    update effects
       set state = ?3, due_at = ?4, content = ?5, order_key = ?6, lease = ?7, tries = ?8,
           reason = ?9, attempts = ?10, settled_at = ?11
     where shop_id = ?1 and id = ?2";

fn update_effect(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    id: EffectId,
    effect: &StoredEffect,
) -> Result<(), Error> {
    let order_key = effect.order_key.as_ref().filter(|_| effect.keeps_waiting);
    writes.put(
        UPDATE_EFFECT,
        &[
            &shop.0,
            &id_bytes(id.as_u128()),
            &effect.state.word(),
            &effect.due_at.map(Timestamp::as_millis),
            &effect_doc::write_effect(&effect.content),
            &order_key,
            &effect.lease.map(|lease| id_bytes(lease.0)),
            &effect.tries,
            &effect.reason,
            &effect_doc::write_attempts(&effect.attempts),
            &effect.settled_at.map(Timestamp::as_millis),
        ],
    )
}

/// `effects.wake_next`: the next of an order key, by `effects_order`. It may have been put aside because
/// this one was before it.
const WAKE_NEXT: &str = "\
    update effects
       set due_at = ?3
     where shop_id = ?1
       and due_at is null
       and state = 'pending'
       and id = (select id
                   from effects
                  where shop_id = ?1 and order_key = ?2
                  order by position
                  limit 1)";

/// `targets.put`.
const PUT_TARGET: &str = "\
    insert into targets (shop_id, target, failures, failing_since, open_until, opened, probing)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        on conflict (shop_id, target) do update
       set failures = excluded.failures, failing_since = excluded.failing_since,
           open_until = excluded.open_until, opened = excluded.opened, probing = excluded.probing";

fn put_target(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    target: &str,
    breaker: &Breaker,
) -> Result<(), Error> {
    writes.put(
        PUT_TARGET,
        &[
            &shop.0,
            &target,
            &breaker.failures,
            &breaker.failing_since.map(Timestamp::as_millis),
            &breaker.open_until.map(Timestamp::as_millis),
            &breaker.opened,
            &i64::from(breaker.probing),
        ],
    )
}

/// `receipts.insert`: exactly once; a second one would meet `receipts_id` or `receipts_number`.
const INSERT_RECEIPT: &str = "\
    insert into receipts (shop_id, id, year, sequence, kind, issued_at, token, sha256, document, pdf)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

fn insert_receipt(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    receipt: &Receipt,
    issued: &IssuedReceipt,
) -> Result<(), Error> {
    let number = receipt.number.unwrap_or(ReceiptNumber {
        year: 0,
        sequence: 0,
    });
    let sha256: &[u8] = &issued.sha256;
    let pdf: &[u8] = &issued.pdf;
    writes.put(
        INSERT_RECEIPT,
        &[
            &shop.0,
            &id_bytes(receipt.id.as_u128()),
            &number.year,
            &number.sequence,
            &receipt.kind.word(),
            &issued.at.as_millis(),
            &issued.token,
            &sha256,
            &issued.document,
            &pdf,
        ],
    )
}

/// `effects.requested`: by `effects_requested`.
const REFUND_REQUEST: Sql = on_postgres(
    "select 1 from effects where shop_id = ?1 and key = ?2 and kind = 'refund_request' limit 1",
);

/// Whether a refund was asked for under this key before. The same money may be asked back for an order
/// once, and once for an event that has found none: one key, and another id each time (I4). In a file the
/// unique key sees to it; on a server an id is unique in its month only, so the key is looked up. Other
/// keys name what their id is dated by.
fn is_requested_already<'a>(
    db: &Db,
    effect: &'a Effect,
    requested: &mut BTreeSet<(ShopId, &'a str)>,
) -> Result<bool, Error> {
    match (db, &effect.content) {
        (Db::Postgres(_), EffectContent::RefundRequest { .. }) => {
            if !requested.insert((effect.shop, &effect.key)) {
                return Ok(true);
            }
            let found = db.one(REFUND_REQUEST, &[&effect.shop.0, &effect.key], |_| Ok(()))?;
            Ok(found.is_some())
        }
        _ => Ok(false),
    }
}

/// The id of an effect that was decided: a UUIDv7 whose time is what it is dated by, and whose other bits
/// are its key's. So anyone who has the decision can name the row.
pub fn effect_id(dated_by: RootId, key: &str) -> EffectId {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let mut bytes = dated_by.as_u128().to_be_bytes();
    bytes[6..].copy_from_slice(&digest[..10]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EffectId::from_u128(u128::from_be_bytes(bytes))
}

/// `timeline.insert`: on PostgreSQL with the id whose month it belongs to.
const INSERT_LINE: Sql = on_sqlite(
    "insert into timeline (shop_id, position, root, at, entries, docs)
     values (?1, ?2, ?3, ?4, ?5, ?6)",
);
const INSERT_DATED_LINE: Sql = on_postgres(
    "insert into timeline (shop_id, position, root, at, entries, docs, dated)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
);

/// A line belongs to the month of the root it is about first, so that an order's story stays with its
/// order.
fn insert_line(writes: &mut WriteBatch<'_>, now: Timestamp, line: &Line) -> Result<(), Error> {
    let root = line.root.map(|root| id_bytes(root.as_u128()));
    let at = now.as_millis();
    let entries = write_entries(line);
    match writes {
        WriteBatch::Sqlite(_) => writes.put(
            INSERT_LINE,
            &[
                &line.shop.0,
                &line.position,
                &root,
                &at,
                &entries,
                &line.docs,
            ],
        ),
        WriteBatch::Postgres(..) => {
            let dated = root.unwrap_or_else(|| id_bytes(first_id(now)));
            writes.put(
                INSERT_DATED_LINE,
                &[
                    &line.shop.0,
                    &line.position,
                    &root,
                    &at,
                    &entries,
                    &line.docs,
                    &dated,
                ],
            )
        }
    }
}

/// The entries as a JSON array: `kind`, `event`, `root` where it is another than the row's (`null`
/// for none), and the detail's members.
fn write_entries(line: &Line) -> String {
    let entries: Vec<serde_json::Map<String, serde_json::Value>> = line
        .entries
        .iter()
        .map(|entry| {
            let mut members = serde_json::Map::new();
            members.insert("kind".to_owned(), entry.kind.word().into());
            if let Some(event) = entry.event {
                members.insert("event".to_owned(), event.to_string().into());
            }
            if entry.root != line.root {
                let root = entry.root.map(|root| format!("{root:?}"));
                members.insert("root".to_owned(), root.into());
            }
            for (name, value) in &entry.detail {
                let value = match value {
                    Detail::Text(text) => text.as_str().into(),
                    Detail::Integer(integer) => (*integer).into(),
                };
                members.insert((*name).to_owned(), value);
            }
            members
        })
        .collect();
    serde_json::to_string(&entries).expect("entries have string keys and plain values")
}

/// `shop_heads.put`: the last write of every batch.
const WRITE_HEAD: &str = "\
    insert into shop_heads (shop_id, position, receipts_year, receipts, endpoints_version)
    values (?1, ?2, ?3, ?4, ?5)
        on conflict (shop_id) do update
       set position = excluded.position, receipts_year = excluded.receipts_year,
           receipts = excluded.receipts, endpoints_version = excluded.endpoints_version";

/// `gate_lanes.put`: written by every batch. On PostgreSQL with its time, for the rows of processes
/// that are gone are forgotten some day.
const WRITE_LANE: Sql = on_sqlite(
    "insert into gate_lanes (lane, batch) values (?1, ?2)
         on conflict (lane) do update set batch = excluded.batch",
);
const WRITE_DATED_LANE: Sql = on_postgres(
    "insert into gate_lanes (lane, batch, at) values (?1, ?2, ?3)
         on conflict (lane) do update set batch = excluded.batch, at = excluded.at",
);

fn write_lane(writes: &mut WriteBatch<'_>, now: Timestamp, lane: &Lane<'_>) -> Result<(), Error> {
    match writes {
        WriteBatch::Sqlite(_) => writes.put(WRITE_LANE, &[&lane.name, &lane.batch]),
        WriteBatch::Postgres(..) => writes.put(
            WRITE_DATED_LANE,
            &[&lane.name, &lane.batch, &now.as_millis()],
        ),
    }
}
