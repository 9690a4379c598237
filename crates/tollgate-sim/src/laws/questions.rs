//! Questions answer for themselves: L7.

use crate::engine::{OrderView, PaymentView};
use crate::law::Law;
use crate::provider::{Coin, House};
use crate::shop::MINUTE;

use super::{Laws, Scene};

impl Laws {
    /// L7: as long as everything is served, no report waits long for its confirmation.
    pub(super) fn reports_are_confirmed_soon(&mut self, scene: Scene) {
        if !self.is_served {
            return;
        }
        let now = scene.engine.now;
        for charge in &scene.books.charges {
            let Some(at) = charge.reported.reported_at else {
                continue;
            };
            let waits = charge.house == House::Page
                && charge.state.counts()
                && charge.reported.amounts.is_empty()
                && !charge.reported.unreadable;
            let since = at.max(self.served_since);
            if waits && since + 2 * MINUTE < now {
                let text = format!(
                    "{}: reported {} s ago and not asked about",
                    charge.reference,
                    (now - since) / 1000
                );
                self.broken(Law::L7, "a report waits long", text);
            }
        }
    }

    /// L7: every report of the page's is confirmed by its own page, whatever else is posted.
    pub(super) fn page_agrees(&mut self, scene: Scene, order: &OrderView, payment: &PaymentView) {
        let reference = &payment.reference;
        let charges = || scene.books.of(payment.house, reference);
        let is_unreadable = charges().any(|charge| charge.reported.unreadable);
        let reported = charges().filter(|charge| {
            charge.reported.reported_at.is_some()
                && charge.state.counts()
                && charge.coin == Coin::Own
        });
        let taken: i64 = reported.map(|charge| charge.minor).sum();
        // What was paid out less a fee is confirmed as it was taken or as it was paid out.
        let is_net = charges().any(|charge| charge.settled.is_some());
        if payment.captured < taken && !is_unreadable && !is_net {
            let text = format!(
                "{reference}: {taken} were reported by pages of its own, confirmed are {}",
                payment.captured
            );
            let kind = match self.forged.contains(reference) {
                true => "a stranger used up the question of a report",
                false => "a report was not asked about",
            };
            self.broken(Law::L7, kind, text);
        }
        let set_aside = charges().any(|charge| charge.reported.authorized_at.is_some());
        let blamed = order
            .alarms
            .iter()
            .any(|alarm| alarm.code == "unconfirmed" && alarm.payment == Some(payment.id));
        if blamed && !set_aside && self.forged.contains(reference) {
            let text = format!("{reference} is unconfirmed because of a stranger's report");
            self.broken(Law::L7, "a stranger raised an alarm", text);
        }
    }
}
