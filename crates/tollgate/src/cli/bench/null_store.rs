//! The null store, the ceiling that `tollgate bench` measures against: everything up to the Gate, nothing
//! behind it. A webhook is verified and read, an order is read and checked; the answer is of the same kind
//! and size, and nothing is kept.
//!
//! It has no database and reads no configuration: its caller is the bench's own process.

use tollgate_core::capacity::{Booking, Hold, HoldState, SlotWish};
use tollgate_core::command::{Action, CreateOrder, RegisterPayment};
use tollgate_core::decision::Outcome;
use tollgate_core::id::{DeliveryId, EventId, HoldId, PaymentId, RootId, ShopId, SlotId};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::Root;
use tollgate_core::payment::Payment;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Timestamp;
use tollgate_providers::Item;

use tollgate_server::{NullStore, Taken, TakenItem};

/// Answers what the bench asks for, and nothing else.
pub(super) const NULL_STORE: NullStore = NullStore { take, decide };

/// Every event is new and no order waits for it.
fn take(delivery: DeliveryId, items: Vec<Item>) -> Taken {
    let item = |(ordinal, item): (u16, Item)| match item.event {
        Ok(event) => TakenItem {
            id: Some(EventId::on(delivery.root(), ordinal)),
            key: event.key,
            kind: event.kind,
            outcome: EventOutcome::Parked,
            error: None,
        },
        Err(error) => TakenItem {
            id: None,
            key: String::new(),
            kind: String::new(),
            outcome: EventOutcome::Rejected,
            error: Some(error),
        },
    };
    Taken {
        items: (0..).zip(items).map(item).collect(),
    }
}

/// An order or a payment as it would be answered, without looking at anything.
fn decide(shop: ShopId, action: Action) -> Option<Outcome> {
    match action {
        Action::CreateOrder(create) => Some(Outcome::Root(Box::new(order(shop, *create)))),
        Action::RegisterPayment(register) => {
            let root = payment(shop, register);
            Some(Outcome::Payment(root.payments[0].id, Box::new(root)))
        }
        _ => None,
    }
}

fn order(shop: ShopId, create: CreateOrder) -> Root {
    let id = create.fresh;
    let now = id.made_at();
    let total_minor = create.total().unwrap_or_default();
    let order = create.begun(total_minor);
    let booking = create.slot.as_ref().map(|wish| {
        let (slot, calendar) = match wish {
            SlotWish::Earliest { calendar, .. } => (SlotId::from_u128(0), calendar.clone()),
            SlotWish::Exactly(slot) => (*slot, String::new()),
        };
        Booking {
            slot,
            calendar,
            starts_at: now,
            ends_at: now,
            visible_at: now,
            units: 1,
        }
    });
    let hold = Hold {
        id: HoldId::on(id, 1),
        state: HoldState::Active,
        expires_at: now.plus(create.hold),
        lines: Vec::new(),
        booking,
    };
    let payments = create.payment.map(|(source, reference)| {
        let due = Money {
            minor: total_minor,
            currency: create.currency,
        };
        pending(PaymentId::on(id, 2), source, reference, due, now)
    });
    Root {
        order: Some(order),
        payments: payments.into_iter().collect(),
        holds: vec![hold],
        metadata: create.metadata,
        ..empty(shop, id)
    }
}

fn payment(shop: ShopId, register: RegisterPayment) -> Root {
    let id = register.fresh;
    let currency = register
        .currency
        .or(Currency::new("EUR"))
        .expect("EUR is three letters");
    let due = Money {
        minor: register.minor.unwrap_or(1),
        currency,
    };
    let payment = pending(
        PaymentId::on(id, 0),
        register.source,
        register.reference,
        due,
        id.made_at(),
    );
    Root {
        payments: vec![payment],
        metadata: register.metadata,
        ..empty(shop, id)
    }
}

fn pending(
    id: PaymentId,
    source: String,
    reference: String,
    due: Money,
    now: Timestamp,
) -> Payment {
    Payment {
        id,
        source,
        reference,
        due,
        expires_at: None,
        provider_payment_id: None,
        facts: Vec::new(),
        methods: std::collections::BTreeMap::new(),
        created_at: now,
        updated_at: now,
    }
}

fn empty(shop: ShopId, id: RootId) -> Root {
    Root {
        shop,
        id,
        order: None,
        payments: Vec::new(),
        refunds: Vec::new(),
        holds: Vec::new(),
        receipts: Vec::new(),
        attention: Vec::new(),
        metadata: String::new(),
        version: 1,
        created_at: id.made_at(),
        updated_at: id.made_at(),
        timeline: Vec::new(),
    }
}
