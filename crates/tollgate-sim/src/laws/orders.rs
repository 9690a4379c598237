//! An order is sold for what is kept, and ends in its time: L2, L6, L9, L10 and L11 after every command.

use crate::engine::{OrderView, OrderedBack, PaymentView, Progress, Status};
use crate::law::Law;
use crate::provider::{BackState, ChargeState, House};
use crate::shop::{DAY, MINUTE};

use super::books::{Sum, ordered_back, pays_less, reported_of, reported_of_order, weight};
use super::{By, Laws, Scene, Seen};

/// An order after a command, with what the laws look at.
#[derive(Clone, Copy)]
struct After<'a> {
    scene: Scene<'a>,
    order: &'a OrderView,
    by: &'a By,
    /// As it was after the command before.
    before: Option<&'a Seen>,
    sum: Sum,
    /// What was given back before its payment was known.
    waiting: &'a [OrderedBack],
}

impl Laws {
    /// L2, L6, L9, L10 and L11 as far as they hold after every command.
    pub(super) fn order_after(&mut self, scene: Scene, order: &OrderView, by: &By) {
        let before = self.seen.get(&order.root).cloned();
        let waiting = given_back_waiting(scene, order);
        let after = After {
            scene,
            order,
            by,
            before: before.as_ref(),
            sum: reported_of_order(scene.books, order),
            waiting: &waiting,
        };
        self.sold_for_enough(after);
        self.paid_when_covered(after);
        self.registered_over_what_is_due(after);
        self.overpaid_when_it_is(after);
        self.moved_rightly(after);
        self.no_money_from_nowhere(after);
    }

    /// L2 and L9: an order is sold for what is kept, and not for what was given back.
    fn sold_for_enough(&mut self, after: After) {
        let After {
            scene,
            order,
            sum,
            waiting,
            ..
        } = after;
        let (code, kept) = (&order.code, sum.pays);
        let was_sold = after.before.is_some_and(|seen| seen.view.is_sold());
        if was_sold || !order.is_sold() || order.due <= 0 {
            return;
        }
        // What went back before it was reported to have come may have paid, or not: the law that the
        // same facts come to the same end speaks for it, and the one about what is kept against.
        let untimely = sum.untimely + self.gone_before_it_was_known(scene, order);
        let payments = order.payments.iter();
        let stays: i64 = payments
            .map(|payment| pays_less(scene.books, payment, on_its_way(scene, waiting, payment)))
            .sum();
        if kept + untimely < order.due && waiting.is_empty() {
            let text = format!(
                "{code} was sold for {}, but {kept} are kept ({} came, {} went back, {} disputed)",
                order.due, sum.captured, sum.gone_back, sum.charged_back
            );
            self.broken(Law::L2, "sold for less than is due", text);
        } else if !waiting.is_empty() && stays < order.due {
            let text = format!(
                "{code} was sold for {}, but of {} that came {} went back, and {stays} stay once what was \
                 ordered back before the payment was known has gone too",
                order.due, sum.captured, sum.gone_back
            );
            self.broken(Law::L9, "sold for money that was given back", text);
        }
    }

    /// L2: what is kept and covers it pays an order that waits.
    fn paid_when_covered(&mut self, after: After) {
        let After {
            scene,
            order,
            sum,
            waiting,
            ..
        } = after;
        let (code, kept) = (&order.code, sum.pays);
        let silenced = ["reference_conflict", "amount_unreadable"];
        let is_silenced = silenced.iter().any(|alarm| order.has_alarm(alarm));
        let waits = matches!(
            order.status,
            Status::Awaiting | Status::Partial | Status::Closing
        );
        let orders = [order.clone()];
        let under_way = ordered_back(scene.engine, &orders).iter().any(|back| {
            matches!(back.progress, Progress::Open | Progress::Unknown)
                && order
                    .payments
                    .iter()
                    .any(|payment| payment.reference == back.reference)
        });
        let by_page = order
            .payments
            .iter()
            .any(|payment| payment.house == House::Page);
        let is_clear = !is_silenced && !under_way && !by_page && waiting.is_empty();
        if waits && 0 < order.due && order.due <= kept && is_clear {
            let text = format!(
                "{code} asks {} and {kept} are kept, but it is {:?}",
                order.due, order.status
            );
            self.broken(Law::L2, "not paid although what is kept covers it", text);
        }
    }

    /// L2: a payment is registered over what is due.
    fn registered_over_what_is_due(&mut self, after: After) {
        let (order, books) = (after.order, after.scene.books);
        let By::Registration { house, reference } = after.by else {
            return;
        };
        let registered = order
            .payments
            .iter()
            .find(|payment| payment.house == *house && payment.reference == *reference);
        let Some(payment) = registered else {
            return;
        };
        let backs = after.before.map(|seen| seen.view.backs.as_slice());
        let on_its_way = |other: &PaymentView| -> i64 {
            let backs = backs.unwrap_or_default().iter();
            backs
                .filter(|back| matches!(back.progress, Progress::Open | Progress::Unknown))
                .filter(|back| back.house == other.house && back.reference == other.reference)
                .map(|back| back.minor)
                .sum()
        };
        let others = order.payments.iter().filter(|other| other.id != payment.id);
        let stays: i64 = others
            .map(|other| pays_less(books, other, on_its_way(other)))
            .sum();
        let owed = (order.due - stays.max(0)).max(0);
        if payment.due != owed {
            let text = format!(
                "{}: {reference} was registered over {}, but {owed} are due",
                order.code, payment.due
            );
            self.broken(Law::L2, "a payment over what is not due", text);
        }
    }

    /// L2: only what is overpaid is called so.
    fn overpaid_when_it_is(&mut self, after: After) {
        let After {
            scene, order, sum, ..
        } = after;
        let (code, kept) = (&order.code, sum.pays);
        let count = |view: &OrderView| {
            let codes = view.alarms.iter().filter(|alarm| alarm.code == "overpaid");
            codes.count()
        };
        if after.before.map_or(0, |seen| count(&seen.view)) < count(order)
            && kept + sum.untimely + self.gone_before_it_was_known(scene, order) <= order.due
        {
            let text = format!(
                "{code} is called overpaid: it asks {}, kept are {kept}",
                order.due
            );
            self.broken(Law::L2, "called overpaid without being so", text);
        }
    }

    /// L6 and L10: an order is completed with what is due and its receipts, does not come back by itself and
    /// does not end early.
    fn moved_rightly(&mut self, after: After) {
        let After {
            scene,
            order,
            sum,
            by,
            ..
        } = after;
        let (code, kept) = (&order.code, sum.pays);
        let Some(seen) = after.before else {
            return;
        };
        let became = |status: Status| order.status == status && seen.view.status != status;
        if became(Status::Completed) && kept < order.due {
            let text = format!("{code} is completed with {kept} kept of {} due", order.due);
            self.broken(Law::L6, "completed with less than is due", text);
        }
        if became(Status::Completed) && order.receipts.iter().any(|receipt| !receipt.issued) {
            self.broken(Law::L6, "completed without its receipts", code.clone());
        }
        // Paid once more, it waits for a person.
        let waits = order
            .alarms
            .iter()
            .any(|alarm| alarm.open && alarm.code == "duplicate_payment");
        let revived = match order.status {
            Status::Paid | Status::PartlyRefunded => !waits,
            Status::Completed => true,
            _ => false,
        };
        if seen.view.status == Status::Refunded && revived && seen.gone_back <= sum.gone_back {
            let text = format!("{code} was refunded in full and is {:?}", order.status);
            self.broken(Law::L6, "a refunded order came back by itself", text);
        }
        let is_cancelled = *by == By::Cancellation && scene.engine.changed.contains(&order.root);
        if !is_cancelled {
            self.not_early(scene, order, seen, scene.engine.now);
        }
    }

    /// L9 and L11: the engine counts no money that did not come.
    fn no_money_from_nowhere(&mut self, after: After) {
        let (order, books) = (after.order, after.scene.books);
        for payment in &order.payments {
            let sum = reported_of(books, payment);
            if sum.captured < payment.captured {
                let unreadable = books
                    .of(payment.house, &payment.reference)
                    .any(|charge| charge.reported.unreadable);
                let text = format!(
                    "{}: the engine says {} came, reported were {}",
                    payment.reference, payment.captured, sum.captured
                );
                match unreadable {
                    true => self.broken(Law::L11, "an unreadable amount became money", text),
                    false => self.broken(Law::L9, "money that did not come", text),
                }
            }
        }
    }

    /// What went back of money that came before its payment was known: all of it is applied at once.
    fn gone_before_it_was_known(&self, scene: Scene, order: &OrderView) -> i64 {
        let before = self.seen.get(&order.root).map(|seen| &seen.view);
        let is_new = |payment: &&PaymentView| {
            let known = |view: &OrderView| view.payments.iter().any(|old| old.id == payment.id);
            before.is_none_or(|view| !known(view))
        };
        let fresh = order.payments.iter().filter(is_new);
        fresh
            .map(|payment| reported_of(scene.books, payment))
            .map(|sum| sum.gone_back + sum.charged_back)
            .sum()
    }

    /// L10: an order ends by the clock not before its own end.
    fn not_early(&mut self, scene: Scene, order: &OrderView, seen: &Seen, now: i64) {
        let ends = |status: Status| matches!(status, Status::Closing | Status::Expired);
        let began_to_end = ends(order.status) && !ends(seen.view.status);
        let is_torn = order.has_alarm("reference_conflict");
        if !began_to_end || seen.cancelled_by_staff || seen.view.status.has_ended() || is_torn {
            return;
        }
        let code = &order.code;
        let mut promised = seen.own_end;
        for payment in &order.payments {
            // With more than one charge under a reference the payment as a whole may say otherwise.
            let charges = || scene.books.of(payment.house, &payment.reference);
            for charge in charges().filter(|_| charges().count() == 1) {
                if charge.reported.state == Some(ChargeState::Authorized)
                    && let Some(at) = charge.reported.authorized_at
                {
                    promised = promised.max(at + 7 * DAY);
                }
            }
        }
        if now < promised {
            let text = format!("{code} ends {} s before its time", (promised - now) / 1000);
            self.broken(Law::L10, "an order ended early", text);
        } else if seen.was_set_aside && now < seen.last_money_at.saturating_add(MINUTE) {
            let text = format!(
                "{code} ends {} ms after money came that had been set aside for it",
                now - seen.last_money_at
            );
            self.broken(Law::L10, "an order ended as its money came", text);
        }
    }
}

/// What was given back of an order's money before its payment was known.
fn given_back_waiting(scene: Scene, order: &OrderView) -> Vec<OrderedBack> {
    let of_order = |back: &OrderedBack| {
        let mut payments = order.payments.iter();
        payments.any(|payment| payment.house == back.house && payment.reference == back.reference)
    };
    let requests = scene.engine.requests().into_iter();
    requests
        .filter(|back| back.of_waiting && of_order(back))
        .collect()
}

/// What of it was not reported to have arrived, of one payment.
fn on_its_way(scene: Scene, waiting: &[OrderedBack], payment: &PaymentView) -> i64 {
    let books = scene.books;
    waiting
        .iter()
        .filter(|back| back.house == payment.house && back.reference == payment.reference)
        .filter(|back| {
            let known = books
                .of(back.house, &back.reference)
                .flat_map(|charge| &charge.backs)
                .find(|known| known.key.as_ref() == Some(&back.key));
            known.is_none_or(|known| known.reported != Some(BackState::Done))
        })
        .map(|back| weight(books, back))
        .sum()
}
