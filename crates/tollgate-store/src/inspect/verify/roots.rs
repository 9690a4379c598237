//! Orders, lone payments and carts' holds: each by itself, and what it must lead to.

use std::borrow::Cow;

use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::order::{AttentionCode, Order, OrderStatus, Root};
use tollgate_core::payment::Payment;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use super::capacity::Room;

use super::contents::{self, Ordered, TakenOver};
use super::names::look_up_payments;
use super::receipts::{self, Issued, Numbers};
use super::{LATE_MS, Verifying, derived, lasting, money, parts, shown, shown_id, told, totals};
use crate::db::{Error, LookupBatch, Row, Value, id_at, id_bytes, maybe_id_at};
use crate::tables::roots::{self, StoredSums};

/// Roots of one chunk.
const CHUNK: i64 = 200;

/// Keys that are looked up together.
const KEYS_MAX: usize = 2_000;

/// `verify.roots`: walks `roots_id`. The first columns are those of `roots.get`.
const ROOTS: &str = "\
    select shop_id, id, code, status, version, created_at, updated_at, doc, kind, attention, due_at
      from roots
     where shop_id = ?1 and ?2 < id
     order by id
     limit ?3";

/// `verify.line`, `verify.name`, `verify.code`: by primary key.
const LINE: &str = "select root, entries from timeline where shop_id = ?1 and position = ?2";
const NAME: &str = "select payment from names where shop_id = ?1 and source = ?2 and name = ?3";
const CODE: &str = "select order_id from codes where shop_id = ?1 and code = ?2";

/// A root as it stands in its row.
struct Stored {
    id: RootId,
    root: Result<Root, Error>,
    /// What its document keeps of each payment for people.
    sums: Vec<StoredSums>,
    kind: String,
    status: String,
    attention: i64,
    due_at: Option<i64>,
}

/// What the roots of a chunk lead to.
#[derive(Default)]
struct Leads {
    effects: Vec<Ordered>,
    lines: Vec<(i64, RootId, String)>,
    names: Vec<Named>,
    holds: Vec<TakenOver>,
    codes: Vec<(String, RootId)>,
    issued: Vec<Issued>,
}

/// A name that is a payment's: its reference, or what its provider calls it.
struct Named {
    source: String,
    name: String,
    payment: PaymentId,
    is_reference: bool,
}

/// Looks at every root; what they hold and have sold.
pub(super) fn walk(verifying: &mut Verifying<'_>) -> Result<Room, Error> {
    let mut room = Room::begin(verifying)?;
    let mut numbers = Numbers::begin(verifying)?;
    let mut after = [0; 16];
    loop {
        let db = verifying.db;
        let last = db.at_once(|db| {
            let shop = verifying.shop.0;
            let rows = db.all(ROOTS, &[&shop, &after, &CHUNK], read_stored)?;
            let mut leads = Leads::default();
            for row in &rows {
                look_at(verifying, row, &mut leads);
                if let Ok(root) = &row.root {
                    room.take(root);
                    numbers.take(verifying, root);
                }
            }
            follow(verifying, leads)?;
            let roots: Vec<&Root> = rows
                .iter()
                .filter_map(|row| row.root.as_ref().ok())
                .collect();
            told::look_at(verifying, &roots)?;
            derived::look_for_words(verifying, &roots)?;
            Ok(rows.last().map(|row| row.id))
        })?;
        match last {
            Some(last) => after = id_bytes(last.as_u128()),
            None => {
                numbers.compare(verifying)?;
                return Ok(room);
            }
        }
    }
}

fn read_stored(row: &Row<'_>) -> Result<Stored, Error> {
    Ok(Stored {
        id: RootId::new(id_at(row, 1)?),
        root: roots::read(row),
        sums: roots::read_sums(row.text(7)?).unwrap_or_default(),
        kind: row.get(8)?,
        status: row.get(3)?,
        attention: row.get(9)?,
        due_at: row.get(10)?,
    })
}

fn look_at(verifying: &mut Verifying<'_>, row: &Stored, leads: &mut Leads) {
    let root = match &row.root {
        Ok(root) => root,
        Err(error) => {
            verifying.fail("documents", format!("{}: {error}", shown_id(row.id)));
            return;
        }
    };
    look_at_columns(verifying, row, root);
    if let Some(order) = &root.order {
        leads.codes.push((order.code.clone(), root.id));
        if let Some(fault) = status_fault(root, order) {
            verifying.fail("order.status", format!("{}: {fault}", shown(root)));
        }
    }
    parts::look_at(verifying, root, &row.sums);
    leads.holds.extend(contents::taken_over(root));
    for payment in &root.payments {
        let own_id = payment.provider_payment_id.as_ref();
        let names = [Some(&payment.reference), own_id];
        for (name, is_reference) in names.into_iter().zip([true, false]) {
            leads.names.extend(name.map(|name| Named {
                source: payment.source.clone(),
                name: name.clone(),
                payment: payment.id,
                is_reference,
            }));
        }
        let fold = payment.fold();
        let money = fold.projection;
        let was_raised = root
            .attention
            .iter()
            .any(|raised| raised.code == AttentionCode::OverRefunded);
        if fold.was_captured() && money.captured_minor < money.refunded_minor && !was_raised {
            let (captured, refunded) = (money.captured_minor, money.refunded_minor);
            let seen = format!("{}: {refunded} refunded of {captured}", payment.id);
            verifying.fail("payment.refunded", seen);
        }
    }
    money::look_at(verifying, root);
    totals::add(verifying, root);
    leads.effects.extend(contents::ordered(root));
    leads.issued.extend(receipts::issued(root));
    let kept = verifying.horizon.position;
    for position in root.timeline.iter().filter(|position| kept < **position) {
        leads.lines.push((*position, root.id, shown(root)));
    }
}

/// Compares the columns that lists and sweeps go by with the document.
fn look_at_columns(verifying: &mut Verifying<'_>, row: &Stored, root: &Root) {
    let mut differ = |column: &str, found: String, wanted: String| {
        if found != wanted {
            let seen = format!(
                "{}: {column} is {found}, its document says {wanted}",
                shown(root)
            );
            verifying.fail("columns", seen);
        }
    };
    differ("kind", row.kind.clone(), roots::kind_of(root).to_owned());
    differ(
        "status",
        row.status.clone(),
        roots::status_of(root).to_owned(),
    );
    differ(
        "attention",
        row.attention.to_string(),
        root.open_attention().count().to_string(),
    );
    let due = root.due_at().map(Timestamp::as_millis);
    // A sweep that could not deal with it has put it off.
    let put_off = row
        .due_at
        .zip(due)
        .is_some_and(|(column, due)| due < column);
    if !put_off {
        differ("due_at", format!("{:?}", row.due_at), format!("{due:?}"));
    }
    let late = due.map_or(0, |due| verifying.now.as_millis() - due);
    if LATE_MS < late {
        let seen = format!("{}: due {} ago", shown(root), lasting(late));
        verifying.warn("root.late", seen);
    }
}

/// What is wrong with an order's status, given its ledger (L2, L6).
fn status_fault(root: &Root, order: &Order) -> Option<String> {
    let ledger = root.ledger();
    let (total, captured, refunded) = (ledger.due, ledger.all.captured, ledger.all.refunded);
    let net = ledger.not_refunded();
    let kept = ledger.pays();
    let raised = |code: AttentionCode| root.attention.iter().any(|known| known.code == code);
    let is_whole = refunded == 0 || total <= net;
    // Money that went without a refund leaves the status, and is shown to a person.
    let has_come = total <= net || !root.attention.is_empty();
    let holds = match order.status {
        OrderStatus::Paid | OrderStatus::Completed => is_whole && has_come,
        OrderStatus::PartiallyRefunded => !is_whole && 0 < net,
        OrderStatus::Refunded => !is_whole && net <= 0,
        OrderStatus::AwaitingPayment => kept <= 0,
        OrderStatus::PartiallyPaid => 0 < kept && kept < total,
        OrderStatus::Closing => kept < total,
        OrderStatus::Expired | OrderStatus::Cancelled => {
            ledger.at_rest() <= 0
                || raised(AttentionCode::PaidUnfulfillable)
                || raised(AttentionCode::PartiallyPaidExpired)
        }
    };
    let closing = (order.status == OrderStatus::Closing) == order.closing.is_some();
    if !holds {
        let status = order.status.word();
        return Some(format!(
            "{status}, with {captured} captured and {refunded} refunded of {total}"
        ));
    }
    if !closing {
        return Some("its closing does not fit its status".to_owned());
    }
    None
}

/// Looks up what a chunk leads to.
fn follow(verifying: &mut Verifying<'_>, leads: Leads) -> Result<(), Error> {
    for issued in leads.issued.chunks(KEYS_MAX) {
        receipts::follow(verifying, issued)?;
    }
    let shop_id = i64::from(verifying.shop.0);
    let shop = || Value::Integer(shop_id);
    let mut missing: Vec<(&'static str, String)> = Vec::new();
    let mut strays: Vec<(PaymentId, String, String)> = Vec::new();
    for effects in leads.effects.chunks(KEYS_MAX) {
        contents::follow(verifying, effects)?;
    }
    contents::follow_holds(verifying, &leads.holds)?;
    for lines in leads.lines.chunks(KEYS_MAX) {
        let mut lookups = LookupBatch::default();
        let keys = lines
            .iter()
            .map(|(position, ..)| vec![shop(), Value::Integer(*position)]);
        let asked = lookups.ask(LINE, keys.collect());
        let found = verifying.db.look_up(lookups)?;
        let of_lines = lines.iter().map(|(_, id, _)| *id);
        let of_lines: Vec<RootId> = of_lines.collect();
        let mut is_about = vec![None; lines.len()];
        found.each(asked, |place, row| {
            let own = maybe_id_at(row, 0)?.map(RootId::new);
            let id = of_lines[place];
            let is_named = || row.text(1).map(|text| text.contains(&format!("{id:?}")));
            is_about[place] = Some(own == Some(id) || is_named()?);
            Ok(())
        })?;
        for ((position, _, shown), there) in lines.iter().zip(is_about) {
            let fault = match there {
                Some(true) => continue,
                Some(false) => "is about something else",
                None => "is not in the timeline",
            };
            let seen = format!("{shown}: position {position} {fault}");
            missing.push(("story", seen));
        }
    }
    let mut lookups = LookupBatch::default();
    let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
    let keys = leads
        .names
        .iter()
        .map(|named| vec![shop(), text(&named.source), text(&named.name)]);
    let names = lookups.ask(NAME, keys.collect());
    let keys = leads.codes.iter().map(|(code, _)| vec![shop(), text(code)]);
    let codes = lookups.ask(CODE, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let names = found.firsts(names, |row| {
        maybe_id_at(row, 0).map(|id| id.map(PaymentId::from_u128))
    })?;
    for (named, leads_to) in leads.names.iter().zip(names) {
        let leads_to = leads_to.flatten();
        let Named {
            source,
            name,
            payment,
            is_reference,
        } = named;
        // An id may read like the reference of another payment, and leads there (L9); or it was never heard of alone.
        let is_free = !is_reference && leads_to.is_none();
        if leads_to == Some(*payment) || is_free {
            continue;
        }
        let to = leads_to.map_or("nothing".to_owned(), |id| id.to_string());
        let seen = format!("{source} {name:?} leads to {to}, and is {payment}'s");
        match leads_to {
            Some(other) if !is_reference => strays.push((other, name.clone(), seen)),
            Some(_) | None => missing.push(("names", seen)),
        }
    }
    let codes = found.firsts(codes, |row| {
        maybe_id_at(row, 0).map(|id| id.map(RootId::new))
    })?;
    for ((code, order), leads_to) in leads.codes.iter().zip(codes) {
        if leads_to.flatten() != Some(*order) {
            let to = leads_to.flatten().map_or("nothing".to_owned(), shown_id);
            let seen = format!("{code} leads to {to}, and is {}'s", shown_id(*order));
            missing.push(("codes", seen));
        }
    }
    drop(found);
    let others: Vec<PaymentId> = strays.iter().map(|(other, ..)| *other).collect();
    let others = look_up_payments(verifying, &others)?;
    for (other, name, seen) in strays {
        let is_own = |known: &Payment| known.id == other && known.reference == name;
        if !others.iter().any(is_own) {
            missing.push(("names", seen));
        }
    }
    for (name, seen) in missing {
        verifying.fail(name, seen);
    }
    Ok(())
}
