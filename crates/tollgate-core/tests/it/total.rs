//! Decisions are total: whatever a command says, it is decided and nothing panics (I7).

use proptest::prelude::*;
use tollgate_core::capacity::{Calendar, Late, NewSlot, SlotWish, Unit};
use tollgate_core::command::{
    Action, Answer, AttentionOf, ChangeOrder, CreateOrder, CustomerChange, Forward, MetadataChange,
    NewStock, OrderRef, RawEvent, RefundPayment, RefuseCreation, RegisterPayment, TakeEvent,
    TakeHold, Unknown,
};
use tollgate_core::effect::AnswerContent;
use tollgate_core::event::{Confirm, Event, Fact, Policy};
use tollgate_core::id::{EventId, HoldId, OrderId, PaymentId, RootId, SlotId};
use tollgate_core::order::{AttentionCode, Line};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::fold::any_fact;
use crate::store::{START, Store};
use crate::words::*;

const NUMBERS: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    -1,
    0,
    1,
    2,
    50,
    (1 << 53) - 1,
    1 << 53,
    i64::MAX - 1,
    i64::MAX,
];
const NAMES: &[&str] = &["", "n1", "n2", "n3", "a:b%"];

#[derive(Debug, Clone)]
struct Dice {
    what: u8,
    numbers: Vec<i64>,
    names: Vec<&'static str>,
    facts: Vec<Fact>,
    flags: Vec<bool>,
    root: u128,
    other: u128,
}

fn dice() -> impl Strategy<Value = Dice> {
    (
        0u8..25,
        prop::collection::vec(prop::sample::select(NUMBERS), 8),
        prop::collection::vec(prop::sample::select(NAMES), 4),
        prop::collection::vec(any_fact(), 0..4),
        prop::collection::vec(any::<bool>(), 6),
        0u128..14,
        0u128..14,
    )
        .prop_map(|(what, numbers, names, facts, flags, root, other)| Dice {
            what,
            numbers,
            names,
            facts,
            flags,
            root,
            other,
        })
}

/// The ids that the store gives out first, and some it never will.
fn root(n: u128) -> RootId {
    RootId::new(((START.as_millis() as u128) << 80) | (n << 16))
}

fn new_slots(dice: &Dice) -> Vec<NewSlot> {
    (0..3)
        .map(|n| NewSlot {
            id: SlotId::from_u128(n as u128 + 1),
            starts_at: Timestamp::from_millis(dice.numbers[n]),
            ends_at: Timestamp::from_millis(dice.numbers[n + 1]),
            capacity: dice.flags[n].then_some(dice.numbers[n + 3]),
        })
        .collect()
}

fn wish(dice: &Dice) -> SlotWish {
    if dice.flags[0] {
        SlotWish::Earliest {
            calendar: dice.names[0].to_owned(),
            not_before: dice.flags[1].then_some(Timestamp::from_millis(dice.numbers[0])),
        }
    } else {
        SlotWish::Exactly(SlotId::from_u128(dice.root % 4))
    }
}

fn metadata_change(fits: bool) -> MetadataChange {
    MetadataChange {
        patch: "{}".to_owned(),
        merge: match fits {
            true => |_, _| Some("{\"n\":1}".to_owned()),
            false => |_, _| None,
        },
    }
}

fn order_ref(dice: &Dice) -> OrderRef {
    if dice.flags[4] {
        OrderRef::Id(OrderId::from_u128(
            root(dice.root).as_u128() + dice.other % 2,
        ))
    } else {
        OrderRef::Code(dice.names[0].to_owned())
    }
}

fn action(store: &mut Store, dice: &Dice) -> Action {
    let fresh = store.fresh();
    let n = &dice.numbers;
    let payment = PaymentId::on(root(dice.root), (dice.other % 3) as u16);
    let names: Vec<String> = dice.names[1..3]
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let at = Timestamp::from_millis;
    match dice.what {
        0..=3 => Action::TakeEvent(TakeEvent {
            id: EventId::on(fresh, 1),
            source: "bank".to_owned(),
            event: Event {
                key: dice.names[0].to_owned(),
                names,
                code: dice.flags[0].then(|| dice.names[3].to_owned()),
                facts: dice.facts.clone(),
                amount_unreadable: dice.flags[1] && dice.flags[2],
                provider_payment_id: dice.flags[3].then(|| dice.names[3].to_owned()),
                ..Event::default()
            },
            policy: Policy {
                confirm: match n[0] {
                    i64::MIN..=-1 => Confirm::Before,
                    0..=50 => Confirm::After,
                    51.. => Confirm::Never,
                },
                can_ask: dice.flags[4],
                asks_by_own_id: dice.flags[5],
            },
            received_at: at(n[1]),
            forwards: dice.flags[3]
                .then(|| Forward {
                    route: dice.names[0].to_owned(),
                    order_by: dice.flags[4].then(|| dice.names[1].to_owned()),
                })
                .into_iter()
                .collect(),
            only_if_known: dice.flags[2],
            raw: RawEvent::default(),
        }),
        4 => Action::ReplayEvent(EventId::on(root(dice.root), 1)),
        5 => Action::ParkedDue(EventId::on(root(dice.root), 1)),
        6 => Action::DrainName {
            source: "bank".to_owned(),
            name: dice.names[0].to_owned(),
        },
        7..=9 => Action::CreateOrder(Box::new(CreateOrder {
            fresh,
            discount_minor: if dice.flags[2] { n[0] } else { 0 },
            shipping_minor: if dice.flags[3] { n[1] } else { 0 },
            slot: dice.flags[5].then(|| wish(dice)),
            hold: Span::millis(n[2]),
            take_over: dice.flags[1].then(|| HoldId::on(root(dice.other), 0)),
            payment: dice.flags[0].then(|| ("bank".to_owned(), dice.names[1].to_owned())),
            ..order(
                dice.names[0],
                &[
                    Line {
                        stocked: dice.flags[4],
                        ..line(dice.names[2], n[3], n[4])
                    },
                    line("n1", n[5], n[6]),
                ],
            )
        })),
        10 if dice.flags[5] => Action::RefuseCreation(RefuseCreation {
            code: dice.flags[0].then(|| dice.names[0].to_owned()),
            payment: dice.flags[1].then(|| ("bank".to_owned(), dice.names[1].to_owned())),
            unknown: Unknown::Currency,
        }),
        10 => Action::CancelOrder(order_ref(dice)),
        11 => Action::RegisterPayment(RegisterPayment {
            fresh,
            order: dice.flags[0].then(|| order_ref(dice)),
            source: if dice.flags[1] { "bank" } else { "manual" }.to_owned(),
            reference: dice.names[1].to_owned(),
            minor: dice.flags[2].then_some(n[0]),
            currency: dice.flags[3].then(|| currency("IDR")),
            expires_at: Some(at(n[1])),
            metadata: String::new(),
        }),
        12 => Action::CapturePayment {
            payment,
            minor: n[0],
            note: String::new(),
            fresh,
        },
        13 => Action::CheckPayment(payment),
        14 => Action::RefundPayment(RefundPayment {
            payment,
            minor: n[0],
            reason: String::new(),
            restock: Vec::new(),
            release_slot: false,
            recorded: false,
        }),
        15 => Action::Answer(Answer {
            source: "bank".to_owned(),
            object: dice.names[0].to_owned(),
            n: (dice.other % 3) as u32,
            root: dice.flags[0].then(|| root(dice.root)),
            version: dice.flags[0].then_some(dice.root as i64),
            event: dice.flags[1].then(|| EventId::on(root(dice.root), 1)),
            content: match dice.other % 3 {
                0 => AnswerContent::Weak,
                1 => AnswerContent::Mismatch {
                    reason: String::new(),
                },
                _ => AnswerContent::Facts {
                    method: None,
                    unreadable: false,
                    names,
                    facts: dice.facts.clone(),
                    provider_payment_id: None,
                },
            },
        }),
        16 => Action::ResolveAttention {
            of: AttentionOf::Order(order_ref(dice)),
            code: AttentionCode::ALL[dice.other as usize % AttentionCode::ALL.len()],
            note: String::new(),
        },
        17 => Action::TakeHold(TakeHold {
            fresh,
            lines: vec![("n1".to_owned(), n[0]), (dice.names[0].to_owned(), n[1])],
            slot: dice.flags[2].then(|| (wish(dice), n[2])),
            hold: Span::millis(n[3]),
        }),
        18 => Action::ReleaseHold(HoldId::on(root(dice.root), (dice.other % 2) as u16)),
        19 => Action::RootDue(root(dice.root)),
        20 => Action::PutStock {
            sku: dice.names[0].to_owned(),
            on_hand: n[0],
            if_version: dice.flags[0].then_some(n[1]),
            low_at: dice.flags[1].then_some(n[2]),
        },
        22 if dice.flags[0] => Action::PutStocks(
            dice.names
                .iter()
                .zip(n)
                .map(|(sku, on_hand)| NewStock {
                    sku: (*sku).to_owned(),
                    on_hand: *on_hand,
                    if_version: dice.flags[1].then_some(n[1]),
                    low_at: None,
                })
                .collect(),
        ),
        22 if dice.flags[1] => Action::RemoveStock(dice.names[0].to_owned()),
        22 if dice.flags[2] => Action::RemoveCalendar(dice.names[0].to_owned()),
        23 if dice.flags[0] => Action::ChangePayment {
            payment: PaymentId::on(root(dice.root), (dice.other % 2) as u16),
            metadata: dice.flags[1].then(|| metadata_change(dice.flags[2])),
        },
        23 => Action::ChangeOrder(Box::new(ChangeOrder {
            order: order_ref(dice),
            if_version: dice.flags[1].then_some(n[0]),
            customer: CustomerChange {
                name: dice.flags[2].then(|| Some(dice.names[0].to_owned())),
                ..CustomerChange::default()
            },
            metadata: dice.flags[0].then(|| metadata_change(dice.flags[2])),
            note: dice.flags[1].then_some(None),
        })),
        21 if dice.flags[0] => Action::PutSlots {
            calendar: dice.names[0].to_owned(),
            slots: new_slots(dice),
        },
        21 if dice.flags[1] => Action::MakeSlots {
            calendar: dice.names[0].to_owned(),
            version: dice.root as i64 % 3,
            slots: new_slots(dice),
            made_until: at(n[0]),
            make_at: at(n[1]),
        },
        21 => Action::PutCalendar {
            calendar: Box::new(Calendar {
                visible_lead: Span::millis(n[5]),
                booking_lead: Span::millis(n[6]),
                currency: dice.flags[2].then(|| currency("IDR")),
                ..calendar(dice.names[0], Unit::Amount, n[7], Late::Next)
            }),
            slots: new_slots(dice),
        },
        _ => Action::AdjustStock {
            sku: dice.names[0].to_owned(),
            delta: n[0],
            reason: String::new(),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn whatever_is_said_is_decided(
        steps in prop::collection::vec((dice(), prop::option::weighted(0.1, 0..NUMBERS.len())), 1..40),
        one_batch in any::<bool>(),
    ) {
        let mut store = Store::new();
        store.rules.parked_max = 3;
        store.stock("n1", 3);
        if one_batch {
            store.begin_batch();
        }
        for (dice, now) in &steps {
            if let Some(now) = now {
                store.now = Timestamp::from_millis(NUMBERS[*now]);
            }
            let action = action(&mut store, dice);
            store.act(action);
            store.check_capacity();
        }
    }
}
