//! The laws of money, one check each (docs/money.md): what a root's ledger says against what was done.
//!
//! What an earlier version has left is only reported, with the command that corrects it: books are never
//! corrected by themselves.

use tollgate_core::id::PaymentId;
use tollgate_core::order::{AttentionCode, OrderStatus, Root};
use tollgate_core::payment::{OrderedBy, Refund, RefundProgress};
use tollgate_core::snapshot::EventState;
use tollgate_core::word::Word;

use super::{Verifying, lasting, shown};
use crate::db::{Db, Error};
use crate::tables::{effects, roots};

/// A refund that has not ended after so long needs a person.
const REFUND_OPEN_MS: i64 = 7 * 24 * 3600 * 1000;

/// A report that waits for an answer for so long is not asked about any more.
const QUESTION_LATE_MS: i64 = 24 * 3600 * 1000;

/// Rows that are further ahead of the clock than this were written by another one.
pub(super) const AHEAD_MS: i64 = 5 * 60 * 1000;

/// Looks at the money of one root.
pub(super) fn look_at(verifying: &mut Verifying<'_>, root: &Root) {
    let ledger = root.ledger();
    let was_raised = |code: AttentionCode| root.attention.iter().any(|known| known.code == code);
    for payment in &root.payments {
        let account = ledger.of_payment(payment.id);
        let fold = payment.fold();
        let ordered = |refund: &&Refund| {
            refund.payment == payment.id && refund.state != RefundProgress::Failed
        };
        let ordered = root.refunds.iter().filter(ordered);
        let ordered = ordered.fold(0i64, |sum, refund| sum.saturating_add(refund.money.minor));
        // What was ordered back of an amount that is proved otherwise since was free when it was ordered.
        let came = fold.greatest_minor();
        if came < ordered {
            let seen = format!("{}: {ordered} ordered back of {came}", payment.id);
            verifying.fail("money.ordered_back", seen);
        }
        let (total, wanted) = (root.receipts_total(payment.id), account.receipts_due());
        if total != wanted {
            let id = payment.id;
            let seen = format!(
                "{id}: receipts come to {total}, the ledger to {wanted}; \
                 POST /v1/payments/{id}/receipts/correct"
            );
            verifying.warn("money.papers", seen);
        }
        if 0 < fold.unpriced() && !was_raised(AttentionCode::AmountUnreadable) {
            let seen = format!("{}: money of which the amount is not known", payment.id);
            verifying.warn("money.unread", seen);
        }
    }
    let is_completed = root
        .order
        .as_ref()
        .is_some_and(|order| order.status == OrderStatus::Completed);
    if is_completed && !ledger.is_covered() && root.attention.is_empty() {
        let (kept, due) = (ledger.all.kept(), ledger.due);
        let seen = format!("{}: completed, with {kept} of {due} kept", shown(root));
        verifying.fail("money.stranded", seen);
    }
    let failed_on = |refund: &&Refund| {
        refund.ordered_by == OrderedBy::Tollgate && refund.state == RefundProgress::Failed
    };
    if root.refunds.iter().any(|refund| failed_on(&refund))
        && 0 < ledger.at_rest()
        && root.attention.is_empty()
    {
        let seen = format!(
            "{}: {} could not be given back",
            shown(root),
            ledger.at_rest()
        );
        verifying.fail("money.stranded", seen);
    }
    for refund in root.refunds.iter().filter(|refund| refund.state.reserves()) {
        let age = verifying.now.as_millis() - refund.created_at.as_millis();
        if REFUND_OPEN_MS < age {
            let (id, state) = (refund.id, refund.state.word());
            let seen = format!("{id} of {} is {state} for {}", refund.payment, lasting(age));
            verifying.warn("money.refund_open", seen);
        }
    }
    let ahead = root.updated_at.as_millis() - verifying.now.as_millis();
    if AHEAD_MS < ahead {
        let seen = format!("{}: changed {} from now", shown(root), lasting(ahead));
        verifying.warn("time.ahead", seen);
    }
}

/// `verify.refund_requests`: walks the primary key; there are none of a version that has ledgers.
const REQUESTS: &str = "\
    select key, content, root from effects where shop_id = ?1 and kind = 'refund_request' and state = 'done'";

/// `verify.waiting`: by `events_state`.
const WAITING: &str = "\
    select count(*) from events where shop_id = ?1 and state = ?2 and received_at < ?3";

/// What earlier versions gave back without a refund of its own, and reports that are not asked about any more.
pub(super) fn walk(verifying: &mut Verifying<'_>) -> Result<(), Error> {
    let shop = verifying.shop.0;
    let db: &Db = verifying.db;
    let requests = db.all(REQUESTS, &[&shop], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?))
    })?;
    for (key, content) in requests {
        let said = effects::read_content("refund_request", &key, &content);
        let Ok(tollgate_core::effect::EffectContent::RefundRequest {
            payment: Some(payment),
            money: Some(money),
            ..
        }) = said
        else {
            continue;
        };
        if is_recorded(verifying, payment, money.minor)? {
            continue;
        }
        let minor = money.minor;
        let seen = format!(
            "{payment}: {minor} went back by {key} and is no refund; POST /v1/payments/{payment}/refund \
             {{\"amount\":{minor},\"recorded\":true,\"reason\":\"given back automatically\"}}"
        );
        verifying.warn("money.unrecorded", seen);
    }
    let before = verifying.now.as_millis() - QUESTION_LATE_MS;
    let queued = EventState::Queued.word();
    let waiting = db.one(WAITING, &[&shop, &queued, &before], |row| row.get::<i64>(0))?;
    if let Some(waiting @ 1..) = waiting {
        let seen = format!("{waiting} reports wait for an answer for more than a day");
        verifying.warn("question.waits", seen);
    }
    Ok(())
}

/// The payment's ledger has as much given back as went back.
fn is_recorded(verifying: &Verifying<'_>, payment: PaymentId, minor: i64) -> Result<bool, Error> {
    let key = crate::db::id_bytes(payment.root().as_u128());
    let root = verifying
        .db
        .one(roots::GET, &[&verifying.shop.0, &key], |row| {
            Ok(roots::read(row))
        })?;
    Ok(match root {
        Some(Ok(root)) => minor <= root.ledger().of_payment(payment).refunded,
        Some(Err(_)) | None => true,
    })
}
