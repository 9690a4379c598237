//! What effects have to do, against the roots that ordered it; and carts' holds against the orders that took them.

use std::collections::BTreeSet;

use tollgate_core::capacity::{Hold, HoldState};
use tollgate_core::effect::{EffectContent, EffectState, Receipt, StoredEffect};
use tollgate_core::id::{EffectId, HoldId, PaymentId, RootId};
use tollgate_core::order::Root;
use tollgate_core::payment::{Refund, RefundProgress};
use tollgate_core::word::Word;

use super::Verifying;
use super::feed::kinds_of;
use super::names::look_up_roots;
use crate::db::{Error, LookupBatch, Row, Value, id_bytes};
use crate::tables::effects;

/// `verify.effect`: by primary key.
const EFFECT: &str =
    "select kind, key, state, content, tries from effects where shop_id = ?1 and id = ?2";

/// `verify.line_of_notice`: by primary key, the line that an entry stands in.
const LINE_OF: &str = "\
    select position, entries
      from timeline
     where shop_id = ?1 and position >= ?2
     order by position
     limit 1";

/// No effect waits for longer.
const AHEAD_MS_MAX: i64 = 400 * 24 * 3600 * 1000;

/// An effect that a root has ordered.
pub(super) struct Ordered {
    id: [u8; 16],
    key: String,
    of: Of,
}

/// What it was ordered for.
enum Of {
    Receipt(Receipt),
    /// With the source of its payment.
    Refund(Refund, String),
}

/// The effects that a root has ordered: of each receipt, and of each refund that has not succeeded.
pub(super) fn ordered(root: &Root) -> Vec<Ordered> {
    let at = |key: String, of: Of| Ordered {
        id: id_bytes(effects::effect_id(root.id, &key).as_u128()),
        key,
        of,
    };
    let receipts = root.receipts.iter();
    let receipts = receipts.map(|known| at(root.receipt_key(known), Of::Receipt(known.clone())));
    let open = root.refunds.iter();
    let open = open.filter(|refund| refund.state != RefundProgress::Succeeded);
    let refunds = open.filter_map(|refund| {
        let source = root.payment(refund.payment)?.source.clone();
        Some(at(
            format!("refund:{}", refund.id),
            Of::Refund(refund.clone(), source),
        ))
    });
    receipts.chain(refunds).collect()
}

/// Looks up what roots have ordered.
pub(super) fn follow(verifying: &mut Verifying<'_>, ordered: &[Ordered]) -> Result<(), Error> {
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let mut lookups = LookupBatch::default();
    let keys = ordered.iter().map(|one| vec![shop(), Value::Id(one.id)]);
    let asked = lookups.ask(EFFECT, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| {
        let (kind, key): (String, String) = (row.get(0)?, row.get(1)?);
        let content = effects::read_content(&kind, &key, row.text(3)?).ok();
        Ok((row.get::<String>(2)?, content, row.get::<i64>(4)?))
    })?;
    for (Ordered { key, of, .. }, found) in ordered.iter().zip(found) {
        let name = match of {
            Of::Receipt(_) => "payment.receipt",
            Of::Refund(..) => "refund.effect",
        };
        let Some((state, content, tries)) = found else {
            // What was handed over has none, and ends at once.
            if matches!(of, Of::Refund(refund, _) if !refund.state.reserves()) {
                continue;
            }
            verifying.fail(name, format!("{key}: there is no such effect"));
            continue;
        };
        // One that cannot be read is reported where effects are.
        let Some(content) = content else { continue };
        if !is_over(&content, of) {
            verifying.fail(
                name,
                format!("{key} has something else to do than its root says"),
            );
        }
        if let Of::Refund(refund, _) = of
            && refund.state == RefundProgress::Failed
            && state == EffectState::Pending.word()
            && tries == 0
        {
            verifying.fail(
                name,
                format!("{key} was never sent, and its refund has failed"),
            );
        }
        if let Of::Receipt(receipt) = of
            && (state == EffectState::Done.word()) != receipt.issued_at.is_some()
        {
            let issued = match receipt.issued_at {
                Some(_) => "is issued",
                None => "is not issued",
            };
            let seen = format!("{key} is {state}, and its receipt {issued}");
            verifying.fail("effect.state", seen);
        }
    }
    Ok(())
}

/// The effect is over what it was ordered for.
fn is_over(content: &EffectContent, of: &Of) -> bool {
    match (content, of) {
        (
            EffectContent::Receipt {
                receipt,
                kind,
                payment,
                money,
            },
            Of::Receipt(of),
        ) => {
            receipt.is_none_or(|id| id == of.id)
                && (*kind, *payment, *money) == (of.kind, of.payment, of.money)
        }
        (
            EffectContent::Refund {
                refund,
                payment,
                source,
                money,
            },
            Of::Refund(of, from),
        ) => (*refund, *payment, *money) == (of.id, of.payment, of.money) && source == from,
        _ => false,
    }
}

/// An order that has taken a cart's hold over, as one of the two says.
pub(super) struct TakenOver {
    hold: HoldId,
    order: RootId,
    /// Who says so is the order.
    by_order: bool,
}

/// The holds that a root says were taken over.
pub(super) fn taken_over(root: &Root) -> impl Iterator<Item = TakenOver> {
    let says = |hold: &Hold| match hold.state {
        HoldState::TakenOver(order) => Some(TakenOver {
            hold: hold.id,
            order: order.root(),
            by_order: false,
        }),
        _ if root.order.is_some() && hold.id.root() != root.id => Some(TakenOver {
            hold: hold.id,
            order: root.id,
            by_order: true,
        }),
        _ => None,
    };
    root.holds.iter().filter_map(says)
}

/// Asks the other one of the two.
pub(super) fn follow_holds(
    verifying: &mut Verifying<'_>,
    taken: &[TakenOver],
) -> Result<(), Error> {
    let other = |taken: &TakenOver| match taken.by_order {
        true => taken.hold.root(),
        false => taken.order,
    };
    let ids: Vec<RootId> = taken.iter().map(other).collect();
    let shop = Value::Integer(i64::from(verifying.shop.0));
    let holds = look_up_roots(verifying.db, shop, &ids, |root| root.holds.clone())?;
    for (taken, holds) in taken.iter().zip(holds) {
        let asked = other(taken);
        if holds.is_none() && asked.made_at() < verifying.horizon.roots {
            continue;
        }
        let says_so = |hold: &Hold| match hold.state {
            HoldState::TakenOver(order) => taken.by_order && order.root() == taken.order,
            _ => !taken.by_order,
        };
        let holds = holds.unwrap_or_default();
        let mut own = holds.iter().filter(|hold| hold.id == taken.hold);
        if !own.any(says_so) {
            let (hold, order) = (taken.hold, taken.order);
            let seen = format!("{hold} was taken over by {order:?}, says only one of the two");
            verifying.fail("hold.taken_over", seen);
        }
    }
    Ok(())
}

/// An effect with what it has to do, and what its row says beside that.
pub(super) struct Whole {
    pub(super) id: EffectId,
    pub(super) effect: StoredEffect,
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) position: i64,
    pub(super) created_at: i64,
}

/// Reads it of the columns of `effects.get`, and of those that `verify.effects` has behind them.
pub(super) fn read_whole(row: &Row<'_>, id: EffectId) -> Result<Whole, Error> {
    Ok(Whole {
        id,
        effect: effects::read(row)?,
        kind: row.get(1)?,
        target: row.get(13)?,
        position: row.get(14)?,
        created_at: row.get(15)?,
    })
}

/// Looks at an effect by itself; `head` is the feed's.
pub(super) fn look_at(verifying: &mut Verifying<'_>, whole: &Whole, head: i64) {
    let (id, effect) = (whole.id, &whole.effect);
    let key = &effect.key;
    let wanted = effect.content.target();
    // Targets of before there were workers are shorter.
    let is_old = whole.target.trim_end_matches(':') == whole.kind;
    if whole.target != wanted && !is_old {
        let is = &whole.target;
        let seen = format!("{id} ({key}) is addressed to {is}, and would be to {wanted}");
        verifying.fail("effect.content", seen);
    }
    if !begins_as(key, &effect.content) {
        let seen = format!("{id} ({key}) has another thing to do than its key says");
        verifying.fail("effect.content", seen);
    }
    if let Some(about) = about(&effect.content)
        && effect.root != Some(about)
    {
        let is = effect
            .root
            .map_or("nothing".to_owned(), |root| format!("{root:?}"));
        let seen = format!("{id} ({key}) belongs to {is}, and is about {about:?}");
        verifying.fail("effect.content", seen);
    }
    if head < whole.position {
        let is = whole.position;
        let seen = format!("{id} ({key}) was decided at {is}, and the feed ends at {head}");
        verifying.fail("effect.content", seen);
    }
    if let Some(fault) = state_fault(effect) {
        let seen = format!("{id} ({key}) is {}, {fault}", effect.state.word());
        verifying.fail("effect.state", seen);
    }
    let now = verifying.now.as_millis();
    let due = effect.due_at.map_or(0, |due| due.as_millis());
    if now + super::money::AHEAD_MS < whole.created_at || now + AHEAD_MS_MAX < due {
        let seen = format!("{id} ({key}) was decided, or comes due, far from now");
        verifying.warn("time.ahead", seen);
    }
}

/// What of an effect its state does not go with.
fn state_fault(effect: &StoredEffect) -> Option<&'static str> {
    let is_settled = effect.state.is_settled();
    if is_settled != effect.settled_at.is_some() {
        return Some("which its settled_at does not say");
    }
    if is_settled && effect.due_at.is_some() {
        return Some("and due");
    }
    if !effect.state.is_claimed() && effect.lease.is_some() {
        return Some("and a worker has it");
    }
    if effect.state.is_claimed() && effect.tries < 1 {
        return Some("and was never claimed");
    }
    match effect.state {
        EffectState::Done if effect.keeps_waiting => Some("and keeps others waiting"),
        EffectState::Dead | EffectState::Unknown if effect.reason.is_none() => {
            Some("for no reason")
        }
        _ => None,
    }
}

/// The key says what there is to do.
fn begins_as(key: &str, content: &EffectContent) -> bool {
    let begins = match content {
        EffectContent::Receipt { kind, payment, .. } => {
            format!("receipt:{}:{payment}:", kind.word())
        }
        EffectContent::Mail { kind, .. } => format!("mail:{}:", kind.word()),
        EffectContent::AlertMail(_) => "mail:alert:".to_owned(),
        EffectContent::Notify {
            endpoint, position, ..
        } => return *key == format!("notify:{endpoint}:{position}"),
        EffectContent::Forward { .. } => "forward:".to_owned(),
        EffectContent::Ask { n, .. } => {
            return key.starts_with("ask:") && key.ends_with(&format!(":{n}"));
        }
        // Named in several ways by versions in which there were such.
        EffectContent::RefundRequest { .. } => return true,
        EffectContent::Refund { refund, .. } => format!("refund:{refund}"),
        EffectContent::RefundCheck { refund, n, .. } => format!("refund_check:{refund}:{n}"),
        EffectContent::Void { payment, .. } => format!("void:{payment}:"),
    };
    key.starts_with(&begins)
}

/// The root that it is about by what it has to do.
fn about(content: &EffectContent) -> Option<RootId> {
    let of_payment = |payment: &PaymentId| Some(payment.root());
    match content {
        EffectContent::Receipt { payment, .. }
        | EffectContent::Refund { payment, .. }
        | EffectContent::RefundCheck { payment, .. }
        | EffectContent::Void { payment, .. } => of_payment(payment),
        EffectContent::Mail { receipt, .. } => receipt.map(|receipt| receipt.root()),
        EffectContent::AlertMail(_)
        | EffectContent::Notify { .. }
        | EffectContent::Forward { .. }
        | EffectContent::Ask { .. }
        | EffectContent::RefundRequest { .. } => None,
    }
}

/// Notices say what the entry says that they are about, and what is handed on is there.
pub(super) fn follow_notices(verifying: &mut Verifying<'_>, all: &[Whole]) -> Result<(), Error> {
    let kept = verifying.horizon.position;
    let notices: Vec<(&Whole, i64, &String)> = all
        .iter()
        .filter_map(|whole| match &whole.effect.content {
            EffectContent::Notify { position, kind, .. } => Some((whole, *position, kind)),
            _ => None,
        })
        .filter(|(_, position, _)| kept < *position)
        .collect();
    let shop = || Value::Integer(i64::from(verifying.shop.0));
    let mut lookups = LookupBatch::default();
    let keys = notices.iter();
    let keys = keys.map(|(_, position, _)| vec![shop(), Value::Integer(*position)]);
    let asked = lookups.ask(LINE_OF, keys.collect());
    let found = verifying.db.look_up(lookups)?;
    let found = found.firsts(asked, |row| {
        Ok((
            row.get::<i64>(0)?,
            kinds_of(row.text(1)?).unwrap_or_default(),
        ))
    })?;
    let mut wrong = BTreeSet::new();
    for ((whole, position, kind), found) in notices.iter().zip(found) {
        let (last, kinds) = found.unwrap_or_default();
        let place = kinds.len() as i64 - 1 - (last - position);
        let told = usize::try_from(place)
            .ok()
            .and_then(|place| kinds.get(place));
        if told != Some(*kind) {
            let (id, told) = (whole.id, told.map_or("nothing", String::as_str));
            wrong.insert(format!(
                "{id} tells {kind} of {position}, where there is {told}"
            ));
        }
    }
    for seen in wrong {
        verifying.fail("effect.content", seen);
    }
    Ok(())
}
