//! A cart's holds, and whatever on a root comes due by itself.

use crate::capacity::{Hold, HoldState};
use crate::command::TakeHold;
use crate::decision::{Detail, Outcome, Refusal};
use crate::id::{HoldId, PaymentId, RootId};
use crate::order::{AttentionCode, ClosingEnd, Root};
use crate::payment::{Payment, PaymentStatus};
use crate::timeline::EntryKind;

use super::attention;
use super::closing;
use super::draft::{Draft, Reply, Step, refused, text};
use super::payment;
use super::room::{self, Measure, Place, Taking};

/// A cart sets capacity aside.
pub(super) fn take(draft: &mut Draft, wanted: &TakeHold) -> Step<Reply> {
    let lines = wanted
        .lines
        .iter()
        .map(|(sku, quantity)| (sku.as_str(), *quantity));
    let Some(lines) = room::summed(lines) else {
        return refused(Refusal::AmountOverflow);
    };
    if wanted.slot.as_ref().is_some_and(|(_, units)| *units < 0) {
        return refused(Refusal::AmountOverflow);
    }
    let slot = wanted
        .slot
        .as_ref()
        .map(|(wish, units)| (Place::Wish(wish), Measure::Units(*units)));
    let booking = match room::take(draft, &lines, slot, Taking::Hold)? {
        Ok(booking) => booking,
        Err(refusal) => return refused(refusal),
    };

    // From here it must succeed.
    let hold = Hold {
        id: HoldId::on(wanted.fresh, 0),
        state: HoldState::Active,
        expires_at: draft.now.plus(wanted.hold),
        lines,
        booking,
    };
    let detail = vec![
        ("hold", text(hold.id.to_string())),
        ("expires_at", Detail::Integer(hold.expires_at.as_millis())),
    ];
    draft.entry(EntryKind::HoldTaken, Some(wanted.fresh), None, detail);
    draft.put_root(Root {
        shop: draft.shop,
        id: wanted.fresh,
        order: None,
        payments: Vec::new(),
        refunds: Vec::new(),
        holds: vec![hold],
        attention: Vec::new(),
        metadata: "{}".to_owned(),
        version: 0,
        created_at: draft.now,
        updated_at: draft.now,
        receipts: Vec::new(),
        timeline: Vec::new(),
    });
    Ok(Reply::Root(wanted.fresh))
}

/// The root of a cart's hold.
pub(super) fn find_cart(draft: &Draft, id: HoldId) -> Step<Option<Root>> {
    let root = draft.root_copy(id.root())?;
    let is_cart =
        |root: &Root| root.order.is_none() && root.hold().is_some_and(|hold| hold.id == id);
    Ok(root.filter(is_cart))
}

/// A cart gives its hold back; again is the same (B12).
pub(super) fn release(draft: &mut Draft, id: HoldId) -> Step<Reply> {
    let Some(root) = draft.root(id.root())? else {
        return refused(Refusal::NotFound);
    };
    if root.order.is_some() {
        return refused(Refusal::HoldNotActive);
    }
    let Some(mut root) = find_cart(draft, id)? else {
        return refused(Refusal::NotFound);
    };
    let Some(hold) = root.holds.last_mut() else {
        return refused(Refusal::NotFound);
    };
    match hold.state {
        HoldState::Active => {}
        HoldState::Released | HoldState::Expired => return Ok(Reply::Root(root.id)),
        HoldState::Consumed | HoldState::TakenOver(_) => return refused(Refusal::HoldNotActive),
    }

    // From here it must succeed.
    room::end_hold(draft, hold, HoldState::Released)?;
    let root_id = root.id;
    draft.entry(
        EntryKind::HoldReleased,
        Some(root_id),
        None,
        vec![("hold", text(id.to_string()))],
    );
    draft.put_root(root);
    Ok(Reply::Root(root_id))
}

/// Something on a root may have come due: a hold ran out, a closing ends, an attempt to pay ends by the
/// shop's word. Nothing due is no error.
pub(super) fn root_due(draft: &mut Draft, id: RootId) -> Step<Reply> {
    let Some(mut root) = draft.root_copy(id)? else {
        return refused(Refusal::NotFound);
    };
    if root.due_at().is_none_or(|due| draft.now < due) {
        return Ok(Reply::Plain(Outcome::Done));
    }
    let now = draft.now;
    let is_over = |payment: &&Payment| payment.gives_up_at().is_some_and(|at| at <= now);
    let over: Vec<PaymentId> = root
        .payments
        .iter()
        .filter(is_over)
        .map(|known| known.id)
        .collect();
    for payment in over {
        payment::give_up(draft, &mut root, payment)?;
    }
    if root.ends_at().is_none_or(|end| now < end) {
        draft.put_root(root);
        return Ok(Reply::Plain(Outcome::Done));
    }
    let Some(order) = &root.order else {
        if let Some(hold) = root.holds.last_mut() {
            room::end_hold(draft, hold, HoldState::Expired)?;
            let detail = vec![("hold", text(hold.id.to_string()))];
            draft.entry(EntryKind::HoldExpired, Some(id), None, detail);
        }
        draft.put_root(root);
        return Ok(Reply::Plain(Outcome::Done));
    };
    if order.closing.is_some() {
        closing::end(draft, &mut root, None)?;
    } else {
        let kept_too_long: Vec<_> = root
            .payments
            .iter()
            .filter(|payment| payment.projection().status == PaymentStatus::Authorized)
            .map(|payment| payment.id)
            .collect();
        for payment in kept_too_long {
            attention::raise(
                draft,
                &mut root,
                AttentionCode::Unconfirmed,
                Some(payment),
                None,
            );
        }
        closing::close(draft, &mut root, ClosingEnd::Expired)?;
    }
    draft.put_root(root);
    Ok(Reply::Plain(Outcome::Done))
}
