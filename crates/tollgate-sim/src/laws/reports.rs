//! Reports that prove nothing, where those are kept only whose payment is known: L4 and L7.

use crate::engine::{Engine, Job, OrderView, OrderWish, PaymentView, Word};
use crate::law::Law;
use crate::provider::{ChargeState, House, Message, Says};
use crate::shop::{MINUTE, SKUS, START};

use super::any_order::{End, Fixed};
use super::{Laws, Scene};

/// So many reports may wait for one answer (docs/configuration.md, `parked_max`).
const WAIT_MAX: usize = 64;

/// What the shop knew of a report when it came.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// It was taken before.
    pub was_taken: bool,
    /// A payment is registered under the reference that it names.
    pub is_known: bool,
    /// How many reports wait for the same answer.
    pub waits: usize,
}

impl Laws {
    /// L7: of too many reports those of known payments are taken, and nothing else.
    pub fn kept_if_known(&mut self, message: &Message, report: Report, is_kept: bool) {
        let may_be_kept = report.is_known && report.waits < WAIT_MAX;
        if report.was_taken || is_kept == may_be_kept {
            return;
        }
        let text = format!("{:?}: {report:?}", message.names);
        match is_kept {
            true => self.broken(Law::L7, "a report of nobody's payment is kept", text),
            false => self.broken(Law::L7, "a report of a known payment is refused", text),
        }
    }

    /// L4: what pages report of an order comes to the same whenever their payment is registered, and whether they are
    /// kept before or have to come again.
    pub(super) fn reports_in_any_order(&mut self, scene: Scene, order: &OrderView) {
        let pages: Vec<&PaymentView> = order
            .payments
            .iter()
            .filter(|payment| payment.house == House::Page)
            .collect();
        let about = |message: &&Message| {
            let mut pages = pages.iter();
            message.house == House::Page
                && pages.any(|payment| message.names.first() == Some(&payment.reference))
        };
        let messages: Vec<Message> = scene.books.arrived.iter().filter(about).cloned().collect();
        if messages.is_empty() || 6 < messages.len() {
            return;
        }
        let lowers = messages.iter().filter_map(|message| message.charge);
        let lowers = lowers
            .flat_map(|at| scene.books.statement(at))
            .any(|claim| {
                matches!(
                    claim.says,
                    Says::Back(..) | Says::BackInAll | Says::Charge(ChargeState::Reversed)
                )
            });
        let fixed = Fixed {
            status: !lowers,
            alarms: false,
            disputes: false,
        };
        let all = messages.len();
        let first = self.end_of_reports(scene, order, &pages, &messages, (0, false), fixed);
        for registered in [0, all / 2, all] {
            for only_if_known in [false, true] {
                let how = (registered, only_if_known);
                for backwards in [false, true] {
                    let mut sequence = messages.clone();
                    if backwards {
                        sequence.reverse();
                    }
                    let other = self.end_of_reports(scene, order, &pages, &sequence, how, fixed);
                    if other != first {
                        let text = format!(
                            "{}: {all} reports come to {first}; with the payment registered after \
                             {registered}, only those of known ones kept: {only_if_known}, \
                             backwards: {backwards}, to {other}",
                            order.code
                        );
                        self.broken(Law::L4, "another order of reports, another end", text);
                        return;
                    }
                }
            }
        }
    }

    fn end_of_reports(
        &mut self,
        scene: Scene,
        order: &OrderView,
        pages: &[&PaymentView],
        messages: &[Message],
        (registered, only_if_known): (usize, bool),
        fixed: Fixed,
    ) -> End {
        let mut engine = Engine::new(START, self.manner);
        engine.put_stock(SKUS[0], 1);
        engine.create(&OrderWish {
            code: order.code.clone(),
            lines: vec![(SKUS[0].to_owned(), 1, order.due)],
            slot: false,
            hold_ms: 15 * MINUTE,
            payment: None,
            cart: None,
        });
        let register = |engine: &mut Engine| {
            for payment in pages {
                let due = Some(payment.due);
                engine.register(&order.code, House::Page, &payment.reference, due);
            }
        };
        let mut refused = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            if place == registered {
                register(&mut engine);
            }
            if !engine.hear(message, only_if_known) {
                refused.push(message);
            }
        }
        if messages.len() <= registered {
            register(&mut engine);
        }
        for message in refused {
            engine.hear(message, only_if_known);
        }
        answer_all(&mut engine, scene);
        self.commands += engine.commands;
        for breach in engine.faults() {
            self.broken(breach.law, breach.kind, breach.text);
        }
        let view = engine
            .order_of(&order.code)
            .and_then(|id| engine.order(id))
            .expect("it was created at the beginning");
        End::of(&engine, &view, fixed)
    }
}

/// Every question is answered by the page's book, as it stands.
fn answer_all(engine: &mut Engine, scene: Scene) {
    let until = START + 5 * MINUTE;
    for _ in 0..200 {
        let Some(id) = engine.due().first().copied() else {
            match engine.next_due_after(engine.now) {
                Some(next) if next <= until => engine.now = next,
                Some(_) | None => return,
            }
            continue;
        };
        let word = match engine.begin(id) {
            None => continue,
            Some(Job::Ask { page, .. }) => said_of(scene, page.as_deref()),
            Some(Job::Receipt) => Word::Issued,
            Some(Job::Back { .. } | Job::Look { .. } | Job::Void { .. }) => Word::Refused,
            Some(Job::Other) => Word::Done,
        };
        engine.finish(id, word);
    }
}

fn said_of(scene: Scene, page: Option<&str>) -> Word {
    let books = scene.books;
    let is_it = |charge: &crate::provider::Charge| {
        charge.house == House::Page && Some(charge.page.as_str()) == page
    };
    let Some(at) = books.charges.iter().position(is_it) else {
        return Word::NothingToAskBy;
    };
    let charge = &books.charges[at];
    if charge.state == ChargeState::Pending {
        return Word::Nothing;
    }
    Word::Said {
        names: vec![charge.reference.clone(), charge.page.clone()],
        claims: books.statement(at),
        provider_id: Some(charge.page.clone()),
        at: START,
        unreadable: false,
    }
}
