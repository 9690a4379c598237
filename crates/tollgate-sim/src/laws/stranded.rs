//! Money is never stranded: L6.

use std::collections::BTreeSet;

use crate::engine::{OrderView, OrderedBack, Progress, Standing, Status};
use crate::law::Law;
use crate::provider::{ChargeState, Coin};

use super::books::{reported, reported_of_order, theirs_of, weight};
use super::{Laws, Scene};

impl Laws {
    /// L6: what a person has looked at is open no more: all of that code, or what is about a payment.
    pub fn was_resolved(&mut self, view: Option<OrderView>, payment: Option<u128>, code: &str) {
        let stays = view.is_some_and(|view| {
            let is_alone = view.status == Status::Alone;
            let is_about = |about: Option<u128>| {
                payment.is_none() || about == payment || (is_alone && about.is_none())
            };
            let mut alarms = view.alarms.iter();
            alarms.any(|alarm| alarm.open && alarm.code == code && is_about(alarm.payment))
        });
        if stays {
            self.broken(Law::L6, "an alarm cannot be resolved", code.to_owned());
        }
    }

    /// L6 at rest.
    pub(super) fn not_stranded(
        &mut self,
        scene: Scene,
        order: &OrderView,
        all: &[OrderedBack],
        is_mixed: bool,
    ) {
        let code = &order.code;
        let sum = reported_of_order(scene.books, order);
        let kept = sum.pays;
        let of_order = |back: &&OrderedBack| {
            order
                .payments
                .iter()
                .any(|payment| payment.house == back.house && payment.reference == back.reference)
        };
        let ordered: i64 = all
            .iter()
            .filter(of_order)
            .filter(|back| back.progress != Progress::Failed)
            .map(|back| weight(scene.books, back))
            .sum();
        let came = sum.captured - sum.charged_back - theirs_of(scene.books, order);
        let is_sold = order.status.is_sold();
        // The events of waiting money name it.
        let is_silent = order.alarms.is_empty() && !is_mixed;
        if 0 < kept && !is_sold && is_silent && ordered < came {
            let text = format!("{code} is {:?} and keeps {kept}", order.status);
            self.broken(Law::L6, "an order that ended keeps money", text);
        }
        if is_sold && order.due < kept && is_silent && ordered < kept - order.due {
            let text = format!(
                "{code} asks {} and keeps {kept}, without an alarm",
                order.due
            );
            self.broken(Law::L6, "too much was paid without an alarm", text);
        }
        // What a provider did not confirm is a person's to look at first.
        let is_doubted = order.has_alarm("unconfirmed");
        if order.due == 0 && order.status == Status::Paid && kept == 0 && !is_doubted {
            self.broken(Law::L6, "an order of nothing never completes", code.clone());
        }
        let disputed = sum.charged_back != 0;
        let can_complete = order.status == Status::Paid
            && 0 < order.due
            && order.due <= kept
            && order.receipts.iter().all(|receipt| receipt.issued)
            && order.alarms.iter().all(|alarm| !alarm.open);
        if can_complete && !disputed {
            let text = format!("{code} is paid and its receipts issued, and not completed");
            self.broken(Law::L6, "a paid order never completes", text);
        }
        self.charges_are_named(scene, order);
    }

    /// L6: whatever is strange about a charge is named.
    fn charges_are_named(&mut self, scene: Scene, order: &OrderView) {
        let code = &order.code;
        for payment in &order.payments {
            for charge in scene.books.of(payment.house, &payment.reference) {
                let is_reported = charge.reported.state == Some(charge.state);
                let reference = &payment.reference;
                if is_reported
                    && charge.state == ChargeState::Authorized
                    && order.status.has_ended()
                    && order.alarms.is_empty()
                {
                    let text =
                        format!("{reference}: money stays set aside for {code}, which ended");
                    self.broken(Law::L6, "money stays set aside for nothing", text);
                }
                let reported = charge.reported.amounts.iter().map(|(_, minor)| *minor);
                if charge.reported.contradicted && !order.has_alarm("unconfirmed") {
                    let text = format!("{reference}: an answer did not confirm what was reported");
                    self.broken(Law::L6, "unconfirmed money without an alarm", text);
                }
                let different: BTreeSet<i64> = reported.collect();
                let is_named =
                    order.has_alarm("amount_changed") || order.has_alarm("reference_conflict");
                if 1 < different.len() && !is_named && charge.coin == Coin::Own {
                    let text = format!("{reference}: the amounts reported are {different:?}");
                    self.broken(Law::L6, "an amount changed without an alarm", text);
                }
                let strange = charge.reported.state.is_some_and(ChargeState::counts)
                    && charge.coin != Coin::Own;
                if strange && order.alarms.is_empty() {
                    let text =
                        format!("{reference}: {:?} money came without an alarm", charge.coin);
                    self.broken(Law::L6, "strange money without an alarm", text);
                }
            }
        }
    }

    /// L6 for a payment without an order: more than it is for is named.
    pub(super) fn alone_is_named(&mut self, scene: Scene, view: &OrderView, all: &[OrderedBack]) {
        let sum = reported_of_order(scene.books, view);
        let (code, kept) = (&view.code, sum.pays);
        let house = view.payments[0].house;
        let of_it = |back: &&OrderedBack| back.house == house && back.reference == *code;
        let ordered: i64 = all
            .iter()
            .filter(of_it)
            .map(|back| weight(scene.books, back))
            .sum();
        if view.due < kept && view.alarms.is_empty() && ordered < kept - view.due {
            let text = format!(
                "{code} is for {} and keeps {kept}, without an alarm",
                view.due
            );
            self.broken(Law::L6, "too much was paid without an alarm", text);
        }
        self.charges_are_named(scene, view);
    }

    /// L6 for money of which no payment is known.
    pub(super) fn waiting_money_is_named(
        &mut self,
        scene: Scene,
        orders: &[OrderView],
        all: &[OrderedBack],
    ) {
        for charge in &scene.books.charges {
            let reference = &charge.reference;
            let is_known = orders
                .iter()
                .flat_map(|order| &order.payments)
                .any(|payment| payment.house == charge.house && payment.reference == *reference);
            let is_alone = scene
                .shop
                .alone
                .contains(&(charge.house, reference.clone()));
            if is_known || is_alone || charge.code == "stranger" || charge.believed() == 0 {
                continue;
            }
            let sum = reported(scene.books, charge.house, reference);
            let is_ordered = all
                .iter()
                .any(|back| back.house == charge.house && back.reference == *reference);
            let standing = scene.engine.standing(charge.house, reference);
            let is_named = standing.contains(&Standing::Named)
                || scene.engine.names_money_alone(charge.house, reference);
            if 0 < sum.kept() && !is_ordered && !is_named {
                let text = format!(
                    "{reference}: {} came that belong to no order, without an alarm ({standing:?})",
                    sum.kept()
                );
                self.broken(Law::L6, "money of no order without an alarm", text);
            }
        }
    }
}
