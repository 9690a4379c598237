//! Payments: registered, captured by hand, asked about, refunded.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::{OrderRef, RefundPayment, RegisterPayment};
use crate::decision::{Detail, Existing, Refusal};
use crate::effect::AskReason;
use crate::event::{CaptureState, Fact, FactKind, RefundState, Strength};
use crate::id::{OrderId, PaymentId, RootId, encode};
use crate::ledger::Ledger;
use crate::method::PaymentMethod;
use crate::money::Money;
use crate::order::{Order, Root};
use crate::payment::{MANUAL_SOURCE, OrderedBy, Payment, handed_over};
use crate::time::Timestamp;
use crate::timeline::EntryKind;

use super::ask::{self, About};
use super::before::{Before, Cause};
use super::draft::{Draft, Reply, Step, refused, text};
use super::receipts;
use super::refund;
use super::rendezvous;
use super::settle;

/// A payment to be added to a root.
pub(super) struct NewPayment {
    pub(super) source: String,
    pub(super) reference: String,
    pub(super) due: Money,
    pub(super) expires_at: Option<Timestamp>,
}

impl NewPayment {
    /// Over all that the order still owes, in its currency. What was given back is owed again.
    pub(super) fn what_is_due(
        order: &Order,
        ledger: &Ledger,
        source: &str,
        reference: &str,
    ) -> NewPayment {
        let minor = ledger.outstanding();
        NewPayment {
            source: source.to_owned(),
            reference: reference.to_owned(),
            due: Money {
                minor,
                currency: order.currency,
            },
            expires_at: None,
        }
    }
}

/// Adds a payment to a root and binds its reference, which calls up what waits there. `None`: the
/// root has as many payments as it may have.
pub(super) fn add(draft: &mut Draft, root: &mut Root, new: NewPayment) -> Step<Option<PaymentId>> {
    let ordinal = match &root.order {
        Some(_) if draft.rules.payments_max <= root.payments.len() => return Ok(None),
        Some(_) => root
            .payments
            .len()
            .checked_add(1)
            .and_then(|n| u16::try_from(n).ok()),
        None => Some(0),
    };
    let Some(ordinal) = ordinal else {
        return Ok(None);
    };
    let id = PaymentId::on(root.id, ordinal);
    rendezvous::bind(draft, &new.source, &new.reference, id)?;
    root.payments.push(Payment {
        id,
        source: new.source,
        reference: new.reference,
        due: new.due,
        expires_at: new.expires_at,
        provider_payment_id: None,
        facts: Vec::new(),
        methods: BTreeMap::new(),
        created_at: draft.now,
        updated_at: draft.now,
    });
    Ok(Some(id))
}

/// The order that is meant, if there is one.
pub(super) fn find_order(draft: &Draft, order: &OrderRef) -> Step<Option<Root>> {
    let id: Option<OrderId> = match order {
        OrderRef::Id(id) => Some(*id),
        OrderRef::Code(code) => draft.order_of_code(code)?,
    };
    let Some(id) = id else { return Ok(None) };
    // An order's own ordinal is zero; anything else is no order's id.
    let root = if id.ordinal() == 0 {
        draft.root_copy(id.root())?
    } else {
        None
    };
    Ok(root.filter(|root| root.order.is_some()))
}

/// The root of a payment that exists.
pub(super) fn find(draft: &Draft, payment: PaymentId) -> Step<Option<Root>> {
    Ok(draft
        .root_copy(payment.root())?
        .filter(|root| root.payment(payment).is_some()))
}

/// The shop registers a payment. Never refused for the order's status: the late rule applies.
pub(super) fn register(draft: &mut Draft, wanted: &RegisterPayment) -> Step<Reply> {
    let rendezvous = draft.rendezvous(&wanted.source, &wanted.reference)?;
    if let Some(payment) = rendezvous.and_then(|rendezvous| rendezvous.payment) {
        return refused(Refusal::AlreadyExists(Existing::Payment(payment)));
    }
    if wanted.minor.is_some_and(|minor| minor < 0) {
        return refused(Refusal::AmountOverflow);
    }
    let mut root = match &wanted.order {
        Some(order) => {
            let Some(root) = find_order(draft, order)? else {
                return refused(Refusal::OrderUnknown);
            };
            root
        }
        None => without_order(draft, wanted.fresh, &wanted.metadata),
    };
    let ledger = root.ledger();
    let mut new = match (&root.order, wanted.currency, wanted.minor) {
        (Some(order), Some(currency), _) if currency != order.currency => {
            return refused(Refusal::CurrencyMismatch);
        }
        (Some(order), _, _) => {
            NewPayment::what_is_due(order, &ledger, &wanted.source, &wanted.reference)
        }
        (None, None, _) => return refused(Refusal::CurrencyMismatch),
        (None, Some(_), None) => return refused(Refusal::AmountOverflow),
        (None, Some(currency), Some(minor)) => NewPayment {
            source: wanted.source.clone(),
            reference: wanted.reference.clone(),
            due: Money { minor, currency },
            expires_at: None,
        },
    };
    new.due.minor = wanted.minor.unwrap_or(new.due.minor);
    new.expires_at = wanted.expires_at;
    let due = new.due;
    let Some(id) = add(draft, &mut root, new)? else {
        return refused(Refusal::TooManyPayments);
    };

    // From here it must succeed.
    let detail = vec![
        ("payment", text(id.to_string())),
        ("source", text(wanted.source.as_str())),
        ("reference", text(wanted.reference.as_str())),
        ("amount", Detail::Integer(due.minor)),
        ("currency", text(due.currency.as_str())),
    ];
    draft.entry(EntryKind::PaymentRegistered, Some(root.id), None, detail);
    draft.put_root(root);
    rendezvous::drain(draft)?;
    Ok(Reply::Payment(id))
}

/// The root of a payment without an order of ours, before it has its payment.
pub(super) fn without_order(draft: &Draft, fresh: RootId, metadata: &str) -> Root {
    Root {
        shop: draft.shop,
        id: fresh,
        order: None,
        payments: Vec::new(),
        refunds: Vec::new(),
        holds: Vec::new(),
        attention: Vec::new(),
        metadata: metadata.to_owned(),
        version: 0,
        created_at: draft.now,
        updated_at: draft.now,
        receipts: Vec::new(),
        timeline: Vec::new(),
    }
}

/// The merchant records cash or a transfer: a fact like any other, vouched for by the merchant.
pub(super) fn capture(
    draft: &mut Draft,
    id: PaymentId,
    minor: i64,
    note: &str,
    fresh: RootId,
) -> Step<Reply> {
    let Some(mut root) = find(draft, id)? else {
        return refused(Refusal::NotFound);
    };
    let Some(payment) = root.payment(id) else {
        return refused(Refusal::NotFound);
    };
    if payment.source != MANUAL_SOURCE {
        return refused(Refusal::NotManual);
    }
    if minor < 1 {
        return refused(Refusal::AmountOverflow);
    }

    // From here it must succeed.
    let money = Money {
        minor,
        currency: payment.currency(),
    };
    let kind = FactKind::Capture(CaptureState::Captured);
    let fact = merchants_word(draft, encode(fresh.as_u128()), kind, money);
    let method = PaymentMethod::of_note(note);
    let known = root.payments.iter_mut().find(|payment| payment.id == id);
    if let (Some(payment), Some(method)) = (known, method) {
        payment.note_method(&fact.object, &method);
    }
    add_by_hand(draft, &mut root, id, fact, vec![("note", text(note))])?;
    draft.put_root(root);
    Ok(Reply::Payment(id))
}

fn merchants_word(draft: &Draft, object: String, kind: FactKind, money: Money) -> Fact {
    Fact {
        object,
        kind,
        money: Some(money),
        occurred_at: Some(draft.now),
        strength: Strength::Signed,
        foreign_mode: false,
        fee_minor: 0,
    }
}

fn add_by_hand(
    draft: &mut Draft,
    root: &mut Root,
    id: PaymentId,
    fact: Fact,
    detail: Vec<(&'static str, Detail)>,
) -> Step<()> {
    let Some(payment) = root.payment(id) else {
        return Ok(());
    };
    let before = Before::of(root, payment);
    root.add_fact(id, fact);
    for payment in root.payments.iter_mut().filter(|payment| payment.id == id) {
        payment.updated_at = draft.now;
    }
    settle::settle(
        draft,
        root,
        &before,
        Cause {
            event: None,
            refund: None,
            captures_follow: false,
            detail,
        },
    )?;
    Ok(())
}

/// Somebody wants the provider asked now.
pub(super) fn check(draft: &mut Draft, id: PaymentId) -> Step<Reply> {
    let Some(root) = find(draft, id)? else {
        return refused(Refusal::NotFound);
    };
    let Some(payment) = root.payment(id) else {
        return refused(Refusal::NotFound);
    };
    if payment.source == MANUAL_SOURCE {
        return Ok(Reply::Payment(id));
    }
    ask::ask(draft, About::payment(payment, &[], None), AskReason::Check)?;
    let detail = vec![
        ("payment", text(id.to_string())),
        ("reference", text(payment.reference.as_str())),
    ];
    draft.entry(EntryKind::QuestionAsked, Some(root.id), None, detail);
    Ok(Reply::Payment(id))
}

/// The merchant wants money given back: committed, and its amount set aside, before the provider
/// is called (I6, C5). Goods and slot come back in the same commit, if the merchant says so.
pub(super) fn refund(draft: &mut Draft, wanted: &RefundPayment) -> Step<Reply> {
    let Some(mut root) = find(draft, wanted.payment)? else {
        return refused(Refusal::NotFound);
    };
    let returned = match refund::returnable(&root, &wanted.restock, wanted.release_slot) {
        Ok(returned) => returned,
        Err(refusal) => return refused(refusal),
    };
    // Cash is handed over by the merchant, and what is recorded has gone back already: no provider is called.
    let has_provider = root
        .payment(wanted.payment)
        .is_some_and(|payment| payment.source != MANUAL_SOURCE);
    let calls = !wanted.recorded && has_provider;
    let ordered = refund::order_back(
        draft,
        &mut root,
        refund::Wanted {
            payment: wanted.payment,
            minor: wanted.minor,
            reason: &wanted.reason,
            ordered_by: OrderedBy::Merchant,
            event: None,
            calls,
        },
    );
    let id = match ordered {
        Ok(id) => id,
        Err(refusal) => return refused(refusal),
    };

    // From here it must succeed.
    refund::take_back(draft, &mut root, id, returned)?;
    if !calls && let Some(refund) = root.refunds.iter().find(|refund| refund.id == id) {
        let kind = FactKind::Refund(RefundState::Succeeded);
        // Its provider knows nothing of it: what that reports of all refunds comes on top.
        let object = match has_provider {
            true => handed_over(id),
            false => id.to_string(),
        };
        let fact = merchants_word(draft, object, kind, refund.money);
        let detail = vec![("reason", text(wanted.reason.as_str()))];
        add_by_hand(draft, &mut root, wanted.payment, fact, detail)?;
    }
    draft.put_root(root);
    Ok(Reply::Refund(id))
}

/// Corrects the receipts of a payment so that they say what its ledger says. Where they do, nothing
/// happens.
pub(super) fn correct_receipts(draft: &mut Draft, id: PaymentId) -> Step<Reply> {
    let Some(mut root) = find(draft, id)? else {
        return refused(Refusal::NotFound);
    };
    receipts::correct(draft, &mut root, id);
    draft.put_root(root);
    Ok(Reply::Payment(id))
}

/// An attempt to pay has ended by the shop's word: it no longer keeps its order waiting. The provider's
/// word still counts, and it is asked for it.
pub(super) fn give_up(draft: &mut Draft, root: &mut Root, id: PaymentId) -> Step<()> {
    let Some(payment) = root.payment(id) else {
        return Ok(());
    };
    let before = Before::of(root, payment);
    let about = About::payment(payment, &[], None);
    let is_asked = payment.source != MANUAL_SOURCE;
    let (reference, at) = (payment.reference.clone(), payment.expires_at);
    // Of several tries each by its own name, or one of them would keep the attempt open.
    let tries = before.fold.captures.iter();
    let tries = tries.filter(|(_, object)| object.state.is_under_way());
    let tries = tries.map(|(name, _)| name.clone()).chain([reference]);
    for object in tries.collect::<BTreeSet<String>>() {
        let fact = Fact {
            object,
            kind: FactKind::Capture(CaptureState::Expired),
            money: None,
            occurred_at: at,
            strength: Strength::Unsigned,
            foreign_mode: false,
            fee_minor: 0,
        };
        root.add_fact(id, fact);
    }
    let detail = vec![("why", text("its time is up"))];
    settle::settle(
        draft,
        root,
        &before,
        Cause {
            event: None,
            refund: None,
            captures_follow: false,
            detail,
        },
    )?;
    if is_asked {
        ask::ask(draft, about, AskReason::Closing)?;
    }
    Ok(())
}
