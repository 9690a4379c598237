//! One receipt with all that was frozen when it was issued: `GET /v1/receipts/{id}`, and the mails that brought it.

use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::effect::EffectState;

use super::{kind, texts};
use crate::failure::Failure;
use crate::parts::{
    amount, badge, code, copyable, encoded, facts, foreign, number, section, table, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{Text, common};

/// A receipt: what is known of every one, and what was frozen of those that are issued.
#[derive(Deserialize)]
struct Receipt {
    id: String,
    number: Option<String>,
    kind: String,
    order_id: Option<String>,
    payment_id: String,
    amount: Option<i64>,
    currency: Option<String>,
    issued_at: Option<String>,
    sha256: Option<String>,
    pdf: Option<String>,
    seller: Option<Party>,
    buyer: Option<Party>,
    order_code: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    discount_amount: i64,
    #[serde(default)]
    shipping_amount: i64,
    total_amount: Option<i64>,
    #[serde(default)]
    taxes: Vec<Tax>,
    #[serde(default)]
    fee_amount: i64,
    payment: Option<Paid>,
    verification_url: Option<String>,
    original_number: Option<String>,
    reason: Option<String>,
}

/// Who sells or buys.
#[derive(Deserialize)]
struct Party {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    tax_id: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    name: Option<String>,
    quantity: i64,
    unit_amount: i64,
    amount: i64,
}

#[derive(Deserialize)]
struct Tax {
    name: String,
    percent: String,
    included: bool,
    amount: i64,
}

/// How it was paid.
#[derive(Deserialize)]
struct Paid {
    source: String,
    reference: String,
}

/// Mails of the receipt's order.
#[derive(Deserialize)]
struct Mails {
    data: Vec<Mail>,
}

#[derive(Deserialize)]
struct Mail {
    id: String,
    state: String,
    reason: Option<String>,
    created_at: String,
    content: MailContent,
}

#[derive(Deserialize)]
struct MailContent {
    receipt_id: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let receipt: Receipt = visit.get(format!("/v1/receipts/{id}")).await?;
    let mails = match &receipt.order_id {
        Some(order) => {
            let order = encoded(order);
            let path = format!("/v1/effects?kind=mail&order={order}&limit=100");
            let mails: Mails = visit.get(path).await?;
            Some(mails)
        }
        None => None,
    };
    let title = receipt.number.as_deref().unwrap_or(&receipt.id).to_owned();
    Ok(Page {
        title,
        here: "/receipts",
        topics: "effects",
        body: html! {
            (head(visit, &receipt))
            (file(visit, &receipt))
            @if let Some(total) = receipt.total_amount {
                (parties(visit, &receipt))
                @if !receipt.lines.is_empty() { (section(visit.say(texts::LINES), lines(visit, &receipt))) }
                (section(visit.say(texts::TOTALS), totals(visit, &receipt, total)))
            }
            @if let Some(mails) = &mails { (section(visit.say(texts::MAILS), mailed(visit, &receipt, mails))) }
        },
    })
}

impl Receipt {
    fn money(&self, visit: &Visit<'_>, minor: i64) -> Markup {
        amount(
            visit.locale,
            minor,
            self.currency.as_deref().unwrap_or_default(),
        )
    }
}

fn head(visit: &Visit<'_>, receipt: &Receipt) -> Markup {
    let mut rows = vec![(visit.say(texts::KIND), kind(visit, &receipt.kind))];
    if let Some(minor) = receipt.amount {
        rows.push((visit.say(texts::OVER), receipt.money(visit, minor)));
    }
    if let Some(at) = &receipt.issued_at {
        rows.push((visit.say(texts::ISSUED), time(at)));
    }
    if let Some(order) = &receipt.order_id {
        let said = receipt.order_code.as_deref().unwrap_or(order);
        let led = html! { a href={ "/orders/" (encoded(order)) } { (foreign(said)) } };
        rows.push((visit.say(texts::ORDER), led));
    }
    let payment = html! {
        a href={ "/payments/" (encoded(&receipt.payment_id)) } {
            @match &receipt.payment {
                Some(paid) => { (foreign(&paid.source)) " " (foreign(&paid.reference)) }
                None => (code(&receipt.payment_id)),
            }
        }
    };
    rows.push((visit.say(texts::PAYMENT), payment));
    if let Some(number) = &receipt.original_number {
        let href = format!("/receipts?number={}", encoded(number));
        let led = html! { a href=(href) { (foreign(number)) } };
        rows.push((visit.say(texts::ORIGINAL), led));
    }
    if let Some(reason) = &receipt.reason {
        rows.push((visit.say(common::REASON), foreign(reason)));
    }
    facts(&rows)
}

/// The file, and where anybody can see that it is genuine.
fn file(visit: &Visit<'_>, receipt: &Receipt) -> Markup {
    let (Some(pdf), Some(sha256)) = (&receipt.pdf, &receipt.sha256) else {
        return html! { p.notice { (visit.say(texts::IS_PENDING)) } };
    };
    html! {
        p { a href=(pdf) { (visit.say(texts::OPEN_PDF)) } }
        p.quiet { (visit.say(texts::SAME_BYTES)) br; (code(sha256)) }
        @if let Some(url) = &receipt.verification_url {
            p { (visit.say(texts::PUBLIC)) ":" }
            (copyable(visit, url))
        }
    }
}

fn parties(visit: &Visit<'_>, receipt: &Receipt) -> Markup {
    html! {
        div.charts {
            @for (title, party) in [(texts::SELLER, &receipt.seller), (texts::BUYER, &receipt.buyer)] {
                @if let Some(party) = party { (section(visit.say(title), one(visit, party))) }
            }
        }
    }
}

fn one(visit: &Visit<'_>, party: &Party) -> Markup {
    let members: [(Text, &Option<String>); 5] = [
        (common::NAME, &party.name),
        (texts::ADDRESS, &party.address),
        (texts::TAX_ID, &party.tax_id),
        (texts::EMAIL, &party.email),
        (texts::PHONE, &party.phone),
    ];
    let rows: Vec<_> = members
        .iter()
        .filter_map(|(text, value)| {
            let value = value.as_deref()?;
            Some((visit.say(*text), foreign(value)))
        })
        .collect();
    match rows.is_empty() {
        true => html! { p.quiet { (visit.say(common::NOT_KNOWN)) } },
        false => facts(&rows),
    }
}

fn lines(visit: &Visit<'_>, receipt: &Receipt) -> Markup {
    let rows: Vec<_> = receipt
        .lines
        .iter()
        .map(|line| {
            vec![
                foreign(&line.sku),
                html! { @if let Some(name) = &line.name { (foreign(name)) } },
                html! { (number(visit.locale, line.quantity.unsigned_abs())) },
                receipt.money(visit, line.unit_amount),
                receipt.money(visit, line.amount),
            ]
        })
        .collect();
    let heads = [
        texts::SKU,
        common::NAME,
        texts::QUANTITY,
        texts::UNIT,
        common::AMOUNT,
    ];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}

fn totals(visit: &Visit<'_>, receipt: &Receipt, total: i64) -> Markup {
    let mut rows = Vec::new();
    if receipt.discount_amount != 0 {
        let taken_off = receipt.discount_amount.saturating_neg();
        rows.push((visit.say(texts::DISCOUNT).to_owned(), taken_off));
    }
    if receipt.shipping_amount != 0 {
        rows.push((
            visit.say(texts::SHIPPING).to_owned(),
            receipt.shipping_amount,
        ));
    }
    for tax in &receipt.taxes {
        let text = match tax.included {
            true => texts::TAX_INCLUDED,
            false => texts::TAX_ON_TOP,
        };
        let named = text.with(visit.locale, &[&tax.name, &tax.percent]);
        rows.push((named, tax.amount));
    }
    rows.push((visit.say(texts::TOTAL).to_owned(), total));
    if receipt.fee_amount != 0 {
        rows.push((visit.say(texts::FEE).to_owned(), receipt.fee_amount));
    }
    if let Some(over) = receipt.amount {
        rows.push((visit.say(texts::OVER).to_owned(), over));
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|(text, minor)| vec![html! { bdi { (text) } }, receipt.money(visit, *minor)])
        .collect();
    let heads = [common::WHAT, common::AMOUNT].map(|head| visit.say(head));
    table(visit, &heads, &rows)
}

/// The mails that brought this receipt, and what became of each.
fn mailed(visit: &Visit<'_>, receipt: &Receipt, mails: &Mails) -> Markup {
    let with_it = mails.data.iter();
    let with_it = with_it.filter(|mail| mail.content.receipt_id.as_deref() == Some(&receipt.id));
    let rows: Vec<_> = with_it
        .map(|mail| {
            vec![
                html! { a href={ "/effects/" (encoded(&mail.id)) } { (time(&mail.created_at)) } },
                badge::<EffectState>(visit, &mail.state),
                html! { @if let Some(reason) = &mail.reason { (foreign(reason)) } },
            ]
        })
        .collect();
    if rows.is_empty() {
        return html! { p.empty { (visit.say(texts::NO_MAIL)) } };
    }
    let heads = [common::WHEN, common::STATUS, common::WHY].map(|head| visit.say(head));
    table(visit, &heads, &rows)
}
