//! The page of a payment: how it stands, what its provider has said of it, what went back, its papers.

use futures_util::future::try_join;
use maud::{Markup, html};
use tollgate_core::event::Strength;
use tollgate_core::word::Word;

use super::actions::{self, Goods};
use super::document::{Fact, Payment, Receipts};
use super::shown;
use super::words as said;
use crate::failure::Failure;
use crate::pages::attention;
use crate::parts::{amount, code, encoded, foreign, raw, section, table, time};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::common;

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let path = format!("/v1/payments/{}", encoded(visit.parameter(0)));
    let (payment, receipts): (Payment, Receipts) = try_join(
        visit.get(path.clone()),
        visit.get(format!("{path}/receipts?limit=200")),
    )
    .await?;
    let place = format!("/payments/{}", encoded(&payment.id));
    let metadata = payment.metadata.as_ref();
    let metadata =
        metadata.filter(|known| known.as_object().is_some_and(|known| !known.is_empty()));
    Ok(Page {
        title: payment.reference.clone(),
        here: "/payments",
        topics: "payments,orders,events,effects,alerts",
        body: html! {
            (attention::panel(visit, &place, &payment.attention))
            p {
                (visit.say(common::SOURCE)) ": " (foreign(&payment.source)) " · " (code(&payment.id))
                @if let Some(order) = &payment.order_id {
                    " · " a href={ "/orders/" (encoded(order)) } { (visit.say(said::ORDER)) }
                }
                " · " a href={ "/events?reference=" (encoded(&payment.reference)) } { (visit.say(common::EVENTS)) }
            }
            (shown::head(visit, &payment))
            (actions::forms(visit, &place, &payment, &Goods::default()))
            (section(visit.say(said::REFUNDS), shown::refunds(visit, payment.refunds.iter())))
            (section(visit.say(said::RECEIPTS), html! {
                (shown::receipts(visit, &receipts.data))
                div.actions { (actions::correct_form(visit, &place)) }
            }))
            (section(visit.say(said::FACTS), facts_of_provider(visit, &payment.facts)))
            @if let Some(metadata) = metadata {
                (section(visit.say(said::METADATA), raw(&metadata.to_string())))
            }
        },
    })
}

fn facts_of_provider(visit: &Visit<'_>, facts: &[Fact]) -> Markup {
    let rows: Vec<_> = facts
        .iter()
        .map(|fact| {
            let known_by = match Strength::of(&fact.strength) {
                Some(strength) => visit.say(said::strength(strength)),
                None => &fact.strength,
            };
            let money = fact.amount.zip(fact.currency.as_deref());
            vec![
                code(&fact.object),
                code(&fact.says),
                html! { @if let Some((minor, currency)) = money { (amount(visit.locale, minor, currency)) } },
                html! { (known_by) },
                html! { @if let Some(at) = &fact.occurred_at { (time(at)) } },
            ]
        })
        .collect();
    let heads = [
        said::OBJECT,
        said::SAYS,
        common::AMOUNT,
        said::KNOWN_BY,
        common::WHEN,
    ];
    html! {
        p.quiet { (visit.say(said::FACTS_ABOUT)) }
        (table(visit, &heads.map(|head| visit.say(head)), &rows))
    }
}
