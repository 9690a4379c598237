//! What is counted is what happened, once: T1.

use std::collections::BTreeMap;

use crate::engine::{OrderView, OrderedBack, PaymentView, Status};
use crate::law::Law;
use crate::provider::House;

use super::books::reported_of_order;
use super::{Laws, Scene, is_mixed};

/// What has happened to orders, as one sees it who looks at them after every command.
#[derive(Debug, Default)]
pub(super) struct Happened {
    times: BTreeMap<&'static str, i64>,
    /// Commands that brought an order several reports at once: it may have been paid in part on its way, given
    /// back, or completed once more.
    on_the_way: i64,
}

impl Happened {
    /// An order stands so, and stood so before; `None`: it was not there.
    pub(super) fn note(&mut self, before: Option<&OrderView>, view: &OrderView) {
        let payments = before.map_or(0, |before| before.payments.len());
        let (before, now) = (before.map(|before| before.status), view.status);
        let mut new = view.payments.iter().skip(payments);
        if new.any(|payment| now.is_sold() || 0 < payment.captured.max(payment.refunded)) {
            self.on_the_way += 1;
        }
        let mut happens = |word: &'static str| *self.times.entry(word).or_default() += 1;
        if before.is_none() {
            happens("order.created");
        }
        if now.is_sold() && !before.is_some_and(Status::is_sold) {
            happens("order.paid");
        }
        if before == Some(now) {
            return;
        }
        let had_nothing = matches!(before, None | Some(Status::Awaiting));
        match now {
            Status::Completed => happens("order.completed"),
            Status::Refunded => happens("order.refunded"),
            Status::Expired => happens("order.expired"),
            Status::Cancelled => happens("order.cancelled"),
            Status::Partial if had_nothing => happens("order.partially_paid"),
            Status::Awaiting
            | Status::Partial
            | Status::Closing
            | Status::Paid
            | Status::PartlyRefunded
            | Status::Alone => {}
        }
    }

    fn times(&self, word: &str) -> i64 {
        self.times.get(word).copied().unwrap_or(0)
    }
}

/// What is counted of orders.
const OF_ORDERS: [&str; 7] = [
    "order.created",
    "order.paid",
    "order.partially_paid",
    "order.completed",
    "order.refunded",
    "order.expired",
    "order.cancelled",
];

impl Laws {
    /// T1: as much is counted as has happened, and as money has moved.
    pub(super) fn counted(&mut self, scene: Scene, orders: &[OrderView]) {
        let Some(figures) = scene.engine.figures() else {
            return;
        };
        for word in OF_ORDERS {
            let (counted, happened) = (figures.count(word), self.happened.times(word));
            let most = match word {
                "order.partially_paid" | "order.refunded" | "order.completed" => {
                    happened + self.happened.on_the_way
                }
                _ => happened,
            };
            if !(happened..=most).contains(&counted) {
                let text = format!("{word} is counted {counted} times and happened {happened}");
                self.broken(Law::T1, "a step of an order is not counted once", text);
            }
        }
        let alone = scene.engine.alone();
        let all = || orders.iter().chain(&alone);
        let payments = || all().flat_map(|view| &view.payments);
        let came: i64 = payments().map(|payment| payment.captured).sum();
        let went: i64 = payments().map(|payment| payment.refunded).sum();
        if (figures.came, figures.went) != (came, went) {
            let text = format!(
                "{} are counted to have come and {} to have gone back, of orders {came} and {went}",
                figures.came, figures.went
            );
            self.broken(Law::T1, "money is not counted as it moves", text);
        }
        let receipts = all().flat_map(|view| &view.receipts);
        let issued = receipts.filter(|receipt| receipt.issued).count() as i64;
        let counted = figures.count("receipt.issued");
        if issued != counted {
            let text = format!("{issued} receipts are issued, {counted} are counted");
            self.broken(Law::T1, "a receipt is not counted once", text);
        }
    }

    /// T1 at rest: as many orders are counted as were made and sold, and the money is what the providers' books say
    /// was reported.
    pub(super) fn figures_add_up(
        &mut self,
        scene: Scene,
        orders: &[OrderView],
        all: &[OrderedBack],
    ) {
        let figures = scene.engine.figures_at_rest();
        let sold = orders.iter().filter(|order| order.status.is_sold()).count();
        for (word, is) in [("order.created", orders.len()), ("order.paid", sold)] {
            let counted = figures.count(word);
            if counted != is as i64 {
                let text = format!("{word} is counted {counted} times, of {is} orders");
                self.broken(Law::T1, "orders are not counted once", text);
            }
        }
        let alone = scene.engine.alone();
        let views = || orders.iter().chain(&alone);
        // Of these the books and the engine may say something else (`books_agree`).
        let is_open = |view: &OrderView| {
            let mut payments = view.payments.iter();
            let open = |payment: &PaymentView| {
                let name = (payment.house, payment.reference.clone());
                let is_given_back =
                    view.status == Status::Alone && !scene.shop.alone.contains(&name);
                is_given_back || payment.house == House::Page
            };
            is_mixed(view, all) || view.has_alarm("reference_conflict") || payments.any(open)
        };
        if views().any(is_open) {
            return;
        }
        let (came, went) = views().fold((0, 0), |(came, went), view| {
            let sum = reported_of_order(scene.books, view);
            (came + sum.captured, went + sum.gone_back)
        });
        if (figures.came, figures.went) != (came, went) {
            let text = format!(
                "{} are counted to have come and {} to have gone back, by the books {came} and {went}",
                figures.came, figures.went
            );
            self.broken(
                Law::T1,
                "money is counted otherwise than in the books",
                text,
            );
        }
    }
}
