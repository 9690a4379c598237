//! Rows of orders, payments and refunds. Amounts are those of the ledger, so that their sums are `verify`'s.

use tollgate_core::event::FactKind;
use tollgate_core::ledger::Account;
use tollgate_core::order::Root;
use tollgate_core::payment::{Payment, RefundProgress};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_store::Between;

use crate::http::csv::Row;

/// Writes the rows of a root that are of a stretch of time.
pub(super) type Write = fn(&Root, &Between, &mut String);

/// The columns of orders.
pub(super) const ORDERS: &str = "order_id,code,status,created_at,updated_at,customer_name,customer_email,\
     customer_phone,attention,currency,total_minor,total,discount_minor,discount,shipping_minor,shipping,\
     captured_minor,captured,fee_minor,fee,refunded_minor,refunded,charged_back_minor,charged_back,\
     reserved_minor,reserved,kept_minor,kept";

/// The columns of payments.
pub(super) const PAYMENTS: &str = "payment_id,order_id,order_code,source,reference,provider_payment_id,status,\
     method,created_at,updated_at,currency,amount_minor,amount,captured_minor,captured,fee_minor,fee,\
     refunded_minor,refunded,charged_back_minor,charged_back,reserved_minor,reserved,kept_minor,kept";

/// The columns of refunds.
pub(super) const REFUNDS: &str = "refund_id,payment_id,order_id,order_code,source,reference,provider_refund_id,\
     state,ordered_by,reason,created_at,currency,amount_minor,amount,refunded_minor,refunded";

/// An order, by when it was made.
pub(super) fn order(root: &Root, between: &Between, rows: &mut String) {
    let Some(order) = &root.order else { return };
    if !between.holds(root.created_at) {
        return;
    }
    let currency = order.currency.to_string();
    let mut row = Row::default();
    let id = root.order_id().map(|id| id.to_string());
    row.text(&id.unwrap_or_default())
        .text(&order.code)
        .text(order.status.word())
        .time(Some(root.created_at))
        .time(Some(root.updated_at))
        .text(order.customer.name.as_deref().unwrap_or_default())
        .text(order.customer.email.as_deref().unwrap_or_default())
        .text(order.customer.phone.as_deref().unwrap_or_default())
        .number(root.open_attention().count() as i64)
        .text(&currency)
        .money(order.total_minor, &currency)
        .money(order.discount_minor, &currency)
        .money(order.shipping_minor, &currency);
    put_account(&mut row, &root.ledger().all, &currency);
    rows.push_str(&row.end());
}

/// The payments of a root, each by when it was registered.
pub(super) fn payments(root: &Root, between: &Between, rows: &mut String) {
    let mut ledger = None;
    for payment in &root.payments {
        if !between.holds(payment.created_at) {
            continue;
        }
        let account = ledger
            .get_or_insert_with(|| root.ledger())
            .of_payment(payment.id);
        let currency = payment.currency().to_string();
        let mut row = Row::default();
        put_place(&mut row, root, payment, &payment.id.to_string(), false);
        row.text(payment.provider_payment_id.as_deref().unwrap_or_default())
            .text(payment.projection().status.word())
            .text(
                &payment
                    .method()
                    .map(|method| method.kind.word().to_owned())
                    .unwrap_or_default(),
            )
            .time(Some(payment.created_at))
            .time(Some(payment.updated_at))
            .text(&currency)
            .money(payment.due.minor, &currency);
        put_account(&mut row, &account, &currency);
        rows.push_str(&row.end());
    }
}

/// The refunds of a root: those that were ordered here, each by when it was, and what else the provider says went
/// back of a payment, in one row by when it last said so. `refunded` adds up to what the ledger has.
pub(super) fn refunds(root: &Root, between: &Between, rows: &mut String) {
    let mut ledger = None;
    for payment in &root.payments {
        let account = ledger
            .get_or_insert_with(|| root.ledger())
            .of_payment(payment.id);
        let mut rest = account.refunded;
        for refund in root
            .refunds
            .iter()
            .filter(|refund| refund.payment == payment.id)
        {
            let currency = refund.money.currency.to_string();
            let minor = refund.money.minor;
            let done = match refund.state {
                RefundProgress::Succeeded => minor.min(rest),
                RefundProgress::Requested
                | RefundProgress::Sent
                | RefundProgress::Failed
                | RefundProgress::Unknown => 0,
            };
            rest -= done;
            if !between.holds(refund.created_at) {
                continue;
            }
            let mut row = Row::default();
            put_place(&mut row, root, payment, &refund.id.to_string(), true);
            row.text(refund.provider_refund_id.as_deref().unwrap_or_default())
                .text(refund.state.word())
                .text(refund.ordered_by.word())
                .text(&refund.reason)
                .time(Some(refund.created_at))
                .text(&currency)
                .money(minor, &currency)
                .money(done, &currency);
            rows.push_str(&row.end());
        }
        let said_at = last_said(payment);
        if 0 < rest && between.holds(said_at) {
            let currency = payment.currency().to_string();
            let mut row = Row::default();
            put_place(&mut row, root, payment, "", true);
            row.text("")
                .text(RefundProgress::Succeeded.word())
                .text("provider")
                .text("")
                .time(Some(said_at))
                .text(&currency)
                .money(rest, &currency)
                .money(rest, &currency);
            rows.push_str(&row.end());
        }
    }
}

/// When the provider last said that something went back. Its clock is not ours: what it dates before the payment was
/// registered, or after it was heard, is of the first or of the last time at which it can have been said here. So it
/// is in the stretch of one table, whatever that clock says: roots are read by our own times.
fn last_said(payment: &Payment) -> Timestamp {
    let went_back = payment
        .facts
        .iter()
        .filter(|fact| matches!(fact.kind, FactKind::Refund(_) | FactKind::RefundedTotal));
    let last = went_back.filter_map(|fact| fact.occurred_at).max();
    last.map_or(payment.updated_at, |said_at| {
        said_at.min(payment.updated_at).max(payment.created_at)
    })
}

/// Whose something is: its own id, the payment, the order, the name at the source.
fn put_place(row: &mut Row, root: &Root, payment: &Payment, id: &str, is_of_payment: bool) {
    let order = root.order_id().map(|id| id.to_string());
    let code = root.order.as_ref().map(|order| order.code.as_str());
    row.text(id);
    if is_of_payment {
        row.text(&payment.id.to_string());
    }
    row.text(&order.unwrap_or_default())
        .text(code.unwrap_or_default())
        .text(&payment.source)
        .text(&payment.reference);
}

fn put_account(row: &mut Row, account: &Account, currency: &str) {
    row.money(account.captured, currency)
        .money(account.fee, currency)
        .money(account.refunded, currency)
        .money(account.charged_back, currency)
        .money(account.reserved, currency)
        .money(account.kept(), currency);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tollgate_core::event::{Fact, Strength};
    use tollgate_core::id::PaymentId;
    use tollgate_core::money::{Currency, Money};

    use super::*;

    /// A payment that was registered and heard of at these times, and of which its provider says when all went back.
    fn refunded(created_at: i64, said_at: Option<i64>, updated_at: i64) -> Payment {
        let due = Money {
            minor: 100,
            currency: Currency::new("IDR").expect("it is one"),
        };
        let fact = Fact {
            object: "one".to_owned(),
            kind: FactKind::RefundedTotal,
            money: Some(due),
            occurred_at: said_at.map(Timestamp::from_millis),
            strength: Strength::Signed,
            foreign_mode: false,
            fee_minor: 0,
        };
        Payment {
            id: PaymentId::from_u128(1),
            source: "bank".to_owned(),
            reference: "R-1".to_owned(),
            due,
            expires_at: None,
            provider_payment_id: None,
            facts: vec![fact],
            methods: BTreeMap::new(),
            created_at: Timestamp::from_millis(created_at),
            updated_at: Timestamp::from_millis(updated_at),
        }
    }

    #[test]
    fn what_a_providers_clock_says_is_between_what_ours_does() {
        for (created_at, said_at, updated_at, expected) in [
            (100, Some(150), 200, 150),
            // It came before its payment; its clock is ahead; it says nothing.
            (100, Some(50), 200, 100),
            (100, Some(250), 200, 200),
            (100, None, 200, 200),
        ] {
            let payment = refunded(created_at, said_at, updated_at);
            assert_eq!(last_said(&payment).as_millis(), expected, "{said_at:?}");
        }
    }
}
