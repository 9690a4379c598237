//! What may be done with an order: the forms, and what they ask of the API.

use maud::{Markup, html};
use serde_json::{Value, json};
use tollgate_core::order::OrderStatus;
use tollgate_core::word::Word;

use super::document::Order;
use super::words as said;
use crate::failure::Failure;
use crate::pages::payments::actions as of_payment;
use crate::parts::{ActionForm, Field, Input, amount_in, encoded, isolated};
use crate::reply::{Response, done};
use crate::visit::Visit;
use crate::words::{Text, common};

/// The actions of an order whose page is `place`.
pub(super) fn forms(visit: &Visit<'_>, place: &str, order: &Order) -> Markup {
    if !visit.viewer().may_operate() {
        return html! {};
    }
    html! {
        div.actions {
            (note_form(visit, place, order))
            (customer_form(visit, place, order))
            @if may_be_cancelled(order) { (cancel_form(visit, place, order)) }
        }
    }
}

/// One that is paid is refunded instead, and one that has ended stays as it ended.
fn may_be_cancelled(order: &Order) -> bool {
    match OrderStatus::of(&order.status) {
        Some(OrderStatus::AwaitingPayment | OrderStatus::PartiallyPaid) => true,
        Some(
            OrderStatus::Closing
            | OrderStatus::Paid
            | OrderStatus::Completed
            | OrderStatus::PartiallyRefunded
            | OrderStatus::Refunded
            | OrderStatus::Expired
            | OrderStatus::Cancelled,
        )
        | None => false,
    }
}

fn cancel_form(visit: &Visit<'_>, place: &str, order: &Order) -> Markup {
    let came = amount_in(visit.locale, order.captured_amount, &order.currency);
    ActionForm::new(format!("{place}/cancel"), said::CANCEL)
        .about(said::CANCEL_ABOUT.with(visit.locale, &[&isolated(&order.code), &came]))
        .dangerous()
        .markup(visit)
}

fn note_form(visit: &Visit<'_>, place: &str, order: &Order) -> Markup {
    let note = Field::new("note", visit.say(common::NOTE), Input::Lines);
    ActionForm::new(format!("{place}/note"), said::NOTE_EDIT)
        .about(visit.say(said::NOTE_ABOUT))
        .field(note.holding(order.note.as_deref().unwrap_or_default()))
        .markup(visit)
}

/// What is known of a customer: the member of the API, what people read, and how it is typed.
const PARTICULARS: [(&str, Text, Input<'static>); 6] = [
    ("name", common::NAME, Input::Text),
    ("email", said::EMAIL, Input::Email),
    ("phone", said::PHONE, Input::Text),
    ("address", said::ADDRESS, Input::Lines),
    ("tax_id", said::TAX_ID, Input::Text),
    ("locale", said::LOCALE, Input::Text),
];

fn customer_form(visit: &Visit<'_>, place: &str, order: &Order) -> Markup {
    let customer = &order.customer;
    let known = [
        &customer.name,
        &customer.email,
        &customer.phone,
        &customer.address,
        &customer.tax_id,
        &customer.locale,
    ];
    let mut form = ActionForm::new(format!("{place}/customer"), said::CUSTOMER_EDIT)
        .about(visit.say(said::CUSTOMER_ABOUT));
    for ((name, label, input), value) in PARTICULARS.into_iter().zip(known) {
        let field = Field::new(field_name(name), visit.say(label), input);
        form = form.field(field.holding(value.as_deref().unwrap_or_default()));
    }
    form.markup(visit)
}

/// A field named `email` would be filled in by browsers with who has signed in.
fn field_name(member: &'static str) -> &'static str {
    match member {
        "email" => "customer_email",
        "name" => "customer_name",
        other => other,
    }
}

fn page(visit: &Visit<'_>) -> String {
    format!("/orders/{}", encoded(visit.parameter(0)))
}

pub(super) async fn cancel(visit: &Visit<'_>) -> Result<Response, Failure> {
    let place = page(visit);
    visit
        .send("POST", format!("/v1{place}/cancel"), Some(json!({})))
        .await?;
    Ok(done(place, said::CANCEL_DONE))
}

pub(super) async fn note(visit: &Visit<'_>) -> Result<Response, Failure> {
    let place = page(visit);
    let body = json!({ "note": visit.form.get("note").map(str::trim) });
    visit
        .send("PATCH", format!("/v1{place}"), Some(body))
        .await?;
    Ok(done(place, said::NOTE_DONE))
}

pub(super) async fn customer(visit: &Visit<'_>) -> Result<Response, Failure> {
    let place = page(visit);
    let mut customer = json!({});
    for (member, _, _) in PARTICULARS {
        let written = visit.form.get(field_name(member));
        customer[member] = written.map_or(Value::Null, |text| text.trim().into());
    }
    let body = json!({ "customer": customer });
    visit
        .send("PATCH", format!("/v1{place}"), Some(body))
        .await?;
    Ok(done(place, said::CUSTOMER_DONE))
}

pub(super) async fn resolve(visit: &Visit<'_>) -> Result<Response, Failure> {
    let noun = format!("orders/{}", encoded(visit.parameter(0)));
    of_payment::resolve(visit, &noun, visit.parameter(1)).await
}

pub(super) async fn check(visit: &Visit<'_>) -> Result<Response, Failure> {
    of_payment::check(visit, visit.parameter(1), page(visit)).await
}

pub(super) async fn capture(visit: &Visit<'_>) -> Result<Response, Failure> {
    of_payment::capture(visit, visit.parameter(1), page(visit)).await
}

pub(super) async fn refund(visit: &Visit<'_>) -> Result<Response, Failure> {
    of_payment::refund(visit, visit.parameter(1), page(visit)).await
}
