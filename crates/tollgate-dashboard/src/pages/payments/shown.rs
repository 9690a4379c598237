//! What is shown of a payment wherever it stands: its facts, its refunds, its receipts.

use maud::{Markup, html};
use tollgate_core::effect::ReceiptKind;
use tollgate_core::method::MethodKind;
use tollgate_core::payment::{PaymentStatus, RefundProgress};
use tollgate_core::word::Word;

use super::document::{Payment, Receipt, Refund};
use super::words as said;
use crate::parts::{amount, badge, code, encoded, facts, foreign, table, time};
use crate::visit::Visit;
use crate::words::common;
use crate::words::sets::Shown;

/// How it stands, in figures.
pub(crate) fn head(visit: &Visit<'_>, payment: &Payment) -> Markup {
    let money = |minor| amount(visit.locale, minor, &payment.currency);
    let mut rows = vec![
        (
            common::STATUS,
            badge::<PaymentStatus>(visit, &payment.status),
        ),
        (said::DUE, money(payment.amount)),
        (said::CAPTURED, money(payment.captured_amount)),
    ];
    if payment.fee_amount != 0 {
        rows.push((said::FEE, money(payment.fee_amount)));
    }
    if payment.refunded_amount != 0 {
        rows.push((said::REFUNDED, money(payment.refunded_amount)));
    }
    if payment.reserved() != 0 {
        rows.push((said::ON_ITS_WAY_BACK, money(payment.reserved())));
    }
    if payment.captured_amount != 0 {
        rows.push((said::CAN_GO_BACK, money(payment.refundable())));
    }
    if let Some(method) = &payment.method {
        let kind = match MethodKind::of(&method.kind) {
            Some(kind) => visit.say(said::method(kind)),
            None => &method.kind,
        };
        let detail = method.detail.as_deref();
        rows.push((
            said::METHOD,
            html! { (kind) @if let Some(detail) = detail { " " (foreign(detail)) } },
        ));
    }
    if let Some(id) = &payment.provider_payment_id {
        rows.push((said::AT_PROVIDER, code(id)));
    }
    rows.push((common::CREATED, time(&payment.created_at)));
    if let Some(at) = &payment.expires_at {
        rows.push((said::ENDS, time(at)));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(term, value)| (visit.say(term), value))
        .collect();
    facts(&rows)
}

/// Money that went back or is on its way.
pub(crate) fn refunds<'r>(visit: &Visit<'_>, refunds: impl Iterator<Item = &'r Refund>) -> Markup {
    let rows: Vec<_> = refunds
        .map(|refund| {
            let by = match refund.ordered_by.as_str() {
                "merchant" => visit.say(said::MERCHANT),
                "tollgate" => visit.say(said::TOLLGATE),
                other => other,
            };
            vec![
                amount(visit.locale, refund.amount, &refund.currency),
                badge::<RefundProgress>(visit, &refund.state),
                foreign(&refund.reason),
                html! { (by) },
                html! { @if let Some(id) = &refund.provider_refund_id { (code(id)) } },
                time(&refund.created_at),
            ]
        })
        .collect();
    let heads = [
        common::AMOUNT,
        common::STATUS,
        common::REASON,
        said::ORDERED_BY,
        said::AT_PROVIDER,
        common::CREATED,
    ];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}

/// Papers, each with its file.
pub(crate) fn receipts(visit: &Visit<'_>, receipts: &[Receipt]) -> Markup {
    let rows: Vec<_> = receipts
        .iter()
        .map(|receipt| {
            let kind = match ReceiptKind::of(&receipt.kind) {
                Some(kind) => visit.say(said::receipt_kind(kind)),
                None => &receipt.kind,
            };
            let number = receipt.number.as_deref().unwrap_or(&receipt.id);
            let money = receipt.amount.zip(receipt.currency.as_deref());
            vec![
                html! { a href={ "/receipts/" (encoded(&receipt.id)) } { (foreign(number)) } },
                html! { (kind) },
                html! { @if let Some((minor, currency)) = money { (amount(visit.locale, minor, currency)) } },
                html! {
                    @match &receipt.issued_at {
                        Some(at) => (time(at)),
                        None => { span.badge.open { (visit.say(said::NOT_ISSUED)) } }
                    }
                },
                html! {
                    @if let (Some(pdf), "issued") = (&receipt.pdf, receipt.state.as_str()) {
                        a href=(pdf) type="application/pdf" { (visit.say(said::OPEN_PDF)) span.unseen { " " (number) } }
                    }
                },
            ]
        })
        .collect();
    let heads = [
        said::NUMBER,
        said::KIND,
        common::AMOUNT,
        common::CREATED,
        said::OPEN_PDF,
    ];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}

/// The word of how a payment stands, for choices.
pub(super) fn statuses(visit: &Visit<'_>) -> Vec<(&'static str, &'static str)> {
    let all = PaymentStatus::ALL.iter();
    all.map(|status| (status.word(), visit.say(status.shown().0)))
        .collect()
}
