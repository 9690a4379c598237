//! Orders: created with all they hold or not at all, cancelled, looked at by a person.

use crate::capacity::{Booking, Hold, HoldState, SlotWish};
use crate::command::{AttentionOf, CreateOrder, OrderRef, RefuseCreation};
use crate::decision::{Detail, Existing, Refusal};
use crate::event::FactKind;
use crate::id::{EventId, HoldId, OrderId};
use crate::money::Money;
use crate::order::{Attention, AttentionCode, ClosingEnd, NoTotal, OrderStatus, Root};
use crate::snapshot::{EventState, Reason, StoredEvent};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::attention;
use super::closing;
use super::draft::{Draft, Reply, Step, refused, text, what_it_says};
use super::follow;
use super::hold;
use super::payment::{self, NewPayment};
use super::refund;
use super::rendezvous;
use super::room::{self, Place, Taking};

/// What has the code or the reference of a creation already.
fn taken(
    draft: &Draft,
    code: Option<&String>,
    payment: Option<&(String, String)>,
) -> Step<Option<Existing>> {
    if let Some(code) = code
        && let Some(order) = draft.order_of_code(code)?
    {
        return Ok(Some(Existing::Order(order)));
    }
    let Some((source, reference)) = payment else {
        return Ok(None);
    };
    let rendezvous = draft.rendezvous(source, reference)?;
    Ok(rendezvous
        .and_then(|row| row.payment)
        .map(Existing::Payment))
}

/// A creation names what there is not: what it would have repeated is answered first.
pub(super) fn refuse_creation(draft: &Draft, wanted: &RefuseCreation) -> Step<Reply> {
    match taken(draft, wanted.code.as_ref(), wanted.payment.as_ref())? {
        Some(existing) => refused(Refusal::AlreadyExists(existing)),
        None => refused(Refusal::Unknown(wanted.unknown)),
    }
}

/// The shop creates an order: its code, its hold, its payment, and whatever was waiting for it.
pub(super) fn create(draft: &mut Draft, wanted: &CreateOrder) -> Step<Reply> {
    if let Some(existing) = taken(draft, Some(&wanted.code), wanted.payment.as_ref())? {
        return refused(Refusal::AlreadyExists(existing));
    }
    let total_minor = match wanted.total() {
        Ok(total) => total,
        Err(NoTotal::Overflow) => return refused(Refusal::AmountOverflow),
        Err(NoTotal::Negative) => return refused(Refusal::TotalNegative),
    };
    let Some(lines) = room::stocked(&wanted.lines) else {
        return refused(Refusal::AmountOverflow);
    };
    let id = OrderId::on(wanted.fresh, 0);
    let mut taken_over = None;
    if let Some(hold) = wanted.take_over {
        let Some(mut cart) = hold::find_cart(draft, hold)? else {
            return refused(Refusal::HoldNotActive);
        };
        let now = draft.now;
        let active = |hold: &&mut Hold| hold.state == HoldState::Active && now < hold.expires_at;
        let Some(hold) = cart.holds.last_mut().filter(active) else {
            return refused(Refusal::HoldNotActive);
        };
        // Given back first and taken again for the order, so only the difference needs room.
        room::end_hold(draft, hold, HoldState::TakenOver(id))?;
        taken_over = Some(hold.clone());
        draft.put_root(cart);
    }
    let kept = taken_over.as_ref().and_then(|hold| hold.booking.as_ref());
    let measure = room::measure_of(&wanted.lines, total_minor, wanted.currency);
    let place = place(wanted.slot.as_ref(), kept);
    let taken = room::take(
        draft,
        &lines,
        place.map(|place| (place, measure)),
        Taking::Hold,
    )?;
    let booking = match taken {
        Ok(booking) => booking,
        Err(refusal) => return refuse_for_room(draft, wanted, refusal),
    };

    // From here it must succeed.
    let kept_wish = kept.map(|booking| SlotWish::Exactly(booking.slot));
    let hold = Hold {
        id: taken_over
            .as_ref()
            .map_or(HoldId::on(wanted.fresh, 1), |hold| hold.id),
        state: HoldState::Active,
        expires_at: draft.now.plus(wanted.hold),
        lines,
        booking,
    };
    let mut order = wanted.begun(total_minor);
    order.slot_wish = order.slot_wish.or(kept_wish);
    let mut root = Root {
        shop: draft.shop,
        id: wanted.fresh,
        order: Some(order),
        payments: Vec::new(),
        refunds: Vec::new(),
        holds: vec![hold],
        attention: Vec::new(),
        metadata: wanted.metadata.clone(),
        version: 0,
        created_at: draft.now,
        updated_at: draft.now,
        receipts: Vec::new(),
        timeline: Vec::new(),
    };
    record_created(draft, &root, wanted);
    let parked = draft
        .code(&wanted.code)?
        .map(|row| row.parked.clone())
        .unwrap_or_default();
    rendezvous::call_up(draft, &parked)?;
    let rendezvous = draft.code_mut(&wanted.code)?;
    rendezvous.order = Some(id);
    rendezvous.parked.clear();
    if let (Some((source, reference)), Some(order)) = (&wanted.payment, &root.order) {
        let new = NewPayment::what_is_due(order, &root.ledger(), source, reference);
        payment::add(draft, &mut root, new)?;
    }
    if total_minor == 0 {
        follow::fulfil(draft, &mut root, None)?;
    }
    draft.put_root(root);
    rendezvous::drain(draft)?;
    if total_minor == 0 {
        // There is nothing to confirm and no receipt to wait for.
        follow::complete(draft, wanted.fresh)?;
    }
    Ok(Reply::Root(wanted.fresh))
}

/// Where the order goes: the slot it asks for, else the one its cart had set aside.
fn place<'w>(wish: Option<&'w SlotWish>, kept: Option<&'w Booking>) -> Option<Place<'w>> {
    match (wish, kept) {
        (Some(SlotWish::Exactly(id)), Some(booking)) if *id == booking.slot => {
            Some(Place::Kept(booking))
        }
        (Some(wish), _) => Some(Place::Wish(wish)),
        (None, Some(booking)) => Some(Place::Kept(booking)),
        (None, None) => None,
    }
}

fn record_created(draft: &mut Draft, root: &Root, wanted: &CreateOrder) {
    let Some(order) = &root.order else { return };
    let mut detail = vec![
        ("code", text(order.code.as_str())),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
        detail.push(("expires_at", Detail::Integer(hold.expires_at.as_millis())));
        if let Some(booking) = &hold.booking {
            detail.push(("slot", Detail::Integer(booking.starts_at.as_millis())));
        }
    }
    if let Some((source, reference)) = &wanted.payment {
        detail.push(("source", text(source.as_str())));
        detail.push(("reference", text(reference.as_str())));
    }
    draft.entry(EntryKind::OrderCreated, Some(root.id), None, detail);
}

/// Refuses an order, and gives back captured money that was waiting for it (A14). The refusal
/// changes nothing else, so it starts from a clean sheet.
fn refuse_for_room(draft: &mut Draft, wanted: &CreateOrder, mut refusal: Refusal) -> Step<Reply> {
    *draft = draft.afresh();
    if let Refusal::OutOfStock {
        payment_waiting, ..
    }
    | Refusal::SlotFull { payment_waiting }
    | Refusal::NoSlotWithRoom { payment_waiting } = &mut refusal
    {
        *payment_waiting = give_back_waiting(draft, wanted)?;
    }
    refused(refusal)
}

/// Gives back captured money that waited for the refused order. Its payment becomes one of its own, so
/// that whatever the provider still says of it stays with it: an order that takes the code later is
/// another one (L9). Where a person decides about money, it goes on waiting.
fn give_back_waiting(draft: &mut Draft, wanted: &CreateOrder) -> Step<bool> {
    let mut parked: Vec<EventId> = draft
        .code(&wanted.code)?
        .map(|row| row.parked.clone())
        .unwrap_or_default();
    if let Some((source, reference)) = &wanted.payment
        && let Some(rendezvous) = draft.rendezvous(source, reference)?
    {
        parked.extend(rendezvous.parked.iter().copied());
    }
    let mut waits = false;
    for id in parked {
        let Some(stored) = draft.event_copy(id)? else {
            continue;
        };
        if !matches!(stored.state, EventState::Parked | EventState::Orphan) {
            continue;
        }
        if rendezvous::is_of_namesake(&stored, wanted.payment.as_ref()) {
            continue;
        }
        let captures = || {
            stored.event.facts.iter().filter(|fact| {
                matches!(fact.kind, FactKind::Capture(state) if state.counts())
                    && !fact.foreign_mode
                    && fact
                        .money
                        .is_none_or(|money| money.currency == wanted.currency)
            })
        };
        if captures().next().is_none() {
            continue;
        }
        waits = true;
        let money = captures().filter_map(|fact| fact.money).max();
        let given_back = match money.filter(|_| draft.rules.auto_refund) {
            Some(money) => stand_alone(draft, id, &stored, money)?,
            None => false,
        };
        if !given_back {
            let mut detail = what_it_says(&stored);
            detail.push(("reason", text(Reason::PaidUnfulfillable.word())));
            draft.entry(EntryKind::EventAttention, None, Some(id), detail);
        }
    }
    Ok(waits)
}

/// Makes a payment without an order of a waiting event, and orders its money back. Returns whether it
/// could: of one delivery, one event can stand alone, and the others wait for a person.
fn stand_alone(draft: &mut Draft, id: EventId, stored: &StoredEvent, due: Money) -> Step<bool> {
    let Some(reference) = stored.event.names.iter().find(|name| !name.is_empty()) else {
        return Ok(false);
    };
    // The delivery that brought the event names the payment: nothing else is derived from it.
    let fresh = id.root();
    if draft.root(fresh)?.is_some() {
        return Ok(false);
    }
    let mut root = payment::without_order(draft, fresh, "{}");
    let new = NewPayment {
        source: stored.source.clone(),
        reference: reference.clone(),
        due,
        expires_at: None,
    };
    let Some(payment) = payment::add(draft, &mut root, new)? else {
        return Ok(false);
    };
    let detail = vec![
        ("payment", text(payment.to_string())),
        ("source", text(stored.source.as_str())),
        ("reference", text(reference.as_str())),
        ("amount", Detail::Integer(due.minor)),
        ("currency", text(due.currency.as_str())),
    ];
    draft.entry(EntryKind::PaymentRegistered, Some(fresh), Some(id), detail);
    draft.put_root(root);
    rendezvous::drain(draft)?;
    // It has said what it says; that its money could buy nothing is what a person sees of it.
    if let Some(mut stored) = draft.event_copy(id)? {
        stored.state = EventState::Attention;
        stored.reason = Some(Reason::PaidUnfulfillable);
        draft.put_event(id, stored);
    }
    if let Some(mut root) = draft.root_copy(fresh)? {
        let code = AttentionCode::PaidUnfulfillable;
        attention::raise(draft, &mut root, code, Some(payment), Some(id));
        refund::give_back(draft, &mut root, Some(id));
        draft.put_root(root);
    }
    Ok(true)
}

/// The shop cancels an order: at once, or after the last word of its open payments. Again is the
/// same; an order that ended by itself stays as it ended.
pub(super) fn cancel(draft: &mut Draft, order: &OrderRef) -> Step<Reply> {
    let Some(mut root) = payment::find_order(draft, order)? else {
        return refused(Refusal::NotFound);
    };
    let id = root.id;
    let Some(order) = &mut root.order else {
        return refused(Refusal::NotFound);
    };
    match order.status {
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded => refused(Refusal::OrderPaid),
        OrderStatus::Expired | OrderStatus::Cancelled => Ok(Reply::Root(id)),
        OrderStatus::Closing => {
            // Its time is up already; the merchant's word only changes how it will have ended.
            if let Some(closing) = &mut order.closing {
                closing.end = ClosingEnd::Cancelled;
            }
            draft.put_root(root);
            Ok(Reply::Root(id))
        }
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid => {
            closing::close(draft, &mut root, ClosingEnd::Cancelled)?;
            draft.put_root(root);
            Ok(Reply::Root(id))
        }
    }
}

/// A person has looked at something. Again is the same.
pub(super) fn resolve(
    draft: &mut Draft,
    of: &AttentionOf,
    code: AttentionCode,
    note: &str,
) -> Step<Reply> {
    let (root, payment) = match of {
        AttentionOf::Order(order) => (payment::find_order(draft, order)?, None),
        AttentionOf::Payment(id) => (payment::find(draft, *id)?, Some(*id)),
    };
    let Some(mut root) = root else {
        return refused(Refusal::NotFound);
    };
    let has_order = root.order.is_some();
    let is_meant = |known: &Attention| {
        // What is raised about a payment without an order as a whole is about that payment.
        let about_it = payment.is_none() || known.payment == payment;
        known.code == code && (about_it || (!has_order && known.payment.is_none()))
    };
    if !root.attention.iter().any(is_meant) {
        return refused(Refusal::NotFound);
    }
    let id = root.id;
    let mut resolved = false;
    for open in root.attention.iter_mut().filter(|known| is_meant(known)) {
        if open.resolved.is_none() {
            open.resolved = Some((draft.now, note.to_owned()));
            resolved = true;
        }
    }
    if resolved {
        let detail = vec![("code", text(code.word())), ("note", text(note))];
        draft.entry(EntryKind::AttentionResolved, Some(id), None, detail);
        draft.put_root(root);
        follow::complete(draft, id)?;
    }
    Ok(payment.map_or(Reply::Root(id), Reply::Payment))
}
