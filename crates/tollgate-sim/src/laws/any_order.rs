//! The same facts come to the same end: L4.

use std::fmt;

use crate::engine::{Engine, OrderView, OrderWish, Status};
use crate::law::Law;
use crate::provider::{ChargeState, House, Message, Ruling, Says};
use crate::shop::{MINUTE, SKUS, START};

use super::books::reported_of_order;
use super::{Laws, Scene};

impl Laws {
    /// L4: what signed messages say of an order comes to the same in another order, sent twice.
    pub(super) fn any_order(&mut self, scene: Scene, order: &OrderView) {
        let about = |message: &&Message| {
            matches!(message.house, House::Bank | House::Wire)
                && order.payments.iter().any(|payment| {
                    payment.house == message.house && message.names.contains(&payment.reference)
                })
        };
        let messages: Vec<Message> = scene.books.arrived.iter().filter(about).cloned().collect();
        let collides = messages.iter().any(|message| {
            let of_others = |name: &&String| {
                let own = order
                    .payments
                    .iter()
                    .any(|payment| payment.reference == **name);
                !own && name.contains('-')
            };
            message.names.iter().any(|name| of_others(&name))
        });
        if messages.len() < 2 || 10 < messages.len() || collides {
            return;
        }
        let sum = reported_of_order(scene.books, order);
        let lowers = messages
            .iter()
            .flat_map(|message| &message.claims)
            .any(|claim| {
                matches!(
                    claim.says,
                    Says::Back(..)
                        | Says::BackInAll
                        | Says::Dispute(..)
                        | Says::Charge(ChargeState::Reversed)
                )
            });
        let gross: i64 = order
            .payments
            .iter()
            .flat_map(|payment| scene.books.of(payment.house, &payment.reference))
            .map(crate::provider::Charge::most_reported)
            .sum();
        let charges = order
            .payments
            .iter()
            .flat_map(|payment| scene.books.of(payment.house, &payment.reference))
            .count();
        let grows = messages.iter().enumerate().any(|(at, message)| {
            let amount = |message: &Message| {
                let claim = message.claims.first()?;
                Some((claim.object.clone(), claim.minor?))
            };
            messages[..at]
                .iter()
                .any(|other| match (amount(message), amount(other)) {
                    (Some((a, n)), Some((b, m))) => a == b && n != m,
                    _ => false,
                })
        });
        // When money comes and goes, what it bought depends on what came first; not so where it never
        // was enough, or where one charge leaves enough.
        let is_fixed = !lowers || gross < order.due || (charges == 1 && order.due <= sum.pays);
        let fixed = Fixed {
            status: is_fixed,
            alarms: !lowers && !grows,
            disputes: !messages
                .iter()
                .flat_map(|message| &message.claims)
                .any(|claim| matches!(claim.says, Says::Dispute(_, Ruling::Won))),
        };
        for stage in [Stage::Waits, Stage::Expired, Stage::SoldOut] {
            let forth: Vec<(usize, bool)> = (0..messages.len()).map(|at| (at, false)).collect();
            let back: Vec<(usize, bool)> = forth.iter().rev().copied().collect();
            let half = messages.len() / 2;
            let twice: Vec<(usize, bool)> = forth[half..]
                .iter()
                .chain(&forth[..half])
                .flat_map(|(at, _)| [(*at, false), (*at, true)])
                .collect();
            let first = self.end_of(order, &messages, &forth, stage, fixed);
            for other in [back, twice] {
                let second = self.end_of(order, &messages, &other, stage, fixed);
                if first != second {
                    let says: Vec<String> = messages
                        .iter()
                        .flat_map(|message| &message.claims)
                        .map(|claim| format!("{} {:?} {:?}", claim.object, claim.says, claim.minor))
                        .collect();
                    let text = format!(
                        "{} ({stage:?}): [{}] come to {first}, in another order to {second}",
                        order.code,
                        says.join("; ")
                    );
                    self.broken(Law::L4, "another order, another end", text);
                    return;
                }
            }
        }
    }

    fn end_of(
        &mut self,
        order: &OrderView,
        messages: &[Message],
        sequence: &[(usize, bool)],
        stage: Stage,
        fixed: Fixed,
    ) -> End {
        let mut engine = Engine::new(START, self.manner);
        let sku = SKUS[0];
        engine.put_stock(sku, 1);
        engine.create(&OrderWish {
            code: order.code.clone(),
            lines: vec![(sku.to_owned(), 1, order.due)],
            slot: false,
            hold_ms: 15 * MINUTE,
            payment: None,
            cart: None,
        });
        let signed = order
            .payments
            .iter()
            .filter(|payment| matches!(payment.house, House::Bank | House::Wire));
        for payment in signed {
            let due = Some(payment.due);
            engine.register(&order.code, payment.house, &payment.reference, due);
        }
        match stage {
            Stage::Waits => {}
            Stage::Expired | Stage::SoldOut => {
                engine.now += 30 * MINUTE;
                while engine.sweep_one() {}
                engine.now += 30 * MINUTE;
                while engine.sweep_one() {}
            }
        }
        if stage == Stage::SoldOut {
            engine.put_stock(sku, 0);
        }
        for (at, again) in sequence {
            let mut message = messages[*at].clone();
            if *again {
                message.key.push('#');
            }
            message.code = None;
            engine.hear(&message, false);
        }
        self.commands += engine.commands;
        let view = engine
            .order_of(&order.code)
            .and_then(|id| engine.order(id))
            .expect("it was created at the beginning");
        End::of(&engine, &view, fixed)
    }
}

/// How an order stands when messages come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Expired,
    SoldOut,
}

/// What of an end the law fixes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed {
    pub(super) status: bool,
    pub(super) alarms: bool,
    pub(super) disputes: bool,
}

/// What messages come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    ledger: Vec<(i64, i64)>,
    status: Option<&'static str>,
    sold: Option<bool>,
    receipts: i64,
    ordered_back: Option<i64>,
    alarms: Vec<&'static str>,
}

impl End {
    pub(super) fn of(engine: &Engine, view: &OrderView, fixed: Fixed) -> End {
        let status = match view.status {
            Status::Paid | Status::Completed => "paid",
            Status::Awaiting => "awaiting",
            Status::Partial => "partially paid",
            Status::Closing => "closing",
            Status::PartlyRefunded => "partially refunded",
            Status::Refunded => "refunded",
            Status::Expired => "expired",
            Status::Cancelled => "cancelled",
            Status::Alone => "alone",
        };
        let mut alarms: Vec<&'static str> = view
            .alarms
            .iter()
            .filter_map(|alarm| match alarm.code {
                "currency_mismatch" | "mode_mismatch" | "payment_reversed" | "amount_changed" => {
                    Some(alarm.code)
                }
                // A shop that hears first that it was won need not be alarmed.
                "chargeback" if fixed.disputes => Some(alarm.code),
                // What turned out to be a fee has ended by itself.
                "overpaid" | "duplicate_payment" if fixed.alarms && alarm.open => Some("too much"),
                "paid_unfulfillable" if fixed.alarms => Some(alarm.code),
                _ => None,
            })
            .collect();
        alarms.sort_unstable();
        alarms.dedup();
        let requests = engine.requests();
        let ordered = view.backs.iter().chain(&requests).map(|back| back.minor);
        End {
            ledger: view
                .payments
                .iter()
                .map(|payment| (payment.captured, payment.refunded))
                .collect(),
            status: fixed.status.then_some(status),
            sold: fixed.status.then(|| view.is_sold()),
            receipts: view.receipts.iter().map(|receipt| receipt.signed).sum(),
            ordered_back: fixed.alarms.then(|| ordered.sum()),
            alarms,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} with {:?} taken and given back, receipts {}, ordered back {:?}, alarms {:?}",
            self.status.unwrap_or("any status"),
            self.ledger,
            self.receipts,
            self.ordered_back,
            self.alarms
        )
    }
}
