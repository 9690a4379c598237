//! A root against what was told of it: the last lines of its timeline keep it as it stood then.
//!
//! One that has not changed since is as it was told in every member. One that has changed still has all that never
//! changes: its lines and amounts, what its payments are for, what was heard of them, what was ordered back and what
//! is on receipts. So a row that is changed by hand differs from its own history.

use std::collections::BTreeMap;

use tollgate_core::event::{Fact, FactKind};
use tollgate_core::id::RootId;
use tollgate_core::order::{Order, Root};
use tollgate_core::payment::Payment;

use super::{Verifying, shown};
use crate::db::{Error, LookupBatch, Value};
use crate::tables::timeline::read_frozen;

/// So many of a root's last lines are looked at: those that tell what the world may see have it.
const LINES_MAX: usize = 3;

/// Lines that are looked up together.
const KEYS_MAX: usize = 600;

/// `verify.told`: by primary key.
const TOLD: &str = "select docs from timeline where shop_id = ?1 and position = ?2";

/// Compares roots with what their last lines say.
pub(super) fn look_at(verifying: &mut Verifying<'_>, roots: &[&Root]) -> Result<(), Error> {
    let kept = verifying.horizon.position;
    let mut wanted: Vec<(i64, &Root)> = Vec::new();
    for root in roots {
        let last = root.timeline.iter().rev().take(LINES_MAX);
        wanted.extend(last.filter(|at| kept < **at).map(|at| (*at, *root)));
    }
    let mut told: BTreeMap<RootId, (i64, Root)> = BTreeMap::new();
    for lines in wanted.chunks(KEYS_MAX) {
        let shop = || Value::Integer(i64::from(verifying.shop.0));
        let mut lookups = LookupBatch::default();
        let keys = lines.iter();
        let keys = keys.map(|(position, _)| vec![shop(), Value::Integer(*position)]);
        let asked = lookups.ask(TOLD, keys.collect());
        let found = verifying.db.look_up(lookups)?;
        let docs = found.firsts(asked, |row| Ok(row.maybe_text(0)?.map(str::to_owned)))?;
        for ((position, root), docs) in lines.iter().zip(docs) {
            let Some(docs) = docs.flatten() else { continue };
            match read_frozen(verifying.shop, &docs) {
                Ok(frozen) => {
                    let own = frozen.into_iter().find(|frozen| frozen.id == root.id);
                    let known = told.get(&root.id).map_or(0, |(at, _)| *at);
                    if let Some(own) = own.filter(|_| known < *position) {
                        told.insert(root.id, (*position, own));
                    }
                }
                Err(error) => {
                    verifying.fail("documents", format!("the line at {position}: {error}"));
                }
            }
        }
    }
    for root in roots {
        if let Some((position, told)) = told.remove(&root.id)
            && let Some(member) = differs(root, told)
        {
            let seen = format!(
                "{}: not its {member} of the line at {position}",
                shown(root)
            );
            verifying.fail("told", seen);
        }
    }
    Ok(())
}

/// The first member in which a root differs from what was told of it.
fn differs(root: &Root, told: Root) -> Option<&'static str> {
    if root.version < told.version {
        return Some("version");
    }
    let is_as_told = root.version == told.version;
    let story = root.timeline.clone();
    let told = Root {
        timeline: story,
        ..told
    };
    if is_as_told && *root != told {
        return Some(which(root, &told));
    }
    if is_as_told {
        return None;
    }
    lasting_member(root, &told)
}

/// Which member it is in which two differ.
fn which(root: &Root, told: &Root) -> &'static str {
    match () {
        () if root.order != told.order => "order",
        () if root.payments != told.payments => "payments",
        () if root.refunds != told.refunds => "refunds",
        () if root.holds != told.holds => "holds",
        () if root.receipts != told.receipts => "receipts",
        () if root.attention != told.attention => "attention",
        () if root.metadata != told.metadata => "metadata",
        () if root.created_at != told.created_at => "created_at",
        () => "updated_at",
    }
}

/// The first member that never changes and has.
fn lasting_member(root: &Root, told: &Root) -> Option<&'static str> {
    if root.created_at != told.created_at {
        return Some("created_at");
    }
    let order = |order: &Order| {
        let Order {
            code,
            currency,
            lines,
            discount_minor,
            shipping_minor,
            total_minor,
            slot_wish,
            hold_ms,
            ..
        } = order.clone();
        (
            (code, currency, lines, slot_wish),
            (discount_minor, shipping_minor, total_minor, hold_ms),
        )
    };
    if root.order.as_ref().map(order) != told.order.as_ref().map(order) {
        return Some("order");
    }
    if !begins(&root.payments, &told.payments, |now, then| {
        is_same_payment(now, then, root.version)
    }) {
        return Some("payments");
    }
    let refunds = begins(&root.refunds, &told.refunds, |now, then| {
        (now.id, now.payment, now.money, now.ordered_by)
            == (then.id, then.payment, then.money, then.ordered_by)
            && now.created_at == then.created_at
            && now.restocked == then.restocked
            && now.released_slot == then.released_slot
    });
    if !refunds {
        return Some("refunds");
    }
    let receipts = begins(&root.receipts, &told.receipts, |now, then| {
        (now.id, now.kind, now.payment, now.money) == (then.id, then.kind, then.payment, then.money)
            && (&now.object, now.corrects, now.bought) == (&then.object, then.corrects, then.bought)
            && (then.number.is_none() || now.number == then.number)
            && (then.issued_at.is_none() || now.issued_at == then.issued_at)
    });
    if !receipts {
        return Some("receipts");
    }
    let holds = begins(&root.holds, &told.holds, |now, then| {
        let is_open = then.state == tollgate_core::capacity::HoldState::Active;
        (now.id, &now.lines, &now.booking) == (then.id, &then.lines, &then.booking)
            && (is_open || now.state == then.state)
    });
    if !holds {
        return Some("holds");
    }
    let attention = begins(&root.attention, &told.attention, |now, then| {
        (now.code, now.payment, now.at) == (then.code, then.payment, then.at)
    });
    (!attention).then_some("attention")
}

/// The later list begins with what the earlier one has.
fn begins<T>(now: &[T], then: &[T], is_same: impl Fn(&T, &T) -> bool) -> bool {
    then.len() <= now.len() && now.iter().zip(then).all(|(now, then)| is_same(now, then))
}

/// A payment is for what it was for, and what was heard of it is known still.
fn is_same_payment(now: &Payment, then: &Payment, version: i64) -> bool {
    let is_one = (now.id, &now.source, &now.reference, now.due)
        == (then.id, &then.source, &then.reference, then.due)
        && now.created_at == then.created_at
        && (then.provider_payment_id.is_none()
            || now.provider_payment_id == then.provider_payment_id);
    // A refund may have got another name since, when its provider told it.
    let are_kept = then.facts.iter().all(|fact| {
        matches!(fact.kind, FactKind::Refund(_))
            || now.facts.iter().any(|known| {
                known.object == fact.object
                    && known.kind == fact.kind
                    && known.money == fact.money
                    && known.foreign_mode == fact.foreign_mode
                    && known.fee_minor == fact.fee_minor
                    && fact.strength <= known.strength
            })
            || is_overtaken(now, version, fact)
    });
    is_one && are_kept
}

/// A root that has changed less often has a payment that dropped facts only if each change told of many.
const CHANGES_MIN: i64 = 8;

/// A payment of which much was heard drops the facts that others have overtaken (docs/states.md). So one that it does
/// not have may have been dropped if with it the payment came to the same; what does not count is never dropped. Of one
/// that stands there with another fee that says little, so the root must have changed often, too.
pub(super) fn is_overtaken(payment: &Payment, version: i64, fact: &Fact) -> bool {
    let has_other_fee = || {
        payment.facts.iter().any(|known| {
            known.object == fact.object
                && known.kind == fact.kind
                && known.money == fact.money
                && known.fee_minor != fact.fee_minor
        })
    };
    payment.counts(fact) && (CHANGES_MIN <= version || !has_other_fee()) && {
        let mut with = payment.clone();
        with.add(fact.clone());
        with.fold() == payment.fold()
    }
}
