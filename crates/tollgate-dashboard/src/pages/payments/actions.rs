//! What may be done with a payment, on its own page and on its order's: the forms, and what they ask of the API.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::Payment;
use super::words as said;
use crate::failure::{Failure, Problem};
use crate::pages::attention;
use crate::parts::{ActionForm, Field, Input, amount_in, encoded, isolated, minor_of, typed};
use crate::reply::{Response, done};
use crate::visit::Visit;
use crate::words::{Text, common};

/// Lines whose units can be put back into stock with a refund; of longer orders the rest is put back by hand.
pub(crate) const RESTOCKED_LINES_MAX: usize = 20;

/// What a refund can give back besides the money, and to whom it goes: of a payment by itself nothing is known.
#[derive(Default)]
pub(crate) struct Goods<'a> {
    /// What the customer is called.
    pub(crate) customer: Option<&'a str>,
    /// Skus of which stock is kept, what people call them, and how many units were bought.
    pub(crate) lines: Vec<(&'a str, &'a str, i64)>,
    /// A slot is booked.
    pub(crate) has_slot: bool,
}

/// The actions of a payment whose place is `/payments/…` or `/orders/…/payments/…`.
pub(crate) fn forms(
    visit: &Visit<'_>,
    place: &str,
    payment: &Payment,
    goods: &Goods<'_>,
) -> Markup {
    if !visit.viewer().may_operate() {
        return html! {};
    }
    html! {
        div.actions {
            @if !payment.is_manual() { (check_form(visit, place, payment)) }
            @if payment.is_manual() && payment.captured_amount < payment.amount {
                (capture_form(visit, place, payment))
            }
            @if 0 < payment.refundable() { (refund_form(visit, place, payment, goods)) }
        }
    }
}

fn check_form(visit: &Visit<'_>, place: &str, payment: &Payment) -> Markup {
    let about = said::CHECK_ABOUT.with(
        visit.locale,
        &[&isolated(&payment.source), &isolated(&payment.reference)],
    );
    ActionForm::new(format!("{place}/check"), said::CHECK)
        .about(about)
        .markup(visit)
}

fn capture_form(visit: &Visit<'_>, place: &str, payment: &Payment) -> Markup {
    let left = payment.amount.saturating_sub(payment.captured_amount);
    let in_words = |minor| amount_in(visit.locale, minor, &payment.currency);
    let about = said::CAPTURE_ABOUT.with(
        visit.locale,
        &[
            &isolated(&payment.reference),
            &in_words(left),
            &in_words(payment.amount),
        ],
    );
    let label = said::REFUND_AMOUNT.with(visit.locale, &[&payment.currency]);
    let suggested = typed(left, &payment.currency);
    let amount = Field::new("amount", &label, Input::Number);
    ActionForm::new(format!("{place}/capture"), said::CAPTURE)
        .about(about)
        .field(amount.holding(&suggested).required())
        .field(Field::new(
            "note",
            visit.say(said::CAPTURE_NOTE),
            Input::Text,
        ))
        .markup(visit)
}

fn refund_form(visit: &Visit<'_>, place: &str, payment: &Payment, goods: &Goods<'_>) -> Markup {
    let locale = visit.locale;
    let in_words = |minor| amount_in(locale, minor, &payment.currency);
    let (left, came) = (
        in_words(payment.refundable()),
        in_words(payment.captured_amount),
    );
    let customer = match goods.customer {
        Some(name) => isolated(name),
        None => visit.say(said::THE_CUSTOMER).to_owned(),
    };
    let source = isolated(&payment.source);
    let about = match payment.is_manual() {
        true => said::REFUND_ABOUT_MANUAL.with(locale, &[&left, &came, &customer]),
        false => said::REFUND_ABOUT.with(locale, &[&left, &came, &customer, &source]),
    };
    let label = said::REFUND_AMOUNT.with(locale, &[&payment.currency]);
    let suggested = typed(payment.refundable(), &payment.currency);
    let lines = goods.lines.iter().take(RESTOCKED_LINES_MAX);
    let restocked: Vec<_> = lines
        .zip(0..)
        .map(|((sku, name, quantity), index): (_, usize)| {
            let label = said::RESTOCK.with(locale, &[&isolated(name), &quantity.to_string()]);
            (
                format!("units_{index}"),
                format!("sku_{index}"),
                *sku,
                label,
            )
        })
        .collect();
    let amount = Field::new("amount", &label, Input::Number);
    let mut form = ActionForm::new(format!("{place}/refund"), said::REFUND)
        .about(about)
        .field(amount.holding(&suggested).required())
        .field(Field::new("reason", visit.say(common::REASON), Input::Text))
        .dangerous();
    for (units, sku, of, label) in &restocked {
        form = form
            .field(Field::new(units, label, Input::Number))
            .hidden(sku, *of);
    }
    if goods.has_slot {
        form = form.field(Field::new(
            "release_slot",
            visit.say(said::REFUND_SLOT),
            Input::Check,
        ));
    }
    if !payment.is_manual() {
        let recorded = visit.say(said::REFUND_RECORDED);
        form = form.field(Field::new("recorded", recorded, Input::Check));
    }
    form.markup(visit)
}

/// The form that has receipts corrected; for who administers.
pub(super) fn correct_form(visit: &Visit<'_>, place: &str) -> Markup {
    if !visit.viewer().may_administer() {
        return html! {};
    }
    ActionForm::new(format!("{place}/correct"), said::CORRECT)
        .about(visit.say(said::CORRECT_ABOUT))
        .markup(visit)
}

/// What a check came to: `POST /v1/payments/{id}/check`.
#[derive(Deserialize)]
struct Checked {
    provider: Provider,
}

#[derive(Deserialize)]
struct Provider {
    state: String,
}

/// Asks the provider; then the browser goes to `back`.
pub(crate) async fn check(
    visit: &Visit<'_>,
    payment: &str,
    back: String,
) -> Result<Response, Failure> {
    let path = format!("/v1/payments/{}/check", encoded(payment));
    let answer = visit.send("POST", &path, Some(json!({}))).await?;
    let checked: Checked = serde_json::from_value(answer)
        .map_err(|error| Failure::Unreadable(format!("{path}: {error}")))?;
    let text = match checked.provider.state.as_str() {
        "done" => said::CHECK_DONE,
        "dead" => said::CHECK_DEAD,
        _ => said::CHECK_PENDING,
    };
    Ok(done(back, text))
}

/// Records money that came.
pub(crate) async fn capture(
    visit: &Visit<'_>,
    payment: &str,
    back: String,
) -> Result<Response, Failure> {
    let path = format!("/v1/payments/{}", encoded(payment));
    let known: Payment = visit.get(&path).await?;
    let mut body = json!({ "amount": amount_of_form(visit, &known)? });
    if let Some(note) = visit.form.get("note") {
        body["note"] = note.trim().into();
    }
    visit
        .send("POST", format!("{path}/capture"), Some(body))
        .await?;
    Ok(done(back, said::CAPTURE_DONE))
}

/// Orders money back.
pub(crate) async fn refund(
    visit: &Visit<'_>,
    payment: &str,
    back: String,
) -> Result<Response, Failure> {
    let path = format!("/v1/payments/{}", encoded(payment));
    let known: Payment = visit.get(&path).await?;
    let mut body = json!({ "amount": amount_of_form(visit, &known)? });
    if let Some(reason) = visit.form.get("reason") {
        body["reason"] = reason.trim().into();
    }
    let restocked = restocked_of_form(visit)?;
    if !restocked.is_empty() {
        body["restock"] = restocked.into();
    }
    for name in ["release_slot", "recorded"] {
        if visit.form.get(name) == Some("true") {
            body[name] = true.into();
        }
    }
    let is_over = known.is_manual() || visit.form.get("recorded") == Some("true");
    visit
        .send("POST", format!("{path}/refund"), Some(body))
        .await?;
    let text = match is_over {
        true => said::REFUND_DONE_ALREADY,
        false => said::REFUND_DONE,
    };
    Ok(done(back, text))
}

/// Has the receipts corrected.
pub(super) async fn correct(visit: &Visit<'_>) -> Result<Response, Failure> {
    let payment = encoded(visit.parameter(0));
    let path = format!("/v1/payments/{payment}/receipts/correct");
    visit.send("POST", path, Some(json!({}))).await?;
    Ok(done(format!("/payments/{payment}"), said::CORRECT_DONE))
}

/// Says that somebody has looked at what is open at `orders/…` or `payments/…`, which is also its page.
pub(crate) async fn resolve(
    visit: &Visit<'_>,
    noun: &str,
    code: &str,
) -> Result<Response, Failure> {
    let mut body = json!({});
    if let Some(note) = visit.form.get("note") {
        body["note"] = note.trim().into();
    }
    let path = format!("/v1/{noun}/attention/{}/resolve", encoded(code));
    visit.send("POST", path, Some(body)).await?;
    Ok(done(format!("/{noun}"), attention::RESOLVED))
}

fn amount_of_form(visit: &Visit<'_>, payment: &Payment) -> Result<i64, Failure> {
    let written = visit.form.get("amount").unwrap_or_default();
    minor_of(written, &payment.currency).ok_or_else(|| {
        let example = typed(payment.amount, &payment.currency);
        let about = said::AMOUNT_UNREADABLE_ABOUT;
        let detail = about.with(visit.locale, &[&example, &payment.currency]);
        not_read(visit, said::AMOUNT_UNREADABLE, detail)
    })
}

/// Units that are put back, by sku.
fn restocked_of_form(visit: &Visit<'_>) -> Result<Vec<Value>, Failure> {
    let mut restocked = Vec::new();
    for index in 0..RESTOCKED_LINES_MAX {
        let sku = visit.form.get(&format!("sku_{index}"));
        let units = visit.form.get(&format!("units_{index}"));
        let (Some(sku), Some(units)) = (sku, units) else {
            continue;
        };
        match units.trim().parse::<i64>() {
            Ok(0) => {}
            Ok(quantity) => restocked.push(json!({ "sku": sku, "quantity": quantity })),
            Err(_) => {
                let detail = said::UNITS_UNREADABLE_ABOUT.with(visit.locale, &[&isolated(sku)]);
                return Err(not_read(visit, said::UNITS_UNREADABLE, detail));
            }
        }
    }
    Ok(restocked)
}

/// What was typed cannot be read, so nothing was asked of the API.
fn not_read(visit: &Visit<'_>, title: Text, detail: String) -> Failure {
    Failure::Refused(Box::new(Problem {
        status: 422,
        code: "request_invalid".to_owned(),
        title: visit.say(title).to_owned(),
        detail: Some(detail),
        ..Problem::default()
    }))
}
