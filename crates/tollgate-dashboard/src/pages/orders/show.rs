//! The page of an order: how it stands, what it waits for, its money and papers, its whole story, and what may be
//! done with it.

use futures_util::future::try_join4;
use maud::{Markup, html};
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::order::OrderStatus;

use super::document::{Effect, Effects, Hold, Order, Timeline};
use super::words as said;
use super::{actions, story};
use crate::failure::Failure;
use crate::pages::attention;
use crate::pages::payments::actions::Goods;
use crate::pages::payments::document::Receipts;
use crate::pages::payments::{actions as of_payment, shown, words as of_money};
use crate::parts::{
    amount, badge, code, encoded, facts, foreign, number, raw, section, table, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{Text, common};

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let name = encoded(visit.parameter(0));
    let (order, timeline, receipts, effects): (Order, Timeline, Receipts, Effects) = try_join4(
        visit.get(format!("/v1/orders/{name}")),
        visit.get(format!("/v1/orders/{name}/timeline")),
        visit.get(format!("/v1/orders/{name}/receipts?limit=200")),
        visit.get(format!("/v1/effects?order={name}&limit=50&sort=asc")),
    )
    .await?;
    let place = format!("/orders/{}", encoded(&order.id));
    let refunds = || order.payments.iter().flat_map(|payment| &payment.refunds);
    let metadata = order.metadata.as_object();
    Ok(Page {
        title: order.code.clone(),
        here: "/orders",
        topics: "orders,payments,events,effects,alerts",
        body: html! {
            (attention::panel(visit, &place, &order.attention))
            (head(visit, &order))
            (actions::forms(visit, &place, &order))
            (section(visit.say(said::WAITS_FOR), story::waits(visit, &timeline.waits_for)))
            (section(visit.say(common::PAYMENTS), payments(visit, &place, &order)))
            @if refunds().next().is_some() {
                (section(visit.say(of_money::REFUNDS), shown::refunds(visit, refunds())))
            }
            (section(visit.say(of_money::RECEIPTS), shown::receipts(visit, &receipts.data)))
            (section(visit.say(said::STORY), html! {
                (story::told(visit, &timeline.data))
                p { a href={ "/events?order=" (encoded(&order.id)) } { (visit.say(said::ALL_EVENTS)) } }
            }))
            (section(visit.say(said::LINES), lines(visit, &order)))
            (section(visit.say(said::EFFECTS_OF_IT), effects_of_it(visit, &effects.data)))
            @if metadata.is_some_and(|members| !members.is_empty()) {
                (section(visit.say(of_money::METADATA), raw(&order.metadata.to_string())))
            }
        },
    })
}

fn head(visit: &Visit<'_>, order: &Order) -> Markup {
    let money = |minor| amount(visit.locale, minor, &order.currency);
    let customer = &order.customer;
    let mut rows: Vec<(Text, Markup)> = vec![
        (common::STATUS, badge::<OrderStatus>(visit, &order.status)),
        (said::TOTAL, money(order.total_amount)),
        (of_money::CAPTURED, money(order.captured_amount)),
    ];
    if order.fee_amount != 0 {
        rows.push((of_money::FEE, money(order.fee_amount)));
    }
    if order.refunded_amount != 0 {
        rows.push((of_money::REFUNDED, money(order.refunded_amount)));
    }
    if let Some(name) = &customer.name {
        rows.push((common::CUSTOMER, foreign(name)));
    }
    let particulars = [
        (said::EMAIL, &customer.email),
        (said::PHONE, &customer.phone),
        (said::ADDRESS, &customer.address),
        (said::TAX_ID, &customer.tax_id),
        (said::LOCALE, &customer.locale),
    ];
    for (term, value) in particulars {
        if let Some(value) = value {
            rows.push((term, foreign(value)));
        }
    }
    if let Some(slot) = &order.slot {
        let when = html! {
            (foreign(&slot.calendar)) ": " (time(&slot.starts_at)) " " (visit.say(said::SLOT_TO)) " " (time(&slot.ends_at))
        };
        rows.push((said::SLOT, when));
    }
    if let Some(held) = &order.hold {
        rows.push((said::HOLD, hold(visit, held)));
    }
    rows.push((common::CREATED, time(&order.created_at)));
    rows.push((said::CHANGED, time(&order.updated_at)));
    rows.push((common::REFERENCE, code(&order.id)));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(term, value)| (visit.say(term), value))
        .collect();
    html! {
        (facts(&rows))
        @if let Some(note) = &order.note {
            p.notice { b { (visit.say(common::NOTE)) ": " } (foreign(note)) }
        }
    }
}

fn hold(visit: &Visit<'_>, hold: &Hold) -> Markup {
    let text = match hold.state.as_str() {
        "active" => {
            let (before, behind) = said::HOLD_ACTIVE
                .of(visit.locale)
                .split_once("{}")
                .unwrap_or_default();
            return html! { (before) (time(&hold.expires_at)) (behind) };
        }
        "consumed" => said::HOLD_CONSUMED,
        "released" => said::HOLD_RELEASED,
        "expired" => said::HOLD_EXPIRED,
        "taken_over" => said::HOLD_TAKEN_OVER,
        other => return code(other),
    };
    html! { (visit.say(text)) }
}

/// Each payment with what may be done with it here.
fn payments(visit: &Visit<'_>, place: &str, order: &Order) -> Markup {
    if order.payments.is_empty() {
        return html! { p.empty { (visit.say(said::NO_PAYMENT)) } };
    }
    let stocked = order.lines.iter().filter(|line| line.stocked);
    let goods = Goods {
        customer: order.customer.called(),
        lines: stocked
            .map(|line| {
                let name = line.name.as_deref().unwrap_or(&line.sku);
                (line.sku.as_str(), name, line.quantity)
            })
            .collect(),
        has_slot: order.slot.is_some(),
    };
    html! {
        @for payment in &order.payments {
            @let payment_place = format!("{place}/payments/{}", encoded(&payment.id));
            article.payment {
                h3 {
                    a href={ "/payments/" (encoded(&payment.id)) } { (foreign(&payment.reference)) }
                    " · " (foreign(&payment.source))
                }
                (shown::head(visit, payment))
                (of_payment::forms(visit, &payment_place, payment, &goods))
            }
        }
    }
}

fn lines(visit: &Visit<'_>, order: &Order) -> Markup {
    let money = |minor| amount(visit.locale, minor, &order.currency);
    let count = |quantity: i64| number(visit.locale, quantity.unsigned_abs());
    let mut rows: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            let name = line.name.as_deref().unwrap_or(&line.sku);
            vec![
                foreign(name),
                html! {
                    @if line.stocked { a href={ "/stock/" (encoded(&line.sku)) } { (foreign(&line.sku)) } }
                    @else { (foreign(&line.sku)) " " span.quiet { (visit.say(said::NO_STOCK_KEPT)) } }
                },
                html! { (count(line.quantity)) },
                money(line.unit_amount),
                money(line.quantity.saturating_mul(line.unit_amount)),
            ]
        })
        .collect();
    let none = || html! {};
    let sums = [
        (said::DISCOUNT, order.discount_amount.saturating_neg()),
        (said::SHIPPING, order.shipping_amount),
    ];
    for (text, minor) in sums.into_iter().filter(|(_, minor)| *minor != 0) {
        rows.push(vec![
            html! { (visit.say(text)) },
            none(),
            none(),
            none(),
            money(minor),
        ]);
    }
    let total = html! { b { (money(order.total_amount)) } };
    rows.push(vec![
        html! { b { (visit.say(said::TOTAL)) } },
        none(),
        none(),
        none(),
        total,
    ]);
    let heads = [
        common::NAME,
        said::SKU,
        said::QUANTITY,
        said::UNIT_PRICE,
        common::AMOUNT,
    ];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}

fn effects_of_it(visit: &Visit<'_>, effects: &[Effect]) -> Markup {
    let rows: Vec<_> = effects
        .iter()
        .map(|effect| {
            let at = effect.settled_at.as_ref().or(effect.due_at.as_ref());
            vec![
                html! { a href={ "/effects/" (encoded(&effect.id)) } { (badge::<EffectKind>(visit, &effect.kind)) } },
                badge::<EffectState>(visit, &effect.state),
                html! { (number(visit.locale, u64::from(effect.tries))) },
                html! { @if let Some(at) = at { (time(at)) } },
                html! { @if let Some(reason) = &effect.reason { (foreign(reason)) } },
            ]
        })
        .collect();
    let heads = [
        common::WHAT,
        common::STATUS,
        said::TRIES,
        said::NEXT_TRY,
        common::REASON,
    ];
    table(visit, &heads.map(|head| visit.say(head)), &rows)
}
