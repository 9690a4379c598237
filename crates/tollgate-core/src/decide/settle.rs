//! What follows from facts: the one place where a root's state moves after its facts have.
//!
//! Everything here compares what the facts came to before with what they come to now. Receipts and
//! statuses are functions of the facts, so they do not depend on the order in which these came.

use crate::capacity::{Hold, HoldState};
use crate::command::{AfterCancel, LatePayment};
use crate::decision::Detail;
use crate::effect::{AskReason, EffectContent, MailKind, Receipt};
use crate::event::{CaptureState, Fact, FactKind, RefundState, Strength};
use crate::id::{EventId, HoldId, PaymentId, ReceiptId, RefundId, RootId};
use crate::ledger::{Account, Ledger};
use crate::money::Money;
use crate::order::{Attention, AttentionCode, Closing, ClosingEnd, OrderStatus, Root};
use crate::papers::{self, Paper};
use crate::payment::{
    CaptureObject, Fold, MANUAL_SOURCE, OrderedBy, Payment, PaymentStatus, RefundProgress,
};
use crate::snapshot::Missing;
use crate::time::Span;
use crate::timeline::EntryKind;
use crate::word::Word;

use super::ask::{self, About};
use super::draft::{Draft, Step, text};
use super::refund;
use super::room;
use super::void;

/// How a root stood before facts were added to one of its payments.
pub(super) struct Before {
    payment: PaymentId,
    fold: Fold,
    ledger: Ledger,
}

/// Why something moves, for the timeline.
#[derive(Default)]
pub(super) struct Cause {
    /// The event that brought it.
    pub(super) event: Option<EventId>,
    /// The refund of ours about which the provider was told or asked, and how it said it stands.
    pub(super) refund: Option<(RefundId, RefundState)>,
    /// A capture of the same payment has waited with it and is told next.
    pub(super) captures_follow: bool,
    /// More to tell with the payment's entry.
    pub(super) detail: Vec<(&'static str, Detail)>,
}

impl Before {
    /// Notes how things stand.
    pub(super) fn of(root: &Root, payment: &Payment) -> Before {
        Before {
            payment: payment.id,
            fold: payment.fold(),
            ledger: root.ledger(),
        }
    }

    /// What the payment's facts came to.
    pub(super) fn fold(&self) -> &Fold {
        &self.fold
    }
}

/// Lets the root follow its facts. Tells whether something came up that a person must look at.
pub(super) fn settle(
    draft: &mut Draft,
    root: &mut Root,
    before: &Before,
    cause: Cause,
) -> Step<bool> {
    let Some(payment) = root.payment(before.payment) else {
        return Ok(false);
    };
    let payment = payment.clone();
    let after = payment.fold();
    papers(draft, root, &payment, &before.fold, &after);
    tell_payment(draft, root.id, &payment, before, &after, &cause);
    refunds_follow(draft, root, &before.fold, &after, (&payment, cause.refund));
    let mut raised = false;
    let known = alarms(&before.fold);
    for ((code, measure), (_, measured)) in alarms(&after).into_iter().zip(known) {
        let is_new = measured < measure || (0 < measure && !was_raised(root, code, payment.id));
        if is_new && !(cause.captures_follow && takes_all_captures(code)) {
            raise(draft, root, code, Some(payment.id), cause.event);
            raised = true;
        }
    }
    let ledger = root.ledger();
    if root.order.is_some() {
        let follows = Follows {
            before,
            ledger: &ledger,
            payment: &payment,
            after: &after,
            event: cause.event,
        };
        raised |= order_follows(draft, root, follows)?;
    } else {
        let came_to = ledger.kept_at_capture(&before.ledger, payment.id);
        let stays = came_to.saturating_sub(ledger.all.reserved);
        raised |= too_much(
            draft,
            root,
            (&before.ledger, stays),
            payment.id,
            cause.event,
        );
    }
    raised |= stranded(draft, root, &before.ledger, cause.event);
    if before.fold.is_set_aside() && !after.is_set_aside() {
        void::needs_nobody(draft, root, payment.id, cause.event);
    }
    Ok(raised)
}

fn was_raised(root: &Root, code: AttentionCode, payment: PaymentId) -> bool {
    let mut raised = root.attention.iter();
    raised.any(|raised| raised.code == code && raised.payment == Some(payment))
}

/// Whether there is something to look at is known only when every capture that waits has been told: what
/// went may be covered, and what has no amount of its own may get that of its capture.
fn takes_all_captures(code: AttentionCode) -> bool {
    matches!(
        code,
        AttentionCode::OverRefunded | AttentionCode::AmountUnreadable
    )
}

/// What a person must look at by the facts alone, with how much of it there is.
fn alarms(fold: &Fold) -> [(AttentionCode, i64); 7] {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let money = fold.projection;
    let over = money.refunded_minor.saturating_sub(money.captured_minor);
    let known = fold.was_captured();
    [
        (AttentionCode::AmountUnreadable, size(fold.unpriced())),
        (AttentionCode::AmountChanged, size(fold.amounts_changed())),
        (AttentionCode::CurrencyMismatch, size(fold.foreign_currency)),
        (AttentionCode::ModeMismatch, size(fold.foreign_mode)),
        (
            AttentionCode::OverRefunded,
            if known { over.max(0) } else { 0 },
        ),
        (AttentionCode::PaymentReversed, size(fold.reversed())),
        (
            AttentionCode::Chargeback,
            if known { size(fold.disputed()) } else { 0 },
        ),
    ]
}

/// Decides the receipts over what the payment's ledger has changed by (L3).
fn papers(draft: &mut Draft, root: &mut Root, payment: &Payment, before: &Fold, after: &Fold) {
    for paper in papers::between(before, after) {
        receipt(draft, root, payment, paper);
    }
}

/// Decides the receipts that a payment lacks, and those that take back what is too much.
pub(super) fn correct_papers(draft: &mut Draft, root: &mut Root, id: PaymentId) {
    let Some(payment) = root.payment(id).cloned() else {
        return;
    };
    let issued: Vec<&Receipt> = root
        .receipts
        .iter()
        .filter(|receipt| receipt.payment == id)
        .collect();
    for paper in papers::missing(&payment.fold(), &issued) {
        let detail = vec![
            ("payment", text(id.to_string())),
            ("amount", Detail::Integer(paper.minor)),
            ("currency", text(payment.currency().as_str())),
        ];
        draft.entry(EntryKind::ReceiptCorrected, Some(root.id), None, detail);
        receipt(draft, root, &payment, paper);
    }
}

fn receipt(draft: &mut Draft, root: &mut Root, payment: &Payment, paper: Paper) {
    let Paper {
        kind,
        object,
        minor,
        corrects,
    } = paper;
    let ordinal = root.receipts.len().checked_add(1);
    let Some(ordinal) = ordinal.and_then(|n| u16::try_from(n).ok()) else {
        return;
    };
    let money = Some(Money {
        minor,
        currency: payment.currency(),
    });
    let receipt = Receipt {
        id: ReceiptId::on(root.id, ordinal),
        kind,
        payment: payment.id,
        object,
        money,
        corrects,
        number: None,
        issued_at: None,
    };
    let content = EffectContent::Receipt {
        receipt: Some(receipt.id),
        kind,
        payment: payment.id,
        money,
    };
    draft.effect(root.receipt_key(&receipt), root.id, Some(root.id), content);
    root.receipts.push(receipt);
}

/// Money of an order that has ended, or that an automatic refund did not bring back, is named to a
/// person if nothing else names it (L6).
pub(super) fn stranded(
    draft: &mut Draft,
    root: &mut Root,
    before: &Ledger,
    event: Option<EventId>,
) -> bool {
    let has_ended = match &root.order {
        Some(order) => matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled),
        None => root
            .refunds
            .iter()
            .any(|refund| refund.ordered_by == OrderedBy::Tollgate),
    };
    let named = root.open_attention().any(|open| {
        matches!(
            open.code,
            AttentionCode::PaidUnfulfillable | AttentionCode::PartiallyPaidExpired
        )
    });
    if !has_ended || named {
        return false;
    }
    let ledger = root.ledger();
    if ledger.at_rest() <= before.at_rest().max(0) {
        return false;
    }
    let code = match ledger.is_covered() {
        true => AttentionCode::PaidUnfulfillable,
        false => AttentionCode::PartiallyPaidExpired,
    };
    let payment = ledger
        .payments
        .iter()
        .find(|(_, account)| 0 < account.free());
    raise(draft, root, code, payment.map(|(id, _)| *id), event);
    true
}

/// Decides a mail to the customer, where the shop writes mails and the customer has an address.
pub(super) fn mail(draft: &mut Draft, root: &Root, kind: MailKind, receipt: Option<ReceiptId>) {
    let address = root
        .order
        .as_ref()
        .and_then(|order| order.customer.email.as_ref());
    if !draft.rules.mailing.contains(&draft.shop) || address.is_none() {
        return;
    }
    let key = match (kind, receipt) {
        (MailKind::Paid, _) => format!("mail:paid:{}", crate::id::OrderId::on(root.id, 0)),
        (MailKind::Receipt, Some(receipt)) => format!("mail:receipt:{receipt}"),
        (MailKind::Refunded, Some(receipt)) => format!("mail:refunded:{receipt}"),
        (MailKind::Receipt | MailKind::Refunded, None) => return,
    };
    draft.effect(
        key,
        root.id,
        Some(root.id),
        EffectContent::Mail { kind, receipt },
    );
}

/// Completes a paid order whose receipts are issued and of which the provider is not being asked.
pub(super) fn complete(draft: &mut Draft, id: RootId) -> Step<()> {
    let Some(root) = draft.root(id)? else {
        return Ok(());
    };
    let is_paid = root
        .order
        .as_ref()
        .is_some_and(|order| order.status == OrderStatus::Paid);
    let issued = root
        .receipts
        .iter()
        .all(|receipt| receipt.issued_at.is_some());
    let ledger = root.ledger();
    let was_given_back = 0 < ledger.due && ledger.due <= ledger.all.refunded;
    let doubted = root.open_attention().any(|open| match open.code {
        AttentionCode::Unconfirmed => true,
        // Paid once more after all of it went back: whether it is still wanted is a person's word.
        AttentionCode::DuplicatePayment => was_given_back,
        _ => false,
    });
    if !is_paid || !issued || doubted || !ledger.is_covered() {
        return Ok(());
    }
    let mut missing = Missing::new();
    let mut asking = false;
    for payment in &root.payments {
        match draft.meeting(&payment.source, &payment.reference) {
            Ok(meeting) => {
                let question = meeting.and_then(|meeting| meeting.question);
                asking |= question.is_some_and(|question| question.open);
            }
            Err(keys) => missing.extend(keys),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    if !asking && let Some(mut root) = draft.root_copy(id)? {
        set_status(&mut root, OrderStatus::Completed);
        draft.entry(EntryKind::OrderCompleted, Some(id), None, Vec::new());
        draft.put_root(root);
    }
    Ok(())
}

/// Tells what became of the payment, in one entry.
fn tell_payment(
    draft: &mut Draft,
    root: RootId,
    payment: &Payment,
    before: &Before,
    after: &Fold,
    cause: &Cause,
) {
    let (was, is) = (before.fold.projection, after.projection);
    let kind = if was.captured_minor < is.captured_minor || !before.fold.counts() && after.counts()
    {
        Some(EntryKind::PaymentPaid)
    } else if was.refunded_minor < is.refunded_minor {
        Some(EntryKind::PaymentRefunded)
    } else if was.status == is.status {
        None
    } else {
        match is.status {
            PaymentStatus::Pending | PaymentStatus::Review | PaymentStatus::Paid => None,
            PaymentStatus::Authorized => Some(EntryKind::PaymentAuthorized),
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                Some(EntryKind::PaymentRefunded)
            }
            PaymentStatus::ChargedBack => Some(EntryKind::PaymentChargedBack),
            PaymentStatus::Failed => Some(EntryKind::PaymentFailed),
            PaymentStatus::Expired => Some(EntryKind::PaymentExpired),
            PaymentStatus::Cancelled => Some(EntryKind::PaymentCancelled),
        }
    };
    let Some(kind) = kind else { return };
    let mut detail = vec![
        ("payment", text(payment.id.to_string())),
        ("source", text(payment.source.as_str())),
        ("reference", text(payment.reference.as_str())),
        ("captured", Detail::Integer(is.captured_minor)),
        ("currency", text(payment.currency().as_str())),
    ];
    if 0 < is.refunded_minor {
        detail.push(("refunded", Detail::Integer(is.refunded_minor)));
    }
    detail.extend(cause.detail.iter().cloned());
    draft.entry(kind, Some(root), cause.event, detail);
}

/// Lets refunds that we ordered follow what the provider says anew, or what it answers about one.
///
/// One that is ordered again after it has failed is not ended by what was told of its first try.
fn refunds_follow(
    draft: &mut Draft,
    root: &mut Root,
    before: &Fold,
    after: &Fold,
    (payment, answered): (&Payment, Option<(RefundId, RefundState)>),
) {
    let root_id = root.id;
    for refund in root
        .refunds
        .iter_mut()
        .filter(|refund| refund.payment == payment.id)
    {
        let told = |fold: &Fold| fold.refund(refund.id).map(|told| told.state);
        let (was, is) = (told(before), told(after));
        let answer = answered.filter(|(id, _)| *id == refund.id);
        let told = match answer.map(|(_, state)| state) {
            // What has gone through, or come back, is no longer as it was said to stand.
            Some(state) => is
                .filter(|is| RefundState::Succeeded <= *is)
                .or(Some(state)),
            None => is.filter(|_| was != is),
        };
        let state = match told {
            None | Some(RefundState::Requested) => refund.state,
            // It has arrived, also where the answer to our call was lost.
            Some(RefundState::Pending) if refund.state.reserves() => RefundProgress::Sent,
            Some(RefundState::Pending) => refund.state,
            Some(RefundState::Succeeded) => RefundProgress::Succeeded,
            Some(RefundState::Failed | RefundState::Reversed) => RefundProgress::Failed,
        };
        let fails = refund.state != RefundProgress::Failed && state == RefundProgress::Failed;
        refund.state = state;
        if fails {
            refund::tell_failed(draft, root_id, refund, None);
        }
    }
}

/// Opens something for a person to look at; what is open already stays as it is.
pub(super) fn raise(
    draft: &mut Draft,
    root: &mut Root,
    code: AttentionCode,
    payment: Option<PaymentId>,
    event: Option<EventId>,
) {
    if root
        .open_attention()
        .any(|open| open.code == code && open.payment == payment)
    {
        return;
    }
    root.attention.push(Attention {
        code,
        payment,
        at: draft.now,
        resolved: None,
    });
    let mut detail = vec![("code", text(code.word()))];
    if let Some(payment) = payment.and_then(|id| root.payment(id)) {
        let account = root.ledger().of_payment(payment.id);
        detail.push(("payment", text(payment.id.to_string())));
        detail.push(("captured", Detail::Integer(account.captured)));
        detail.push(("refunded", Detail::Integer(account.refunded)));
        detail.push(("due", Detail::Integer(payment.due.minor)));
    }
    draft.entry(EntryKind::OrderAttention, Some(root.id), event, detail);
}

fn set_status(root: &mut Root, status: OrderStatus) {
    if let Some(order) = &mut root.order {
        order.status = status;
        if status != OrderStatus::Closing {
            order.closing = None;
        }
    }
}

/// What an order follows: one of its payments has changed.
struct Follows<'f> {
    before: &'f Before,
    /// As it is now.
    ledger: &'f Ledger,
    payment: &'f Payment,
    after: &'f Fold,
    event: Option<EventId>,
}

/// Lets an order follow its payments.
fn order_follows(draft: &mut Draft, root: &mut Root, follows: Follows) -> Step<bool> {
    let Follows {
        before,
        ledger,
        payment,
        after,
        event,
    } = follows;
    let Some(order) = &root.order else {
        return Ok(false);
    };
    let status = order.status;
    let kept = ledger.all.kept();
    let came_to = ledger.kept_at_capture(&before.ledger, payment.id);
    let grown = before.ledger.all.kept() < came_to;
    let is_paid = 0 < came_to && ledger.due <= came_to;
    // What is on its way back buys nothing, and is in nobody's way.
    let stays = came_to.saturating_sub(ledger.all.reserved);
    let mut raised = false;
    match status {
        OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing => {
            let held = is_held(draft, root)?;
            if is_paid && held && ledger.due <= stays {
                fulfil(draft, root, event)?;
            } else if is_paid && !held {
                raised |= late(draft, root, payment, came_to, event)?;
            } else if status == OrderStatus::Closing {
                if !root.payments.iter().any(Payment::is_open) {
                    end(draft, root, event)?;
                }
            } else if 0 < kept {
                set_status(root, OrderStatus::PartiallyPaid);
                if grown {
                    tell_partially_paid(draft, root, event);
                }
            } else {
                set_status(root, OrderStatus::AwaitingPayment);
            }
            authorization_keeps_hold(draft, root, before, after);
        }
        OrderStatus::Paid
        | OrderStatus::Completed
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded => {
            let was_refunded = before.ledger.all.refunded;
            refunds_show(draft, root, ledger.all, was_refunded, event);
            let status_now = root.order.as_ref().map(|order| order.status);
            if status == OrderStatus::Refunded && status_now == Some(OrderStatus::Paid) {
                let code = AttentionCode::DuplicatePayment;
                raise(draft, root, code, Some(payment.id), event);
                raised = true;
            }
        }
        OrderStatus::Expired | OrderStatus::Cancelled => {
            if grown && is_paid {
                raised |= late(draft, root, payment, came_to, event)?;
            } else if grown && 0 < kept {
                let code = AttentionCode::PartiallyPaidExpired;
                raise(draft, root, code, Some(payment.id), event);
                raised = true;
            }
            for object in after.newly_set_aside(&before.fold) {
                raised |= void::let_go(draft, root, payment.id, object, event);
            }
        }
    }
    let stays = came_to.saturating_sub(root.reserved_minor());
    raised |= too_much(draft, root, (&before.ledger, stays), payment.id, event);
    Ok(raised)
}

/// What it asks for is still set aside for it. A slot that has begun cannot be sold, although nobody else has
/// it yet (L5).
fn is_held(draft: &Draft, root: &Root) -> Step<bool> {
    match root.hold() {
        Some(hold) if hold.state == HoldState::Active => Ok(!room::has_passed(draft, hold)?),
        Some(_) | None => Ok(false),
    }
}

/// More stays than is due, and more than before: a person looks. What is on its way back is in nobody's
/// way.
fn too_much(
    draft: &mut Draft,
    root: &mut Root,
    (before, stays): (&Ledger, i64),
    payment: PaymentId,
    event: Option<EventId>,
) -> bool {
    let excess = stays.saturating_sub(before.due);
    if excess <= 0 || stays <= before.at_rest() {
        return false;
    }
    let code = match is_duplicate(root, excess) {
        true => AttentionCode::DuplicatePayment,
        false => AttentionCode::Overpaid,
    };
    raise(draft, root, code, Some(payment), event);
    true
}

/// One of the captures is superfluous as a whole: what is kept without it still covers the order. In
/// whatever order they came. Without an order nobody pays twice for the same thing.
fn is_duplicate(root: &Root, excess: i64) -> bool {
    let mut payments = root.payments.iter().filter(|_| root.order.is_some());
    payments.any(|payment| {
        let captures = payment.fold().captures;
        captures
            .values()
            .map(CaptureObject::captured_minor)
            .any(|minor| 0 < minor && minor <= excess)
    })
}

/// Money that was on its way back stays after all: an order that it covers is paid, if it still waits,
/// and where it is more than is due a person looks.
pub(super) fn stays_after_all(
    draft: &mut Draft,
    root: &mut Root,
    before: &Ledger,
    payment: PaymentId,
) -> Step<()> {
    let waits = root.order.as_ref().is_some_and(|order| {
        matches!(
            order.status,
            OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid | OrderStatus::Closing
        )
    });
    let ledger = root.ledger();
    if waits && ledger.due <= ledger.at_rest() {
        match root.payment(payment).cloned() {
            Some(payment) if !is_held(draft, root)? => {
                late(draft, root, &payment, ledger.all.kept(), None)?;
            }
            Some(_) | None => fulfil(draft, root, None)?,
        }
    }
    let stays = root.ledger().at_rest();
    too_much(draft, root, (before, stays), payment, None);
    Ok(())
}

/// The total has come: what was held is sold.
pub(super) fn fulfil(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, HoldState::Consumed)?;
    }
    paid(draft, root, event, false);
    Ok(())
}

fn paid(draft: &mut Draft, root: &mut Root, event: Option<EventId>, late: bool) {
    set_status(root, OrderStatus::Paid);
    let all = root.ledger().all;
    let Some(order) = &root.order else { return };
    let mut detail = vec![
        ("code", text(order.code.as_str())),
        ("captured", Detail::Integer(all.captured)),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    if late {
        detail.push(("late", text("held again")));
    }
    draft.entry(EntryKind::OrderPaid, Some(root.id), event, detail);
    mail(draft, root, MailKind::Paid, None);
    refunds_show(draft, root, all, 0, event);
}

fn tell_partially_paid(draft: &mut Draft, root: &Root, event: Option<EventId>) {
    let Some(order) = &root.order else { return };
    let detail = vec![
        ("captured", Detail::Integer(root.ledger().all.captured)),
        ("total", Detail::Integer(order.total_minor)),
        ("currency", text(order.currency.as_str())),
    ];
    draft.entry(EntryKind::OrderPartiallyPaid, Some(root.id), event, detail);
}

/// Gives a fulfilled order the status its refunds come to. Refunding what was overpaid leaves it
/// paid; a reversal leaves its status, a person looks.
fn refunds_show(
    draft: &mut Draft,
    root: &mut Root,
    all: Account,
    refunded_before: i64,
    event: Option<EventId>,
) {
    let Some(order) = &root.order else { return };
    let (captured, refunded) = (all.captured, all.refunded);
    let net = captured.saturating_sub(refunded);
    let is_whole = refunded == 0 || order.total_minor <= net;
    let status = if is_whole && order.status == OrderStatus::Completed {
        OrderStatus::Completed
    } else if is_whole {
        OrderStatus::Paid
    } else if net <= 0 {
        OrderStatus::Refunded
    } else {
        OrderStatus::PartiallyRefunded
    };
    let moved = order.status != status;
    set_status(root, status);
    let gives_back = matches!(
        status,
        OrderStatus::Refunded | OrderStatus::PartiallyRefunded
    );
    if gives_back && (moved || refunded_before < refunded) {
        let detail = vec![
            ("captured", Detail::Integer(captured)),
            ("refunded", Detail::Integer(refunded)),
        ];
        draft.entry(EntryKind::OrderRefunded, Some(root.id), event, detail);
    }
}

/// Money for an order that has ended: by the shop's policy sold again if there is room, looked at by a
/// person, or given back.
fn late(
    draft: &mut Draft,
    root: &mut Root,
    payment: &Payment,
    came_to: i64,
    event: Option<EventId>,
) -> Step<bool> {
    let was_cancelled = root.order.as_ref().is_some_and(|order| {
        let closing = order.closing.map(|closing| closing.end);
        order.status == OrderStatus::Cancelled || closing == Some(ClosingEnd::Cancelled)
    });
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, HoldState::Expired)?;
    }
    let policy = match (was_cancelled, draft.rules.after_cancel) {
        (true, AfterCancel::Attention) => LatePayment::Attention,
        (true, AfterCancel::Rehold) => LatePayment::Rehold,
        (false, _) => draft.rules.late_payment,
    };
    let ledger = root.ledger();
    // What is on its way back buys nothing.
    let pays = ledger.due <= came_to.saturating_sub(ledger.all.reserved);
    if pays
        && policy == LatePayment::Rehold
        && let Some(id) = next_hold_id(root)
        && let Some((lines, booking)) = room::take_again(draft, root)?
    {
        let expires_at = draft.now;
        root.holds.push(Hold {
            id,
            state: HoldState::Consumed,
            expires_at,
            lines,
            booking,
        });
        paid(draft, root, event, true);
        return Ok(false);
    }
    let has_ended = root
        .order
        .as_ref()
        .is_some_and(|order| matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled));
    if !has_ended {
        let (status, kind) = match was_cancelled {
            true => (OrderStatus::Cancelled, EntryKind::OrderCancelled),
            false => (OrderStatus::Expired, EntryKind::OrderExpired),
        };
        set_status(root, status);
        let detail = vec![("captured", Detail::Integer(ledger.all.captured))];
        draft.entry(kind, Some(root.id), event, detail);
        void::let_all_go(draft, root, event);
    }
    let code = AttentionCode::PaidUnfulfillable;
    raise(draft, root, code, Some(payment.id), event);
    if policy != LatePayment::Attention && draft.rules.auto_refund {
        refund::give_back(draft, root, event);
    }
    Ok(true)
}

/// The id of a root's next hold. `None`: it had as many as ordinals go.
pub(super) fn next_hold_id(root: &Root) -> Option<HoldId> {
    let ordinal = u16::try_from(root.holds.len()).ok()?.checked_add(1)?;
    Some(HoldId::on(root.id, ordinal))
}

/// An authorization that has come keeps the order waiting; one that has gone no longer does. One that
/// was captured in part leaves the customer a hold's time to pay the rest.
fn authorization_keeps_hold(draft: &Draft, root: &mut Root, before: &Before, after: &Fold) {
    let is = |fold: &Fold| fold.projection.status == PaymentStatus::Authorized;
    if !is(&before.fold) && !is(after) {
        return;
    }
    let kept_until = draft.now.plus(draft.rules.authorized_hold);
    let any_left = root
        .payments
        .iter()
        .any(|payment| payment.projection().status == PaymentStatus::Authorized);
    let (created_at, kept) = (root.created_at, root.ledger().all.kept());
    let Some(order) = &mut root.order else { return };
    let hold_time = Span::millis(order.hold_ms);
    let own_end = created_at.plus(hold_time).max(draft.now);
    let Some(hold) = root
        .holds
        .last_mut()
        .filter(|hold| hold.state == HoldState::Active)
    else {
        return;
    };
    if !is(&before.fold) && is(after) {
        hold.expires_at = hold.expires_at.max(kept_until);
        if order
            .closing
            .is_some_and(|closing| closing.end == ClosingEnd::Expired)
        {
            order.closing = None;
            order.status = if 0 < kept {
                OrderStatus::PartiallyPaid
            } else {
                OrderStatus::AwaitingPayment
            };
        }
    } else if is(&before.fold) && !any_left && order.closing.is_none() {
        let end = match after.counts() {
            true => own_end.max(draft.now.plus(hold_time)),
            false => own_end,
        };
        hold.expires_at = hold.expires_at.min(end);
    }
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
    let fact = Fact {
        object: payment.reference.clone(),
        kind: FactKind::Capture(CaptureState::Expired),
        money: None,
        occurred_at: payment.expires_at,
        strength: Strength::Unsigned,
        foreign_mode: false,
    };
    root.add_fact(id, fact);
    let detail = vec![("why", text("its time is up"))];
    settle(
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

/// Begins the end of an order: at once, or after the last word of its open payments.
pub(super) fn close(draft: &mut Draft, root: &mut Root, way: ClosingEnd) -> Step<()> {
    let open: Vec<Payment> = root
        .payments
        .iter()
        .filter(|payment| payment.is_open())
        .cloned()
        .collect();
    let until = draft.now.plus(draft.rules.closing_grace);
    if let Some(order) = &mut root.order {
        order.closing = Some(Closing { until, end: way });
        order.status = OrderStatus::Closing;
    }
    if open.is_empty() {
        return end(draft, root, None);
    }
    let why = match way {
        ClosingEnd::Expired => "time is up",
        ClosingEnd::Cancelled => "cancelled by the merchant",
    };
    let detail = vec![
        ("why", text(why)),
        (
            "open_payments",
            Detail::Integer(i64::try_from(open.len()).unwrap_or(i64::MAX)),
        ),
        ("until", Detail::Integer(until.as_millis())),
    ];
    draft.entry(EntryKind::OrderClosing, Some(root.id), None, detail);
    let asked: Vec<&Payment> = open
        .iter()
        .filter(|payment| payment.source != MANUAL_SOURCE)
        .collect();
    let mut missing = Missing::new();
    for payment in &asked {
        missing.extend(
            draft
                .meeting(&payment.source, &payment.reference)
                .err()
                .unwrap_or_default(),
        );
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    for payment in asked {
        ask::ask(
            draft,
            About::payment(payment, &[], None),
            AskReason::Closing,
        )?;
    }
    Ok(())
}

/// Ends a closing order: nobody has paid it in full.
pub(super) fn end(draft: &mut Draft, root: &mut Root, event: Option<EventId>) -> Step<()> {
    let Some(closing) = root.order.as_ref().and_then(|order| order.closing) else {
        return Ok(());
    };
    let (status, hold_end, kind) = match closing.end {
        ClosingEnd::Expired => (
            OrderStatus::Expired,
            HoldState::Expired,
            EntryKind::OrderExpired,
        ),
        ClosingEnd::Cancelled => (
            OrderStatus::Cancelled,
            HoldState::Released,
            EntryKind::OrderCancelled,
        ),
    };
    if let Some(hold) = root.holds.last_mut() {
        room::end_hold(draft, hold, hold_end)?;
    }
    set_status(root, status);
    let ledger = root.ledger();
    let mut detail = vec![("captured", Detail::Integer(ledger.all.captured))];
    if let Some(hold) = root.hold() {
        detail.push(("hold", text(hold.id.to_string())));
    }
    draft.entry(kind, Some(root.id), event, detail);
    if 0 < ledger.all.kept() {
        let code = AttentionCode::PartiallyPaidExpired;
        raise(draft, root, code, None, event);
    }
    void::let_all_go(draft, root, event);
    Ok(())
}
