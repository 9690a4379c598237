//! Commands that share an order, payment, reference, code, sku, calendar or key, and what stands in a
//! shop before a pair of them is decided. Every suite that decides all pairs in some way takes them
//! from here.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tollgate_core::command::{
    Action, Answer, AttentionOf, Health, OrderRef, RefundPayment, SettleEffect, Settlement,
};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::TargetKind;
use tollgate_core::effect::{AnswerContent, IssuedReceipt, Lease};
use tollgate_core::event::{Event, Strength};
use tollgate_core::id::{EffectId, HoldId, OrderId, PaymentId, ShopId};
use tollgate_core::idempotency::Idempotency;
use tollgate_core::money::Money;
use tollgate_core::order::AttentionCode;
use tollgate_core::time::Span;
use tollgate_store::{Claim, Submission};

use crate::words::{
    BANK, DOUBTED, TRUSTED, by_code, calendar, create, currency, event, event_id, fact, hear, hold,
    in_slot, minutes, order, order_of, paid_by, put_calendar, register, register_alone, root_id,
    slots, stock, take, take_at,
};
use crate::world::{SHOP, START, submission};

const PAYMENT_5: u16 = 1;

/// A command of the table: its name, what it is, and how far the clock is moved before the pair.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) command: fn() -> Submission,
    pub(crate) later: Span,
}

pub(crate) const NOW: Span = Span::millis(0);

/// Beyond the short hold of order 3, and the wait of the parked event.
pub(crate) const LATER: Span = Span::seconds(61);

macro_rules! commands {
    ($($name:literal $(after $later:expr)? => $command:expr,)*) => {
        pub(crate) const TABLE: &[Entry] = &[$(Entry {
            name: $name,
            command: || $command.into_submission(),
            later: { let later = NOW; $(let _ = later; let later = $later;)? later },
        },)*];
    };
}

commands! {
    "create order with payment R2 in a slot" =>
        create(paid_by(in_slot(order_of(21, "C2", "A", 2), "kitchen"), "R2")),
    "create order with the same code" =>
        create(paid_by(order_of(22, "C2", "A", 1), "R22")),
    "create order with the same reference" =>
        create(paid_by(in_slot(order(23, "C23"), "kitchen"), "R2")),
    "create order with all that is in stock" =>
        create(order_of(24, "C24", "A", 3)),
    "create order that takes over the cart's hold" =>
        create(tollgate_core::command::CreateOrder {
            take_over: Some(HoldId::on(root_id(2), 0)),
            ..paid_by(order_of(25, "C25", "A", 2), "R25")
        }),
    "create order that waits at R9" =>
        create(paid_by(order(26, "C26"), "R9")),
    "create order under a key" =>
        keyed(create(paid_by(order_of(27, "C27", "A", 1), "R27")), "K1", 1),
    "create order under the same key again" =>
        keyed(create(paid_by(order_of(28, "C27", "A", 1), "R27")), "K1", 1),
    "create another order under the same key" =>
        keyed(create(order_of(29, "C29", "A", 1)), "K1", 2),
    "register R2 for the first order" => register(30, "C1", BANK, "R2"),
    "register R2 alone" => register_alone(31, "R2", 200),
    "register R9 for the first order" => register(32, "C1", BANK, "R9"),
    "webhook paid R2" => comes_at_one(41, "e-paid-2", "R2", "paid 200"),
    "webhook paid R2 again" => comes_at_one(42, "e-paid-2", "R2", "paid 200"),
    "webhook pending R2" => comes_at_one(43, "e-pending-2", "R2", "pending"),
    "webhook with two names" => comes(44, event("e-names", &["R2", "tx-44"], "paid 50")),
    "webhook at the other name" => comes_at_one(45, "e-other", "tx-44", "paid 200"),
    "webhook with code C2" => comes(46, Event {
        code: Some("C2".to_owned()),
        ..event("e-code", &["cut-C2"], "paid 200")
    }),
    "webhook paid R1" => comes_at_one(47, "e-paid-1", "R1", "paid 100"),
    "webhook expire R1" => comes_at_one(48, "e-expire-1", "R1", "expire"),
    "webhook authorized R1" => comes_at_one(49, "e-authorized-1", "R1", "authorized 100"),
    "webhook refund R5" => comes_at_one(50, "e-refund-5", "R5", "refund back-1 40"),
    "webhook with names of two payments" =>
        comes(51, event("e-conflict", &["R1", "R5"], "paid 100")),
    "doubted webhook R2" =>
        take_at(minutes(2), 52, event("e-doubted-2", &["R2"], "paid 200"), DOUBTED),
    "cancel the first order" => Action::CancelOrder(by_code("C1")),
    "cancel order C2" => Action::CancelOrder(by_code("C2")),
    "cancel the order whose hold is short" =>
        Action::CancelOrder(OrderRef::Id(OrderId::on(root_id(3), 0))),
    "a cart's hold" => hold(53, "A", 2),
    "release the cart's hold" => Action::ReleaseHold(HoldId::on(root_id(2), 0)),
    "release the new cart's hold" => Action::ReleaseHold(HoldId::on(root_id(53), 0)),
    "put stock" => stock("A", 4),
    "put stock of this version" => Action::PutStock {
        sku: "A".to_owned(),
        on_hand: 9,
        if_version: Some(1),
        low_at: Some(8),
    },
    "adjust stock" => Action::AdjustStock {
        sku: "A".to_owned(),
        delta: -1,
        reason: "counted".to_owned(),
    },
    "put calendar" => put_calendar(calendar("kitchen", 2), slots(4..8)),
    "put slots" => Action::PutSlots {
        calendar: "kitchen".to_owned(),
        slots: slots(5..10),
    },
    "make slots" => Action::MakeSlots {
        calendar: "kitchen".to_owned(),
        version: 1,
        slots: slots(6..12),
        made_until: START.plus(Span::hours(9)),
        make_at: START.plus(Span::hours(100)),
    },
    "a short hold runs out" after LATER => Action::RootDue(root_id(3)),
    "webhook paid R3" => comes_at_one(54, "e-paid-3", "R3", "paid 100"),
    "a parked event is due" after LATER => Action::ParkedDue(event_id(7)),
    "drain R9" => Action::DrainName { source: BANK.to_owned(), name: "R9".to_owned() },
    "resolve attention" => Action::ResolveAttention {
        of: AttentionOf::Order(by_code("C4")),
        code: AttentionCode::CurrencyMismatch,
        note: "talked to them".to_owned(),
    },
    "webhook paid R4" => comes_at_one(55, "e-paid-4", "R4", "paid 100"),
    "replay the parked event" => Action::ReplayEvent(event_id(7)),
    "replay the doubted event" => Action::ReplayEvent(event_id(8)),
    "replay the event that paid R5" => Action::ReplayEvent(event_id(5)),
    "the provider knows R1" => answer(AnswerContent::Facts {
        method: None,
        unreadable: false,
        names: vec!["R1".to_owned()],
        facts: vec![tollgate_core::event::Fact {
            strength: Strength::Asked,
            ..fact("paid 100")
        }],
        provider_payment_id: Some("tx-1".to_owned()),
    }),
    "the provider does not know R1" => answer(AnswerContent::Weak),
    "begin to ask about R1" => Action::StartEffect {
        effect: asked().0,
        lease: LEASE,
    },
    "the provider is asked and knows R1" => settle(asked(), Settlement::Answered(
        AnswerContent::Facts {
            method: None,
            unreadable: false,
            names: vec!["R1".to_owned()],
            facts: vec![tollgate_core::event::Fact {
                strength: Strength::Asked,
                ..fact("paid 100")
            }],
            provider_payment_id: None,
        },
    )),
    "nobody can be asked about R1" => settle(asked(), Settlement::Dead {
        reason: "no credentials".to_owned(),
        skip: false,
    }),
    "the receipt of R5 is issued" => settle(receipt(), Settlement::Issued(IssuedReceipt {
        at: START,
        document: "{}".to_owned(),
        pdf: vec![1; 8].into(),
        sha256: [1; 32],
        token: "token".to_owned(),
    })),
    "the receipt of R5 is put off" => settle(receipt(), Settlement::Retry {
        at: minutes(3),
        reason: "a glyph is missing".to_owned(),
    }),
    "the receipt of R5 is given up" => settle(receipt(), Settlement::Dead {
        reason: "a glyph is missing".to_owned(),
        skip: false,
    }),
    "try the receipt of R5 again" => Action::RetryEffect(receipt().0),
    "capture by hand" => Action::CapturePayment {
        payment: PaymentId::on(root_id(6), 2),
        minor: 60,
        note: "cash".to_owned(),
        fresh: root_id(56),
    },
    "check R1" => Action::CheckPayment(PaymentId::on(root_id(1), 1)),
    "ask for a refund" => Action::RefundPayment(RefundPayment {
        payment: PaymentId::on(root_id(5), PAYMENT_5),
        minor: 70,
        reason: "returned".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }),
    "ask for another refund" => Action::RefundPayment(RefundPayment {
        payment: PaymentId::on(root_id(5), PAYMENT_5),
        minor: 60,
        reason: "returned as well".to_owned(),
        restock: Vec::new(),
        release_slot: false,
        recorded: false,
    }),
}

/// An event of a pair comes when the clock was moved as far as any pair moves it, so that none is
/// due as soon as it is parked.
fn comes(number: u64, event: Event) -> Action {
    take_at(minutes(2), number, event, TRUSTED)
}

fn comes_at_one(number: u64, key: &str, name: &str, words: &str) -> Action {
    comes(number, event(key, &[name], words))
}

trait IntoSubmission {
    fn into_submission(self) -> Submission;
}

impl IntoSubmission for Action {
    fn into_submission(self) -> Submission {
        submission(self)
    }
}

impl IntoSubmission for Submission {
    fn into_submission(self) -> Submission {
        self
    }
}

/// A command under an Idempotency-Key. Its answer is what the outcome looks like.
fn keyed(action: Action, key: &str, fingerprint: u8) -> Submission {
    Submission {
        idempotency: Some(Idempotency {
            shop: SHOP,
            operation: "POST /v1/orders",
            key: key.to_owned(),
            fingerprint: [fingerprint; 32],
        }),
        render: Some(std::sync::Arc::new(|outcome: &Outcome| {
            tollgate_store::Answer {
                code: 201,
                body: without_shop(&format!("{outcome:?}")).into_bytes(),
            }
        })),
        ..submission(action)
    }
}

fn answer(content: AnswerContent) -> Action {
    Action::Answer(Answer {
        source: BANK.to_owned(),
        object: "R1".to_owned(),
        n: 1,
        root: None,
        version: None,
        event: Some(event_id(8)),
        content,
    })
}

/// Under which a worker has all effects of a shop before a pair.
const LEASE: Lease = Lease(1);

/// That claim; of the first shop, in which no time has passed.
pub(crate) fn first_claim() -> Claim {
    Claim {
        shop: SHOP,
        lease: LEASE,
        lease_for: Span::seconds(60),
        lease_max: Span::minutes(10),
        room: 100,
        room_of_target: 100,
        room_of_kind: 100,
        rooms_of_kinds: BTreeMap::new(),
        rooms: BTreeMap::new(),
        kinds: vec![
            TargetKind::Receipt,
            TargetKind::Ask,
            TargetKind::AskUnknown,
            TargetKind::Refund,
            TargetKind::RefundRequest,
        ],
        asks_per_second: 5,
    }
}

/// The question about R1, and whom it is addressed to.
fn asked() -> (EffectId, &'static str) {
    (effect_id(1, "ask:bank:R1:1"), "ask:bank")
}

/// The receipt of the paid order.
fn receipt() -> (EffectId, &'static str) {
    let payment = PaymentId::on(root_id(5), PAYMENT_5);
    (
        effect_id(5, &format!("receipt:sale:{payment}:tx")),
        "receipt",
    )
}

/// An effect's id: its root's time, and for the rest its key.
fn effect_id(root: u64, key: &str) -> EffectId {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let mut bytes = root_id(root).as_u128().to_be_bytes();
    bytes[6..].copy_from_slice(&digest[..10]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EffectId::from_u128(u128::from_be_bytes(bytes))
}

fn settle((effect, target): (EffectId, &str), settlement: Settlement) -> Action {
    Action::SettleEffect(Box::new(SettleEffect {
        effect,
        target: target.to_owned(),
        lease: LEASE,
        attempt: None,
        settlement,
        health: Health::Well,
        chance: 0,
    }))
}

/// What makes what stands in a shop before a pair. Roots by number:
/// 1 an order waiting for payment R1, with stock and a slot;
/// 2 a cart's hold; 3 an order whose hold is short; 4 an order that needs attention;
/// 5 a paid order; 6 an order with a payment by hand; 7 a parked event at R9; 8 a doubted event at
/// R1 about which the provider is asked.
pub(crate) fn first() -> Vec<Action> {
    let dollars = Event {
        facts: vec![tollgate_core::event::Fact {
            money: Some(Money {
                minor: 100,
                currency: currency("USD"),
            }),
            ..fact("paid 100")
        }],
        ..event("e-4", &["R4"], "paid 100")
    };
    vec![
        stock("A", 5),
        stock("B", 3),
        put_calendar(calendar("kitchen", 1), slots(4..7)),
        create(paid_by(in_slot(order_of(1, "C1", "A", 1), "kitchen"), "R1")),
        hold(2, "A", 1),
        create(tollgate_core::command::CreateOrder {
            hold: Span::seconds(60),
            ..paid_by(order_of(3, "C3", "B", 1), "R3")
        }),
        create(paid_by(order(4, "C4"), "R4")),
        take(11, dollars),
        create(paid_by(order(6, "C6"), "R6")),
        register(12, "C6", "manual", "till-6"),
        create(paid_by(order(5, "C5"), "R5")),
        take(5, event("e-5", &["R5"], "paid 100")),
        hear(7, "e-7", "R9", "paid 100"),
        take_at(START, 8, event("e-8", &["R1"], "paid 100"), DOUBTED),
    ]
}

/// A text without the shop's number.
pub(crate) fn without_shop(text: &str) -> String {
    let mut parts = text.split("ShopId(");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
    }
    kept
}

/// The command in another shop.
pub(crate) fn in_shop(entry: &Entry, shop: u32) -> Submission {
    let mut submission = (entry.command)();
    submission.command.shop = ShopId(shop);
    if let Some(idempotency) = &mut submission.idempotency {
        idempotency.shop = ShopId(shop);
    }
    submission
}
