//! Short words for long commands, and short pictures of how things stand.

use tollgate_core::capacity::{Calendar, HoldState, Late, NewSlot, SlotWish, Unit};
use tollgate_core::command::{
    Action, Answer, CreateOrder, OrderRef, RawEvent, RegisterPayment, TakeEvent,
};
use tollgate_core::decision::{Outcome, Refusal};
use tollgate_core::effect::AnswerContent;
use tollgate_core::event::{
    CaptureState, Confirm, DisputeState, Event, Fact, FactKind, Policy, RefundState, Strength,
};
use tollgate_core::id::{EventId, PaymentId, RootId, SlotId};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::{Customer, Line, Root};
use tollgate_core::snapshot::{EventOutcome, EventState};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::store::{START, Store};

pub(crate) const NEVER: Policy = Policy {
    confirm: Confirm::Never,
    can_ask: true,
    asks_by_own_id: false,
};
pub(crate) const AFTER: Policy = Policy {
    confirm: Confirm::After,
    can_ask: true,
    asks_by_own_id: false,
};
pub(crate) const BEFORE: Policy = Policy {
    confirm: Confirm::Before,
    can_ask: true,
    asks_by_own_id: false,
};

pub(crate) fn currency(code: &str) -> Currency {
    Currency::new(code).expect("a currency's code")
}

pub(crate) fn idr(minor: i64) -> Money {
    Money {
        minor,
        currency: currency("IDR"),
    }
}

pub(crate) fn minutes(n: i64) -> Timestamp {
    START.plus(Span::minutes(n))
}

/// A fact in words: `pending`, `paid 100`, `refund r1 40`, `total 40`, `dispute`, `won`, `lost`.
/// `b:paid 100` speaks of another object, `paid 105 fee 5` of a fee that is in it.
pub(crate) fn fact(words: &str, money: fn(i64) -> Money) -> Fact {
    let (own, words) = words.split_once(':').unwrap_or(("tx", words));
    let words: Vec<&str> = words.split_whitespace().collect();
    let amount = |at: usize| words.get(at).map(|n| money(n.parse().expect("an amount")));
    let capture = |state| (own.to_owned(), FactKind::Capture(state), amount(1));
    let (object, kind, money) = match words[0] {
        "created" => capture(CaptureState::Created),
        "pending" => capture(CaptureState::Pending),
        "review" => capture(CaptureState::Review),
        "authorized" => capture(CaptureState::Authorized),
        "voided" => capture(CaptureState::Voided),
        "paid" => capture(CaptureState::Captured),
        "settled" => capture(CaptureState::Settled),
        "reversed" => capture(CaptureState::Reversed),
        "fail" => capture(CaptureState::Failed),
        "deny" => capture(CaptureState::Denied),
        "expire" => capture(CaptureState::Expired),
        "cancel" => capture(CaptureState::Cancelled),
        "refund" => (
            words[1].to_owned(),
            FactKind::Refund(RefundState::Succeeded),
            amount(2),
        ),
        "refund-pending" => (
            words[1].to_owned(),
            FactKind::Refund(RefundState::Pending),
            amount(2),
        ),
        "refund-failed" => (
            words[1].to_owned(),
            FactKind::Refund(RefundState::Failed),
            amount(2),
        ),
        "refund-reversed" => (
            words[1].to_owned(),
            FactKind::Refund(RefundState::Reversed),
            amount(2),
        ),
        "total" => (own.to_owned(), FactKind::RefundedTotal, amount(1)),
        "dispute" => ("dp".to_owned(), FactKind::Dispute(DisputeState::Open), None),
        "won" => ("dp".to_owned(), FactKind::Dispute(DisputeState::Won), None),
        "lost" => ("dp".to_owned(), FactKind::Dispute(DisputeState::Lost), None),
        other => panic!("no fact is called {other}"),
    };
    Fact {
        object,
        kind,
        money,
        occurred_at: None,
        strength: Strength::Signed,
        foreign_mode: false,
        fee_minor: match words.as_slice() {
            [.., "fee", fee] => fee.parse().expect("an amount"),
            _ => 0,
        },
    }
}

/// An event: its key, the names it stands at, and one fact.
pub(crate) fn event(key: &str, names: &[&str], words: &str) -> Event {
    Event {
        key: key.to_owned(),
        kind: words
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        facts: if words.is_empty() {
            Vec::new()
        } else {
            vec![fact(words, idr)]
        },
        ..Event::default()
    }
}

pub(crate) fn line(sku: &str, quantity: i64, unit_minor: i64) -> Line {
    Line {
        sku: sku.to_owned(),
        name: None,
        quantity,
        unit_minor,
        stocked: true,
    }
}

pub(crate) fn order(code: &str, lines: &[Line]) -> CreateOrder {
    CreateOrder {
        fresh: RootId::new(0),
        code: code.to_owned(),
        currency: currency("IDR"),
        lines: lines.to_vec(),
        discount_minor: 0,
        shipping_minor: 0,
        customer: Customer::default(),
        slot: None,
        hold: Span::minutes(15),
        take_over: None,
        payment: None,
        metadata: "{}".to_owned(),
    }
}

pub(crate) fn with_payment(order: CreateOrder, reference: &str) -> CreateOrder {
    CreateOrder {
        payment: Some(("bank".to_owned(), reference.to_owned())),
        ..order
    }
}

pub(crate) fn earliest(calendar: &str) -> Option<SlotWish> {
    Some(SlotWish::Earliest {
        calendar: calendar.to_owned(),
        not_before: None,
    })
}

pub(crate) fn calendar(name: &str, unit: Unit, capacity: i64, late: Late) -> Calendar {
    Calendar {
        name: name.to_owned(),
        unit,
        capacity,
        currency: None,
        visible_lead: Span::minutes(30),
        booking_lead: Span::minutes(0),
        late,
        made_until: START,
        make_at: None,
        rules: "{}".to_owned(),
        version: 0,
    }
}

/// Quarter hours from the start of time on.
pub(crate) fn slots(calendar: u64, from: i64, count: i64) -> Vec<NewSlot> {
    (from..from + count)
        .map(|n| NewSlot {
            id: SlotId::from_u128((u128::from(calendar) << 64) | (n as u128 + 1)),
            starts_at: minutes(n * 15),
            ends_at: minutes(n * 15 + 15),
            capacity: None,
        })
        .collect()
}

impl Store {
    pub(crate) fn stock(&mut self, sku: &str, on_hand: i64) {
        let outcome = self.act(Action::PutStock {
            sku: sku.to_owned(),
            on_hand,
            if_version: None,
            low_at: None,
        });
        assert!(matches!(outcome, Outcome::Stock(_)), "{outcome:?}");
    }

    pub(crate) fn put_calendar(&mut self, calendar: Calendar, slots: Vec<NewSlot>) {
        let outcome = self.act(Action::PutCalendar {
            calendar: Box::new(calendar),
            slots,
        });
        assert!(matches!(outcome, Outcome::Calendar(_)), "{outcome:?}");
    }

    pub(crate) fn try_order(&mut self, order: CreateOrder) -> Outcome {
        let fresh = self.fresh();
        self.act(Action::CreateOrder(Box::new(CreateOrder {
            fresh,
            ..order
        })))
    }

    pub(crate) fn order(&mut self, order: CreateOrder) -> RootId {
        match self.try_order(order) {
            Outcome::Root(root) => root.id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn refusal(&mut self, order: CreateOrder) -> Refusal {
        match self.try_order(order) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn try_register(&mut self, order: Option<OrderRef>, reference: &str) -> Outcome {
        let fresh = self.fresh();
        let alone = order.is_none();
        self.act(Action::RegisterPayment(RegisterPayment {
            fresh,
            order,
            source: "bank".to_owned(),
            reference: reference.to_owned(),
            minor: alone.then_some(100),
            currency: alone.then(|| currency("IDR")),
            expires_at: None,
            metadata: "{}".to_owned(),
        }))
    }

    pub(crate) fn register(&mut self, code: &str, reference: &str) -> PaymentId {
        match self.try_register(Some(OrderRef::Code(code.to_owned())), reference) {
            Outcome::Payment(id, _) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn take(&mut self, event: Event, policy: Policy) -> (EventId, EventOutcome) {
        self.take_from("bank", event, policy)
    }

    pub(crate) fn take_from(
        &mut self,
        source: &str,
        event: Event,
        policy: Policy,
    ) -> (EventId, EventOutcome) {
        let id = EventId::on(self.fresh(), 1);
        let received_at = self.now;
        let taken = TakeEvent {
            id,
            source: source.to_owned(),
            event,
            policy,
            received_at,
            forwards: Vec::new(),
            only_if_known: false,
            raw: RawEvent::default(),
        };
        match self.act(Action::TakeEvent(taken)) {
            Outcome::Event { id, outcome, .. } => (id, outcome),
            other => panic!("{other:?}"),
        }
    }

    /// A vouched-for event at one name.
    pub(crate) fn hear(&mut self, key: &str, name: &str, words: &str) -> EventOutcome {
        self.take(event(key, &[name], words), NEVER).1
    }

    pub(crate) fn due(&mut self, id: RootId) {
        self.act(Action::RootDue(id));
    }

    pub(crate) fn root(&self, id: RootId) -> &Root {
        &self.rows.roots[&id]
    }

    pub(crate) fn event_state(&self, id: EventId) -> EventState {
        self.rows.events[&id].state
    }

    /// The order's status and its last hold's state.
    pub(crate) fn status(&self, id: RootId) -> String {
        let root = self.root(id);
        let order = root.order.as_ref().expect("an order");
        let hold = match root.hold().map(|hold| hold.state) {
            None => "none",
            Some(HoldState::Active) => "active",
            Some(HoldState::Consumed) => "consumed",
            Some(HoldState::Released) => "released",
            Some(HoldState::Expired) => "expired",
            Some(HoldState::TakenOver(_)) => "taken over",
        };
        format!("{:?} {hold}", order.status)
    }

    /// The open codes of attention.
    pub(crate) fn attention(&self, id: RootId) -> Vec<&'static str> {
        self.root(id)
            .open_attention()
            .map(|open| open.code.word())
            .collect()
    }

    /// `on hand/held` of a sku.
    pub(crate) fn counts(&self, sku: &str) -> String {
        let stock = &self.rows.stock[sku];
        format!("{}/{}", stock.on_hand, stock.held)
    }

    /// The effects of a kind, by key.
    pub(crate) fn effects(&self, prefix: &str) -> Vec<String> {
        self.rows
            .effects
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    /// The worker has begun to ask.
    pub(crate) fn start_question(&mut self, name: &str) {
        let row = ("bank".to_owned(), name.to_owned());
        let rendezvous = self.rows.names.get_mut(&row).expect("a name");
        rendezvous.question.as_mut().expect("a question").started = true;
    }

    pub(crate) fn answer_with(
        &mut self,
        object: &str,
        n: u32,
        event: Option<EventId>,
        version: Option<i64>,
        content: AnswerContent,
    ) {
        self.act(Action::Answer(Answer {
            source: "bank".to_owned(),
            object: object.to_owned(),
            n,
            root: None,
            version,
            event,
            content,
        }));
    }

    /// The provider's answer in words; `None` is a weak one.
    pub(crate) fn answer(
        &mut self,
        object: &str,
        n: u32,
        event: Option<EventId>,
        version: Option<i64>,
        words: Option<&str>,
    ) {
        let content = match words {
            None => AnswerContent::Weak,
            Some(words) => AnswerContent::Facts {
                method: None,
                unreadable: false,
                names: vec![object.to_owned()],
                facts: vec![Fact {
                    strength: Strength::Asked,
                    ..fact(words, idr)
                }],
                provider_payment_id: None,
            },
        };
        self.answer_with(object, n, event, version, content);
    }
}
