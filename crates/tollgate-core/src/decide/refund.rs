//! Money ordered back: the one place that orders it, and what becomes of the order.

use crate::capacity::{Booking, HoldState};
use crate::decision::{Detail, Refusal};
use crate::effect::EffectContent;
use crate::event::{Fact, FactKind, RefundState, Strength};
use crate::id::{EventId, PaymentId, RefundId, RootId};
use crate::money::Money;
use crate::order::Root;
use crate::payment::{MANUAL_SOURCE, OrderedBy, Refund, RefundProgress};
use crate::time::{Span, Timestamp};
use crate::timeline::EntryKind;
use crate::word::Word;

use super::draft::{Draft, Step, text};

/// What is to be ordered back.
pub(super) struct Wanted<'w> {
    pub(super) payment: PaymentId,
    pub(super) minor: i64,
    pub(super) reason: &'w str,
    pub(super) ordered_by: OrderedBy,
    pub(super) event: Option<EventId>,
    /// The provider is to be called; else the caller notes it as a fact.
    pub(super) calls: bool,
}

/// Orders money back: a row with a reservation, and a call to the provider. Refuses what is not free
/// (L1).
pub(super) fn order_back(
    draft: &mut Draft,
    root: &mut Root,
    wanted: Wanted,
) -> Result<RefundId, Refusal> {
    let Wanted {
        payment: id,
        minor,
        reason,
        ordered_by,
        event,
        calls,
    } = wanted;
    let Some(payment) = root.payment(id) else {
        return Err(Refusal::NotFound);
    };
    if minor < 1 {
        return Err(Refusal::AmountOverflow);
    }
    let refundable_minor = root.ledger().of_payment(id).free();
    if refundable_minor < minor {
        return Err(Refusal::RefundExceedsCaptured { refundable_minor });
    }
    let ordinal = root.refunds.len().checked_add(1);
    let Some(ordinal) = ordinal.and_then(|n| u16::try_from(n).ok()) else {
        return Err(Refusal::TooManyPayments);
    };

    // From here it must succeed.
    let source = payment.source.clone();
    let refund = RefundId::on(root.id, ordinal);
    let money = Money {
        minor,
        currency: payment.currency(),
    };
    let mut detail = vec![
        ("refund", text(refund.to_string())),
        ("payment", text(id.to_string())),
        ("source", text(source.as_str())),
        ("reference", text(payment.reference.as_str())),
        ("amount", Detail::Integer(minor)),
        ("currency", text(money.currency.as_str())),
        ("reason", text(reason)),
        ("ordered_by", text(ordered_by.word())),
    ];
    // Nobody is asked for it: it has gone back already.
    if !calls {
        detail.push(("recorded", text("yes")));
    }
    root.refunds.push(Refund {
        id: refund,
        payment: id,
        money,
        state: RefundProgress::Requested,
        ordered_by,
        reason: reason.to_owned(),
        provider_refund_id: None,
        restocked: Vec::new(),
        released_slot: false,
        created_at: draft.now,
    });
    draft.entry(EntryKind::RefundRequested, Some(root.id), event, detail);
    if calls {
        let content = EffectContent::Refund {
            refund,
            payment: id,
            source,
            money,
        };
        draft.effect(format!("refund:{refund}"), root.id, Some(root.id), content);
    }
    Ok(refund)
}

/// Why money is ordered back that no person asked for.
const CANNOT_BE_FULFILLED: &str = "the order cannot be fulfilled";

/// Orders back whatever is free of a root's payments. Cash stays: no provider can be called for it, and the
/// attention that was raised names it.
pub(super) fn give_back(draft: &mut Draft, root: &mut Root, event: Option<EventId>) {
    let ledger = root.ledger();
    for (payment, account) in &ledger.payments {
        let by_hand = root
            .payment(*payment)
            .is_none_or(|payment| payment.source == MANUAL_SOURCE);
        if by_hand || account.free() == 0 {
            continue;
        }
        let wanted = Wanted {
            payment: *payment,
            minor: account.free(),
            reason: CANNOT_BE_FULFILLED,
            ordered_by: OrderedBy::Tollgate,
            event,
            calls: true,
        };
        // A root has only so many refunds; what is left stays under its attention.
        let _ = order_back(draft, root, wanted);
    }
}

/// What the merchant takes back with a refund.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) restock: Vec<(String, i64)>,
    pub(super) booking: Option<Booking>,
}

/// What of the wish can be taken back: no more than was sold and has not come back yet.
pub(super) fn returnable(
    root: &Root,
    restock: &[(String, i64)],
    release_slot: bool,
) -> Result<Returned, Refusal> {
    let sold = || {
        root.holds
            .iter()
            .filter(|hold| hold.state == HoldState::Consumed)
    };
    let Some(restock) =
        super::room::summed(restock.iter().map(|(sku, units)| (sku.as_str(), *units)))
    else {
        return Err(Refusal::AmountOverflow);
    };
    for (sku, units) in &restock {
        let of_sku = |lines: &[(String, i64)]| {
            lines
                .iter()
                .filter(|(known, _)| known == sku)
                .fold(0i64, |sum, (_, units)| sum.saturating_add(*units))
        };
        let out = sold().fold(0i64, |sum, hold| sum.saturating_add(of_sku(&hold.lines)));
        let back = root.refunds.iter().fold(0i64, |sum, refund| {
            sum.saturating_add(of_sku(&refund.restocked))
        });
        let left = out.saturating_sub(back).max(0);
        if left < *units {
            let sku = sku.clone();
            return Err(Refusal::RestockExceedsSold { sku, left });
        }
    }
    let booking = sold().find_map(|hold| hold.booking.clone());
    let was_released = root.refunds.iter().any(|refund| refund.released_slot);
    if release_slot && (was_released || booking.is_none()) {
        return Err(Refusal::SlotNotSold);
    }
    Ok(Returned {
        restock,
        booking: booking.filter(|_| release_slot),
    })
}

/// Takes goods and slot back and notes it on the refund, so that they come back once.
pub(super) fn take_back(
    draft: &mut Draft,
    root: &mut Root,
    id: RefundId,
    returned: Returned,
) -> Step<()> {
    let restocked = super::room::return_stock(draft, &returned.restock)?;
    if let Some(booking) = &returned.booking {
        super::room::return_booking(draft, booking)?;
    }
    let Some(refund) = root.refunds.iter_mut().find(|refund| refund.id == id) else {
        return Ok(());
    };
    for (sku, units) in &restocked {
        let detail = vec![
            ("refund", text(id.to_string())),
            ("sku", text(sku.as_str())),
            ("units", Detail::Integer(*units)),
        ];
        draft.entry(EntryKind::StockReturned, Some(root.id), None, detail);
    }
    if let Some(booking) = &returned.booking {
        let detail = vec![
            ("refund", text(id.to_string())),
            ("calendar", text(booking.calendar.as_str())),
            ("starts_at", Detail::Integer(booking.starts_at.as_millis())),
        ];
        draft.entry(EntryKind::SlotReturned, Some(root.id), None, detail);
    }
    refund.released_slot = returned.booking.is_some();
    refund.restocked = restocked;
    Ok(())
}

/// Records that a refund has failed, or that the bank took it back: its amount is free again.
pub(super) fn record_failed(
    draft: &mut Draft,
    root: RootId,
    refund: &Refund,
    event: Option<EventId>,
) {
    let detail = vec![
        ("refund", text(refund.id.to_string())),
        ("payment", text(refund.payment.to_string())),
        ("amount", Detail::Integer(refund.money.minor)),
        ("currency", text(refund.money.currency.as_str())),
    ];
    draft.entry(EntryKind::RefundFailed, Some(root), event, detail);
}

/// The provider's word about a refund of ours, as a fact.
pub(super) fn word_of_provider(refund: &Refund, state: RefundState, now: Timestamp) -> Fact {
    Fact {
        object: refund.id.to_string(),
        kind: FactKind::Refund(state),
        money: Some(refund.money),
        occurred_at: Some(now),
        strength: Strength::Asked,
        foreign_mode: false,
        fee_minor: 0,
    }
}

/// How long after the last look a refund that has not ended is looked at again.
const CHECK_MINUTES: [i64; 4] = [2, 10, 60, 360];

/// Decides the next look at a refund that has not ended (L8). `n`: how often it was asked before.
pub(super) fn check_later(draft: &mut Draft, refund: &Refund, source: &str, n: u32) {
    let place = usize::try_from(n).unwrap_or(usize::MAX);
    let minutes = CHECK_MINUTES.get(place).copied().unwrap_or(24 * 60);
    let due_at = draft.now.plus(Span::minutes(minutes));
    let root = refund.id.root();
    let content = EffectContent::RefundCheck {
        refund: refund.id,
        payment: refund.payment,
        source: source.to_owned(),
        n,
    };
    // A refund that is ordered again is looked at again: the time distinguishes these looks from the first ones.
    let key = format!("refund_check:{}:{n}:{}", refund.id, due_at.as_millis());
    draft.effect_at(key, root, Some(root), content, due_at, None);
}
