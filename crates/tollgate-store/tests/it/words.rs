//! Short words for long commands.

use tollgate_core::capacity::{Calendar, Late, NewSlot, SlotWish, Unit};
use tollgate_core::command::{
    Action, CreateOrder, OrderRef, RawEvent, RegisterPayment, TakeEvent, TakeHold,
};
use tollgate_core::event::{
    CaptureState, Confirm, Event, Fact, FactKind, Policy, RefundState, Strength,
};
use tollgate_core::id::{EventId, RootId, SlotId};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::{Span, Timestamp};

use crate::world::START;

/// The source that every test payment comes from.
pub(crate) const BANK: &str = "bank";

/// What the source says is taken at its word.
pub(crate) const TRUSTED: Policy = Policy {
    confirm: Confirm::Never,
    can_ask: true,
    asks_by_own_id: false,
};

/// What the source says moves nothing before its own answer.
pub(crate) const DOUBTED: Policy = Policy {
    confirm: Confirm::Before,
    can_ask: true,
    asks_by_own_id: false,
};

/// The id of the root with this number, made at the start of time.
pub(crate) fn root_id(number: u64) -> RootId {
    root_id_at(START, number)
}

/// The id of the root with this number, made at this time.
pub(crate) fn root_id_at(time: Timestamp, number: u64) -> RootId {
    let millis = u128::try_from(time.as_millis()).expect("a time after 1970");
    RootId::new((millis << 80) | (7 << 76) | (u128::from(number) << 16))
}

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

/// An order of one line at 100 a piece.
pub(crate) fn order(number: u64, code: &str) -> CreateOrder {
    CreateOrder {
        fresh: root_id(number),
        code: code.to_owned(),
        currency: currency("IDR"),
        lines: vec![Line {
            sku: "SERVICE".to_owned(),
            name: Some("a service".to_owned()),
            quantity: 1,
            unit_minor: 100,
            stocked: false,
        }],
        discount_minor: 0,
        shipping_minor: 0,
        customer: Customer::default(),
        slot: None,
        hold: Span::hours(24),
        take_over: None,
        payment: None,
        metadata: "{}".to_owned(),
    }
}

/// An order of so many pieces of a stocked sku at 100 a piece.
pub(crate) fn order_of(number: u64, code: &str, sku: &str, quantity: i64) -> CreateOrder {
    CreateOrder {
        lines: vec![Line {
            sku: sku.to_owned(),
            name: None,
            quantity,
            unit_minor: 100,
            stocked: true,
        }],
        ..order(number, code)
    }
}

/// The same with a payment of this reference.
pub(crate) fn paid_by(order: CreateOrder, reference: &str) -> CreateOrder {
    CreateOrder {
        payment: Some((BANK.to_owned(), reference.to_owned())),
        ..order
    }
}

/// The same in the earliest slot of a calendar.
pub(crate) fn in_slot(order: CreateOrder, calendar: &str) -> CreateOrder {
    CreateOrder {
        slot: Some(earliest(calendar)),
        ..order
    }
}

pub(crate) fn earliest(calendar: &str) -> SlotWish {
    SlotWish::Earliest {
        calendar: calendar.to_owned(),
        not_before: None,
    }
}

pub(crate) fn create(order: CreateOrder) -> Action {
    Action::CreateOrder(Box::new(order))
}

pub(crate) fn by_code(code: &str) -> OrderRef {
    OrderRef::Code(code.to_owned())
}

/// Registers a payment of an order.
pub(crate) fn register(number: u64, code: &str, source: &str, reference: &str) -> Action {
    Action::RegisterPayment(RegisterPayment {
        fresh: root_id(number),
        order: Some(by_code(code)),
        source: source.to_owned(),
        reference: reference.to_owned(),
        minor: None,
        currency: None,
        expires_at: None,
        metadata: "{}".to_owned(),
    })
}

/// Registers a payment without an order.
pub(crate) fn register_alone(number: u64, reference: &str, minor: i64) -> Action {
    Action::RegisterPayment(RegisterPayment {
        fresh: root_id(number),
        order: None,
        source: BANK.to_owned(),
        reference: reference.to_owned(),
        minor: Some(minor),
        currency: Some(currency("IDR")),
        expires_at: None,
        metadata: "{}".to_owned(),
    })
}

pub(crate) fn hold(number: u64, sku: &str, quantity: i64) -> Action {
    Action::TakeHold(TakeHold {
        fresh: root_id(number),
        lines: vec![(sku.to_owned(), quantity)],
        slot: None,
        hold: Span::hours(24),
    })
}

pub(crate) fn stock(sku: &str, on_hand: i64) -> Action {
    Action::PutStock {
        sku: sku.to_owned(),
        on_hand,
        if_version: None,
        low_at: None,
    }
}

pub(crate) fn calendar(name: &str, capacity: i64) -> Calendar {
    Calendar {
        name: name.to_owned(),
        unit: Unit::Orders,
        capacity,
        currency: None,
        visible_lead: Span::minutes(30),
        booking_lead: Span::minutes(0),
        late: Late::Next,
        made_until: START,
        make_at: None,
        rules: r#"{"slot_minutes":15}"#.to_owned(),
        version: 0,
    }
}

/// Quarter hours of a calendar, counted from the start of time.
pub(crate) fn slots(numbers: std::ops::Range<i64>) -> Vec<NewSlot> {
    numbers
        .map(|number| NewSlot {
            id: SlotId::from_u128(0x0510_0000 + u128::try_from(number).expect("no slot before")),
            starts_at: minutes(number * 15),
            ends_at: minutes(number * 15 + 15),
            capacity: None,
        })
        .collect()
}

pub(crate) fn put_calendar(calendar: Calendar, slots: Vec<NewSlot>) -> Action {
    Action::PutCalendar {
        calendar: Box::new(calendar),
        slots,
    }
}

/// A fact in words: `paid 100`, `expire`, `refund r1 40`.
pub(crate) fn fact(words: &str) -> Fact {
    let words: Vec<&str> = words.split_whitespace().collect();
    let amount = |at: usize| words.get(at).map(|n| idr(n.parse().expect("an amount")));
    let capture = |state| ("tx".to_owned(), FactKind::Capture(state), amount(1));
    let (object, kind, money) = match words[0] {
        "pending" => capture(CaptureState::Pending),
        "authorized" => capture(CaptureState::Authorized),
        "voided" => capture(CaptureState::Voided),
        "paid" => capture(CaptureState::Captured),
        "expire" => capture(CaptureState::Expired),
        "refund" => (
            words[1].to_owned(),
            FactKind::Refund(RefundState::Succeeded),
            amount(2),
        ),
        other => panic!("no fact is called {other}"),
    };
    Fact {
        object,
        kind,
        money,
        occurred_at: None,
        strength: Strength::Signed,
        foreign_mode: false,
        fee_minor: 0,
    }
}

/// An event with one fact, or none.
pub(crate) fn event(key: &str, names: &[&str], words: &str) -> Event {
    let facts = match words {
        "" => Vec::new(),
        words => vec![fact(words)],
    };
    Event {
        key: key.to_owned(),
        kind: format!("payment.{}", words.split(' ').next().unwrap_or_default()),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        facts,
        ..Event::default()
    }
}

/// The event at the first place of the delivery with this number.
pub(crate) fn event_id(number: u64) -> EventId {
    EventId::on(root_id(number), 1)
}

/// An event comes in the delivery with this number.
pub(crate) fn take(number: u64, event: Event) -> Action {
    take_at(START, number, event, TRUSTED)
}

pub(crate) fn take_at(time: Timestamp, number: u64, event: Event, policy: Policy) -> Action {
    let body = format!("{{\"key\":\"{}\",\"n\":{number}}}", event.key);
    Action::TakeEvent(TakeEvent {
        id: EventId::on(root_id_at(time, number), 1),
        source: BANK.to_owned(),
        event,
        policy,
        received_at: time,
        forwards: Vec::new(),
        only_if_known: false,
        raw: RawEvent {
            body: body.into_bytes(),
            headers: r#"[["content-type","application/json"]]"#.to_owned(),
        },
    })
}

/// A vouched-for event at one name comes.
pub(crate) fn hear(number: u64, key: &str, name: &str, words: &str) -> Action {
    take(number, event(key, &[name], words))
}

/// What has failed, one of these many, made then.
pub(crate) fn error(
    shop: tollgate_core::id::ShopId,
    at: Timestamp,
    mark: u128,
    count: u64,
) -> tollgate_store::ErrorRow {
    tollgate_store::ErrorRow {
        shop,
        id: tollgate_core::id::ErrorId::from_u128(tollgate_core::id::first_id(at) | mark),
        level: tollgate_store::ErrorLevel::Warn,
        code: "out_of_stock".to_owned(),
        cause: "none_left".to_owned(),
        operation: "POST /v1/orders".to_owned(),
        source: None,
        key: None,
        key_name: Some("till".to_owned()),
        status: 409,
        count,
        at,
        last_at: at.plus(Span::millis(5)),
        request_id: Some(format!("req_{mark}")),
        last_request_id: Some(format!("req_{mark}_last")),
        about: None,
        detail: "tea (0 of 1)".to_owned(),
    }
}
