//! The decisions. Read this first: what each command needs, and what it comes to.
//!
//! Each file holds a group of commands, or what several of them lead to. `settle` is the one place where a
//! root moves after its facts have: `receipts` are decided, `attention` is raised, its order lets itself be
//! paid and given back in `follow`, and ends in `closing`. `refund` is the one place that orders money back,
//! `void` the one that lets go of what was only set aside, `room` the one place where capacity moves, and
//! `draft` what a decision is built up in.
//!
//! Files name each other in one direction, but for `facts`, `rendezvous` and `payment`: facts wait where they
//! find no payment, and a payment that comes brings the facts that have waited.

mod alert;
mod answer;
mod ask;
mod attention;
mod before;
mod calendar;
mod change;
mod closing;
mod draft;
mod effect;
mod event;
mod facts;
mod follow;
mod hold;
mod order;
mod payment;
mod receipts;
mod refund;
mod rendezvous;
mod room;
mod settle;
mod stock;
mod told;
mod void;
mod voided;

use std::collections::BTreeSet;

use crate::alert::alert_key;
use crate::capacity::SlotWish;
use crate::command::{
    Action, AttentionOf, Command, CreateOrder, NewStock, OrderRef, RefundPayment, Rules, Settlement,
};
use crate::decision::Verdict;
use crate::effect::{AnswerContent, answering_source};
use crate::id::ShopId;
use crate::snapshot::{Key, SLOT_PAGE_FIRST, Snapshot};
use crate::time::Timestamp;

use draft::Draft;

/// The rows a command is about. The store loads each with its closure (snapshot.rs, `Key`).
///
/// All that can be foreseen is named, so that a miss is rare: what a payment is called at its
/// source, and how far a calendar is full, is known only after a look.
pub fn needs(now: Timestamp, command: &Command) -> BTreeSet<Key> {
    let shop = command.shop;
    let name = |source: &str, name: &str| Key::Name(shop, source.to_owned(), name.to_owned());
    let mut keys = BTreeSet::new();
    match &command.action {
        Action::TakeEvent(taken) => {
            let event = &taken.event;
            if !event.key.is_empty() {
                keys.insert(Key::EventKey(shop, taken.source.clone(), event.key.clone()));
            }
            let names = event.names.iter().filter(|name| !name.is_empty());
            keys.extend(names.map(|known| name(&taken.source, known)));
            keys.extend(event.code.clone().map(|code| Key::Code(shop, code)));
        }
        Action::ReplayEvent(id) | Action::ParkedDue(id) => {
            keys.insert(Key::Event(shop, *id));
        }
        Action::DrainName {
            source,
            name: known,
        } => {
            keys.insert(name(source, known));
        }
        Action::CreateOrder(wanted) => keys.extend(needs_of_order(now, shop, wanted)),
        Action::CancelOrder(order)
        | Action::ResolveAttention {
            of: AttentionOf::Order(order),
            ..
        } => {
            keys.insert(key_of_order(shop, order));
        }
        Action::ChangeOrder(wanted) => {
            keys.insert(key_of_order(shop, &wanted.order));
        }
        Action::RegisterPayment(wanted) => {
            keys.insert(name(&wanted.source, &wanted.reference));
            keys.extend(wanted.order.as_ref().map(|order| key_of_order(shop, order)));
        }
        Action::RefuseCreation(wanted) => {
            keys.extend(wanted.code.clone().map(|code| Key::Code(shop, code)));
            let payment = wanted.payment.as_ref();
            keys.extend(payment.map(|(source, reference)| name(source, reference)));
        }
        Action::CapturePayment { payment, .. }
        | Action::ChangePayment { payment, .. }
        | Action::CheckPayment(payment)
        | Action::CorrectReceipts(payment)
        | Action::RefundPayment(RefundPayment { payment, .. })
        | Action::ResolveAttention {
            of: AttentionOf::Payment(payment),
            ..
        } => {
            keys.insert(Key::Root(shop, payment.root()));
        }
        Action::Answer(answer) => {
            keys.insert(name(&answer.source, &answer.object));
            keys.extend(answer.event.map(|event| Key::Event(shop, event)));
            match &answer.content {
                AnswerContent::Facts { names, .. } => {
                    let names = names.iter().filter(|name| !name.is_empty());
                    keys.extend(names.map(|known| name(&answer.source, known)));
                }
                AnswerContent::Weak
                | AnswerContent::Impossible { .. }
                | AnswerContent::Mismatch { .. } => {}
            }
        }
        Action::StartEffect { effect, .. }
        | Action::RetryEffect(effect)
        | Action::CloseEffect { effect, .. } => {
            keys.insert(Key::Effect(shop, *effect));
        }
        Action::SettleEffect(settled) => {
            keys.insert(Key::Effect(shop, settled.effect));
            keys.insert(Key::Breaker(shop, settled.target.clone()));
            if let Settlement::Answered(AnswerContent::Facts { names, .. }) = &settled.settlement
                && let Some(source) = answering_source(&settled.target)
            {
                let names = names.iter().filter(|name| !name.is_empty());
                keys.extend(names.map(|known| name(source, known)));
            }
        }
        Action::TakeHold(wanted) => {
            keys.extend(
                wanted
                    .lines
                    .iter()
                    .map(|(sku, _)| Key::Stock(shop, sku.clone())),
            );
            keys.extend(
                wanted
                    .slot
                    .as_ref()
                    .map(|(wish, _)| key_of_wish(now, shop, wish)),
            );
        }
        Action::ReleaseHold(hold) => {
            keys.insert(Key::Root(shop, hold.root()));
        }
        Action::RootDue(root) => {
            keys.insert(Key::Root(shop, *root));
        }
        Action::PutStock { sku, .. }
        | Action::RemoveStock(sku)
        | Action::AdjustStock { sku, .. } => {
            keys.insert(Key::Stock(shop, sku.clone()));
        }
        Action::PutStocks(items) => {
            let skus = items.iter().map(|item| item.sku.clone());
            keys.extend(skus.map(|sku| Key::Stock(shop, sku)));
        }
        Action::RemoveCalendar(name) => {
            keys.insert(calendar::all_slots(shop, name, now));
        }
        Action::PutCalendar { calendar, .. } => {
            keys.insert(calendar::all_slots(shop, &calendar.name, now));
        }
        Action::PutSlots { calendar, slots } => {
            let starts = slots.iter().map(|slot| slot.starts_at);
            keys.extend(starts.map(|at| Key::SlotAt(shop, calendar.clone(), at)));
            keys.insert(calendar::all_slots(shop, calendar, now));
        }
        Action::MakeSlots {
            calendar,
            made_until,
            ..
        } => {
            keys.insert(match now < *made_until {
                true => calendar::all_slots(shop, calendar, now),
                false => Key::SlotAt(shop, calendar.clone(), now),
            });
        }
        Action::WatchAlert(wanted) => {
            keys.insert(Key::Alert(shop, alert_key(wanted.rule, &wanted.subject)));
        }
    }
    keys
}

fn needs_of_order(now: Timestamp, shop: ShopId, wanted: &CreateOrder) -> BTreeSet<Key> {
    let mut keys = BTreeSet::from([Key::Code(shop, wanted.code.clone())]);
    let stocked = wanted.lines.iter().filter(|line| line.stocked);
    keys.extend(stocked.map(|line| Key::Stock(shop, line.sku.clone())));
    keys.extend(
        wanted
            .slot
            .as_ref()
            .map(|wish| key_of_wish(now, shop, wish)),
    );
    keys.extend(wanted.take_over.map(|hold| Key::Root(shop, hold.root())));
    let payment = wanted.payment.clone();
    keys.extend(payment.map(|(source, reference)| Key::Name(shop, source, reference)));
    keys
}

fn key_of_order(shop: ShopId, order: &OrderRef) -> Key {
    match order {
        OrderRef::Id(id) => Key::Root(shop, id.root()),
        OrderRef::Code(code) => Key::Code(shop, code.clone()),
    }
}

/// The calendar's booking lead is not known yet, so its slots are asked for from the wish itself.
fn key_of_wish(now: Timestamp, shop: ShopId, wish: &SlotWish) -> Key {
    match wish {
        SlotWish::Earliest {
            calendar,
            not_before,
        } => {
            let from = not_before.unwrap_or(now).max(now);
            Key::Slots(shop, calendar.clone(), from, SLOT_PAGE_FIRST)
        }
        SlotWish::Exactly(id) => Key::Slot(shop, *id),
    }
}

/// Decides about one command over what is known. Pure and total (I7): no clock, no chance, no I/O,
/// and no input makes it panic.
pub fn decide(now: Timestamp, rules: &Rules, command: &Command, known: &Snapshot) -> Verdict {
    let mut draft = Draft::new(now, rules, command.shop, known);
    let reply = match &command.action {
        Action::TakeEvent(taken) => event::take(&mut draft, taken),
        Action::ReplayEvent(id) => event::replay(&mut draft, *id),
        Action::ParkedDue(id) => event::parked_due(&mut draft, *id),
        Action::DrainName { source, name } => rendezvous::drain_name(&mut draft, source, name),
        Action::CreateOrder(wanted) => order::create(&mut draft, wanted),
        Action::CancelOrder(order) => order::cancel(&mut draft, order),
        Action::ChangeOrder(wanted) => change::order(&mut draft, wanted),
        Action::ChangePayment { payment, metadata } => {
            change::payment(&mut draft, *payment, metadata.as_ref())
        }
        Action::RegisterPayment(wanted) => payment::register(&mut draft, wanted),
        Action::RefuseCreation(wanted) => order::refuse_creation(&draft, wanted),
        Action::CapturePayment {
            payment,
            minor,
            note,
            fresh,
        } => payment::capture(&mut draft, *payment, *minor, note, *fresh),
        Action::CheckPayment(payment) => payment::check(&mut draft, *payment),
        Action::RefundPayment(wanted) => payment::refund(&mut draft, wanted),
        Action::CorrectReceipts(payment) => payment::correct_receipts(&mut draft, *payment),
        Action::Answer(answer) => answer::take(&mut draft, answer),
        Action::StartEffect { effect, lease } => effect::start(&mut draft, *effect, *lease),
        Action::SettleEffect(settled) => effect::settle(&mut draft, settled),
        Action::RetryEffect(effect) => effect::retry(&mut draft, *effect),
        Action::CloseEffect {
            effect,
            done,
            reason,
        } => effect::close(&mut draft, *effect, *done, reason),
        Action::ResolveAttention { of, code, note } => order::resolve(&mut draft, of, *code, note),
        Action::TakeHold(wanted) => hold::take(&mut draft, wanted),
        Action::ReleaseHold(hold) => hold::release(&mut draft, *hold),
        Action::RootDue(root) => hold::root_due(&mut draft, *root),
        Action::PutStock {
            sku,
            on_hand,
            if_version,
            low_at,
        } => {
            let wanted = NewStock {
                sku: sku.clone(),
                on_hand: *on_hand,
                if_version: *if_version,
                low_at: *low_at,
            };
            stock::put(&mut draft, &wanted)
        }
        Action::PutStocks(items) => stock::put_all(&mut draft, items),
        Action::RemoveStock(sku) => stock::remove(&mut draft, sku),
        Action::AdjustStock { sku, delta, reason } => {
            stock::adjust(&mut draft, sku, *delta, reason)
        }
        Action::PutCalendar { calendar, slots } => calendar::put(&mut draft, calendar, slots),
        Action::RemoveCalendar(name) => calendar::remove(&mut draft, name),
        Action::PutSlots { calendar, slots } => calendar::put_slots(&mut draft, calendar, slots),
        Action::MakeSlots {
            calendar,
            version,
            slots,
            made_until,
            make_at,
        } => calendar::make(&mut draft, calendar, *version, slots, *made_until, *make_at),
        Action::WatchAlert(wanted) => alert::watch(&mut draft, wanted),
    };
    match reply {
        Ok(reply) => Verdict::Decided(Box::new(draft.finish(reply))),
        Err(missing) => Verdict::Miss(missing),
    }
}
