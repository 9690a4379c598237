//! The engine's figures and receipts are what was reported to it: L3, L4, L6 and L8.

use crate::engine::{OrderView, OrderedBack};
use crate::law::Law;
use crate::provider::House;

use super::books::{reported_of, reported_of_order};
use super::{Laws, Scene};

impl Laws {
    /// The engine's figures are what was reported to it (L4, L6, L7, L8).
    pub(super) fn books_agree(&mut self, scene: Scene, order: &OrderView, all: &[OrderedBack]) {
        for payment in &order.payments {
            let reference = &payment.reference;
            let sum = reported_of(scene.books, payment);
            if payment.house == House::Page {
                self.page_agrees(scene, order, payment);
            } else if payment.captured < sum.captured && !order.has_alarm("reference_conflict") {
                let text = format!(
                    "{reference}: {} came, the engine says {}",
                    sum.captured, payment.captured
                );
                self.broken(Law::L6, "money that came is not counted", text);
            }
            if payment.refunded != sum.gone_back && !order.has_alarm("reference_conflict") {
                let ours = all
                    .iter()
                    .any(|back| back.house == payment.house && back.reference == *reference);
                let text = format!(
                    "{reference}: {} went back, the engine says {}",
                    sum.gone_back, payment.refunded
                );
                match ours {
                    true => self.broken(Law::L8, "a refund is no fact", text),
                    false => self.broken(Law::L4, "what went back is not counted", text),
                }
            }
        }
    }

    /// L3.
    pub(super) fn receipts(&mut self, scene: Scene, order: &OrderView) {
        let sum = reported_of_order(scene.books, order);
        let owed = sum.on_paper;
        let receipts: i64 = order.receipts.iter().map(|receipt| receipt.signed).sum();
        let by_page = order.payments.iter().any(|payment| {
            payment.house == House::Page
                && payment.captured != reported_of(scene.books, payment).captured
        });
        if receipts != owed && !by_page && !order.has_alarm("reference_conflict") {
            let list: Vec<String> = order
                .receipts
                .iter()
                .map(|receipt| format!("{} {}", receipt.kind, receipt.signed.abs()))
                .collect();
            let text = format!(
                "{}: receipts come to {receipts} ({}), the books to {owed} ({} came, {} went back, {} lost)",
                order.code,
                list.join(", "),
                sum.captured,
                sum.gone_back,
                sum.lost
            );
            self.broken(Law::L3, "receipts do not add up", text);
        }
        if order.receipts.iter().any(|receipt| !receipt.issued) {
            self.broken(Law::L3, "a receipt is never issued", order.code.clone());
        }
    }
}
